"""What the interface says of one page, and of a build."""

from __future__ import annotations

from typing import Any, Final, Literal, get_args

from tangle.model import Page, PagePath, Uuid
from tangle.notes import pages
from tangle.verbs.build import build
from tangle.verbs.check import check_report
from tangle.verbs.notes import Notes, read_notes
from tangle.verbs.project import Project
from tangle.verbs.reports.documents import problem_document, section_document
from tangle.verbs.write_back.staleness import section_rows

PageKey = Literal["title", "block", "path"]

PAGE_KEYS: Final[tuple[PageKey, ...]] = get_args(PageKey)
"""How a page may be named."""


def page_document(project: Project, key: PageKey, value: str) -> dict[str, Any] | None:
    """Return the sections, blocks, chunks and problems of a page; None if there is none.

    Args:
        project: whose notes.
        key: how the page is named: by its title, its path, or the id of a block on it.
        value: that title, path or id.
    """
    notes = read_notes(project)
    path = _page_path(notes, key, value)
    if path is None or path not in notes.pages:
        return None
    shown = project.shown(path)
    problems = check_report(project, every=True).problems
    return {
        "title": notes.title(path),
        "page": shown,
        "sections": [section_document(row) for row in section_rows(notes) if row.page == shown],
        "blocks": _blocks(notes.pages[path]),
        "chunks": _chunks(notes, path),
        "problems": [problem_document(p) for p in problems if p.place.path == shown],
    }


def _page_path(notes: Notes, key: PageKey, value: str) -> PagePath | None:
    if key == "title":
        return notes.page_of_title(value)
    if key == "block":
        return pages.index(notes.core, "").ids.get(Uuid(value.lower()))
    return next((path for path in notes.pages if notes.project.shown(path) == value), None)


def _blocks(page: Page) -> list[dict[str, Any]]:
    """Return all blocks of a page, in order, with their text but without bullets."""
    found = []
    for block in page.blocks:
        raw = page.data[block.span.start : block.content].decode("utf-8", "replace").strip()
        text = raw.removeprefix("-").strip() if block.kind == "bullet" else raw
        found.append({"id": block.id, "line": block.line, "text": text})
    return found


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
