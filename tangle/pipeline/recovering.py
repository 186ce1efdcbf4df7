"""What a tangle that was killed left in the graph: finished before anything is written."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePosixPath

from tangle.model import PagePath, Place, Problem
from tangle.pipeline.figures import RECORD
from tangle.pipeline.project import Project
from tangle.store import ASSET_FOLDER, recover


def recovered(project: Project, pages: Iterable[PagePath]) -> tuple[Problem, ...]:
    """Finish in the folders of some pages, and of figures, what was cut short; under the lock.

    Args:
        project: whose notes.
        pages: those that are read, so that their folders are real ones in the graph.

    Returns:
        For each text of a user's that has no place in its page a problem that names its file.

    Raises:
        NotWritable: a folder cannot be listed, or a page not be put back.
    """
    folders = {PurePosixPath(path).parent.as_posix() for path in pages}
    figures = project.graph / ASSET_FOLDER
    if not figures.is_symlink() and not figures.parent.is_symlink():
        folders.add(ASSET_FOLDER)
    recover(project.state / RECORD)
    found = (path for name in sorted(folders) for path in recover(project.graph / name))
    return tuple(_kept(PagePath(path.relative_to(project.graph).as_posix())) for path in found)


def _kept(path: PagePath) -> Problem:
    """That a user's text stands beside the pages, since a later one has its place."""
    return Problem(
        code="kept-text",
        severity="warning",
        place=Place(path=path, line=1),
        message="a page was saved twice while it was written, and this is the earlier text",
        hint="take from it what the page lacks, then delete it",
    )
