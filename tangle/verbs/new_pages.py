"""Report files that code wrote and that Logseq takes for new pages of the graph."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from msgspec.structs import replace

from tangle.model import PagePath, SessionResult
from tangle.store import is_page
from tangle.verbs.notes import Notes


def with_new_pages(notes: Notes, result: SessionResult) -> SessionResult:
    """Return a result with a notice for each page that its session has made.

    Args:
        notes: as they were before the session ran.
        result: of the session.
    """
    found = sorted(set(_new_pages(notes, result)))
    if not found:
        return result
    notices = (
        f"its code wrote {notes.project.shown(path)}, which Logseq takes for a page of the graph; "
        "give it another ending, or write it into a folder that `:hidden` in logseq/config.edn "
        "lists (`tangle.cwd` has the code work there)"
        for path in found
    )
    return replace(result, notices=(*result.notices, *notices))


def _new_pages(notes: Notes, result: SessionResult) -> Iterator[PagePath]:
    graph = notes.project.graph
    ends = (each.end.seen.wrote for each in result.results if each.end is not None)
    for left in chain(*ends, result.late_seen.wrote):
        path = Path(left.path)
        if not left.digest or not path.is_relative_to(graph):
            continue
        page = PagePath(path.relative_to(graph).as_posix())
        if is_page(page, notes.config.hidden) and page not in notes.sources.digests:
            yield page
