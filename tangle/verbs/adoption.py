"""Adopted pages, of which all problems are reported, and the rest.

Most pages with Python in a graph were never meant to run. A page is adopted if it was run or is
named, if code in it is saved, or if it has a `tangle.` property, belongs to a book or holds an
output. Of other pages only damage is reported.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Final

from tangle.model import PagePath, Problem
from tangle.model.problems.files import FOREIGN_FILE, STALE_GENERATED
from tangle.model.problems.graph import EMBED_SHOWS_CODE, NESTED_GRAPH, UNREADABLE_CONFIG
from tangle.model.problems.page import (
    FENCE_CLOSED_BY_STRANGER,
    MERGE_CONFLICT,
    MISSPELT_LANGUAGE,
    NESTED_CODE,
    NOT_DOWNLOADED,
    NOT_UTF8,
    SYNC_COPY,
    UNCLOSED_FENCE,
    UNREADABLE_PAGE,
)
from tangle.notes import UnitRow, pages
from tangle.verbs.missing_imports import missing_imports
from tangle.verbs.notes import Notes
from tangle.verbs.reports.values import State
from tangle.verbs.run_history import History

_DAMAGE: Final = frozenset(
    kind.code
    for kind in (
        MERGE_CONFLICT,
        UNCLOSED_FENCE,
        FENCE_CLOSED_BY_STRANGER,
        NESTED_CODE,
        NOT_UTF8,
    )
)
"""What is reported of each page with Python."""

_OF_THE_GRAPH: Final = frozenset(
    kind.code
    for kind in (
        UNREADABLE_CONFIG,
        NESTED_GRAPH,
        UNREADABLE_PAGE,
        NOT_DOWNLOADED,
        MISSPELT_LANGUAGE,
        SYNC_COPY,
        STALE_GENERATED,
        FOREIGN_FILE,
    )
)
"""What is reported whatever the page."""

_PYTHON: Final = (b"python", b"```py", b"~~~py", b"ipython", b"pycon")


def adopted_pages(notes: Notes, named: Iterable[PagePath] = ()) -> frozenset[PagePath]:
    """The adopted pages.

    Args:
        notes: the notes.
        named: pages that the command names.
    """
    ran = History(notes.project).recall()
    return frozenset(
        (
            *pages.adopted(notes.core, ""),
            *named,
            *(row.section.page for row in notes.rows if row.name in ran),
        )
    )


def reported(
    notes: Notes, problems: Iterable[Problem], adopted: Collection[PagePath], *, every: bool
) -> list[Problem]:
    """The problems that are reported; of pages without Python, none.

    Args:
        notes: the notes.
        problems: all of them, with the paths of the graph.
        adopted: the adopted pages.
        every: report those of pages that are not adopted, too.
    """
    hosts = {chunk.page for row in notes.rows for chunk in row.chunks}
    coded: dict[PagePath, bool] = {}

    def is_coded(path: PagePath) -> bool:
        if path not in coded:
            coded[path] = _has_python(notes, path)
        return coded[path]

    return [
        problem
        for problem in problems
        if (path := problem.place.path) in adopted
        or problem.code in _OF_THE_GRAPH
        or (every and problem.code == EMBED_SHOWS_CODE.code)
        or ((every or problem.code in _DAMAGE) and (path in hosts or is_coded(path)))
    ]


def _has_python(notes: Notes, path: PagePath) -> bool:
    """Whether a page has Python, as far as its bytes say."""
    data = notes.sources.data.get(path)
    return data is None or any(word in data.lower() for word in _PYTHON)


def never_run(notes: Notes, adopted: Collection[PagePath]) -> Mapping[State, int]:
    """How many units are on pages that are not adopted, by state.

    Args:
        notes: the notes.
        adopted: the adopted pages.
    """
    return Counter(
        untouched_state(notes, row)
        for row in notes.rows
        if row.chunks and row.section.page not in adopted
    )


def untouched_state(notes: Notes, row: UnitRow) -> State:
    """The state of a unit on a page that is not adopted.

    Args:
        notes: the notes.
        row: of the unit.
    """
    if not any(chunk.runs for chunk in row.chunks) or not row.runnable:
        return "sketch"
    if any(missing_imports(notes.named_project, row.modules)):
        return "needs-packages"
    if row.broken:
        return "needs-names"
    return "ready"
