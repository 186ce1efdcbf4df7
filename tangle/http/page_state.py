"""What the interface says of one page, and of a build."""

from __future__ import annotations

from typing import Any

from tangle.model import PagePath, Uuid
from tangle.notes import pages
from tangle.verbs.build import build
from tangle.verbs.check import check_report
from tangle.verbs.notes import Notes, read_notes
from tangle.verbs.project import Project
from tangle.verbs.reports.documents import problem_document, section_document
from tangle.verbs.write_back.staleness import section_rows


def page_document(
    project: Project, *, title: str | None, block: str | None
) -> dict[str, Any] | None:
    """Return the sections, chunks and problems of a page; None where there is none.

    Args:
        project: whose notes.
        title: of the page.
        block: id of a block on it, where no title is given.
    """
    notes = read_notes(project)
    if title is not None:
        path = notes.page_of_title(title)
    else:
        path = pages.index(notes.core, "").ids.get(Uuid((block or "").lower()))
    if path is None or path not in notes.pages:
        return None
    shown = project.shown(path)
    problems = check_report(project, every=True).problems
    return {
        "title": notes.title(path),
        "page": shown,
        "sections": [section_document(row) for row in section_rows(notes) if row.page == shown],
        "chunks": _chunks(notes, path),
        "problems": [problem_document(p) for p in problems if p.place.path == shown],
    }


def _chunks(notes: Notes, path: PagePath) -> list[dict[str, Any]]:
    """Return the chunks that take part at blocks of a page, in order."""
    blocks = notes.pages[path].blocks
    return [
        {
            "section": chunk.section,
            "block": blocks[chunk.host].id,
            "line": blocks[chunk.host].line,
            "runs": chunk.runs,
        }
        for row in notes.rows
        for chunk in row.chunks
        if chunk.page == path
    ]


def build_document(project: Project, *, check: bool) -> dict[str, Any]:
    """Generate the package and the scripts, and return what changed.

    Raises:
        Refused: a file stands in the way; nothing was changed.
    """
    report = build(project, check=check)
    changes = report.changes
    return {
        "added": list(changes.added),
        "changed": list(changes.changed),
        "removed": list(changes.removed),
        "problems": [problem_document(problem) for problem in report.problems],
    }
