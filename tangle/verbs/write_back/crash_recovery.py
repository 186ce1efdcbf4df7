"""Finish or report writes that a killed tangle left unfinished."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tangle.model import PagePath, Place, Problem
from tangle.model.problems.outputs import FOREIGN_DRAFT, KEPT_TEXT
from tangle.store import ASSET_FOLDER, RECORD, leads_out, recover
from tangle.verbs.project import Project


def recovered(project: Project, pages: Iterable[PagePath]) -> tuple[Problem, ...]:
    """Finish interrupted writes in the folders of pages and figures; call it under the lock.

    Args:
        project: whose notes.
        pages: those that are read, so that their folders are real ones in the graph.

    Returns:
        A problem for each text of a user's that has no place in its page, and for each draft that
        came from elsewhere and was left alone; it names the file.

    Raises:
        NotWritable: a folder cannot be listed, or a page not be put back.
    """
    folders = {path.rpartition("/")[0] or "." for path in pages}
    figures = project.graph / ASSET_FOLDER
    if not figures.is_symlink() and not figures.parent.is_symlink():
        folders.add(ASSET_FOLDER)
    record = project.state / RECORD
    if not leads_out(record, project.state):
        recover(record)
    found = [recover(project.graph / name) for name in sorted(folders)]
    kept = [path for left in found for path in left.kept]
    foreign = [path for left in found for path in left.foreign]
    return (
        *(_kept(project, path) for path in kept),
        *(_foreign(project, path) for path in foreign),
    )


def _kept(project: Project, path: Path) -> Problem:
    """Return the problem that an earlier text of a page was kept beside it."""
    return KEPT_TEXT.at(
        _place(project, path),
        "a page was saved twice while it was written, and this is the earlier text",
    )


def _foreign(project: Project, path: Path) -> Problem:
    """Return the problem that a draft of foreign origin is beside the pages."""
    return FOREIGN_DRAFT.at(
        _place(project, path),
        "an interrupted write of another user, machine or folder was not finished",
    )


def _place(project: Project, path: Path) -> Place:
    return Place(path=PagePath(path.relative_to(project.graph).as_posix()), line=1)
