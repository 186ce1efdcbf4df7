"""Replace the text of pages, which is a person's: for sync, import and repair."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from tangle.model import PagePath
from tangle.store import lock, make_folder
from tangle.store import replace as replace_file
from tangle.verbs.graph_sources import check_may_repair
from tangle.verbs.project import Project
from tangle.verbs.write_back.crash_recovery import recovered


@contextmanager
def rewritten(
    project: Project, pages: Mapping[PagePath, bytes], before: Mapping[PagePath, bytes]
) -> Iterator[None]:
    """Write new texts of pages; what is done with it open belongs to it, under the same lock.

    Args:
        project: whose pages.
        pages: their new bytes.
        before: the bytes that they were made from.

    Raises:
        MirrorPages, NotInDatabase: the pages are not tangle's to write to.
        Changed: a page was saved by another program meanwhile.
        NotWritable: a page cannot be written; it is as it was.
        Locked: another tangle is at work on this project.
    """
    check_may_repair(project)
    make_folder(project.state)
    with lock(project.state, notes=project.graph):
        recovered(project, pages)
        for path, data in pages.items():
            file = project.graph / path
            replace_file(file, data, expected=before[path], root=project.graph)
        yield
