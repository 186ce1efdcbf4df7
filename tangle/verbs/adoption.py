"""Adopted pages, of which all problems are reported, and the rest.

Most pages with Python in a graph were never meant to run. A page is adopted if it was run or is
named, if code in it is saved, or if it has a `tangle.` property, belongs to a book or holds an
output. A page whose code an adopted one runs, by a reference or by `tangle.needs`, is adopted with
it. Of other pages only damage is reported.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache, cached_property, partial
from typing import Final

from tangle.model import PagePath, Place, Problem
from tangle.model.problems.files import FOREIGN_FILE, STALE_GENERATED
from tangle.model.problems.graph import (
    DUPLICATE_ALIAS,
    DUPLICATE_ID,
    DUPLICATE_NAME,
    DUPLICATE_TITLE,
    EMBED_SHOWS_CODE,
    NESTED_GRAPH,
    UNREADABLE_CONFIG,
)
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
from tangle.parse import names_python
from tangle.verbs.last_runs import LastRuns
from tangle.verbs.missing_imports import missing_imports
from tangle.verbs.notes import Notes
from tangle.verbs.reports.values import State
from tangle.verbs.tangled_pages import tangled_pages

_DAMAGE: Final = frozenset(
    kind.code
    for kind in (
        MERGE_CONFLICT,
        UNCLOSED_FENCE,
        FENCE_CLOSED_BY_STRANGER,
        NESTED_CODE,
        NOT_UTF8,
        SYNC_COPY,
    )
)
"""What is reported of each page with Python."""

_CLASHES: Final = frozenset(
    kind.code for kind in (DUPLICATE_TITLE, DUPLICATE_ALIAS, DUPLICATE_ID, DUPLICATE_NAME)
)
"""What is said of one page and concerns two."""

_OF_THE_GRAPH: Final = frozenset(
    kind.code
    for kind in (
        UNREADABLE_CONFIG,
        NESTED_GRAPH,
        UNREADABLE_PAGE,
        NOT_DOWNLOADED,
        MISSPELT_LANGUAGE,
        STALE_GENERATED,
        FOREIGN_FILE,
    )
)
"""What is reported whatever the page."""


def adopted_pages(notes: Notes, named: Iterable[PagePath] = ()) -> frozenset[PagePath]:
    """The adopted pages.

    Args:
        notes: the notes.
        named: pages that the command names.
    """
    ran = LastRuns(notes.project).recall()
    found = {row.section.page for row in notes.rows if row.name in ran}
    return _with_used(notes.rows, found.union(_given(notes), named))


def _given(notes: Notes) -> set[PagePath]:
    """The pages that are adopted by the notes or the configuration."""
    return {*pages.adopted(notes.core, ""), *map(PagePath, notes.project.options.include)}


def _with_used(rows: Sequence[UnitRow], adopted: Iterable[PagePath]) -> frozenset[PagePath]:
    """Pages, and those whose code units on them run."""
    by_name = {row.name: row for row in rows}
    by_page: defaultdict[PagePath, list[UnitRow]] = defaultdict(list)
    for row in rows:
        by_page[row.section.page].append(row)
    found = set(adopted)
    todo = list(found)
    while todo:
        for row in by_page.get(todo.pop(), ()):
            needed = (by_name[name].section.page for name in row.needs if name in by_name)
            new = {*row.sources, *needed} - found
            found |= new
            todo += new
    return frozenset(found)


def reported(
    notes: Notes, problems: Iterable[Problem], adopted: Collection[PagePath], *, every: bool
) -> list[Problem]:
    """The problems that are reported; of pages without Python, none that adopted ones do not share.

    Args:
        notes: the notes.
        problems: all of them, with the paths of the graph.
        adopted: the adopted pages.
        every: report those of pages that are not adopted, too.
    """
    hosts = {chunk.page for row in notes.rows for chunk in row.chunks}
    is_coded = cache(partial(_has_python, notes, _Tangled(notes)))
    shared = _shared(notes, problems, adopted)

    return [
        problem
        for problem in problems
        if (path := problem.place.path) in adopted
        or problem.code in _OF_THE_GRAPH
        or (problem.code, problem.place) in shared
        or (every and problem.code == EMBED_SHOWS_CODE.code)
        or ((every or problem.code in _DAMAGE) and (path in hosts or is_coded(path)))
    ]


def _shared(
    notes: Notes, problems: Iterable[Problem], adopted: Collection[PagePath]
) -> frozenset[tuple[str, Place]]:
    """The problems on other pages of titles, aliases, ids and names that adopted pages have."""
    if not any(p.code in _CLASHES and p.place.path not in adopted for p in problems):
        return frozenset()
    found = pages.clashes_with(notes.core, adopted)
    return frozenset((problem.code, problem.place) for problem in found)


def unread_with_python(notes: Notes) -> tuple[Problem, ...]:
    """Why pages cannot be read, those aside that have no Python."""
    return tuple(reported(notes, notes.unread, (), every=False)) if notes.unread else ()


class _Tangled:
    """The pages that cannot be read, and of which there are scripts: they had Python."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes

    @cached_property
    def pages(self) -> frozenset[PagePath]:
        unread = {problem.place.path for problem in self._notes.unread}
        return tangled_pages(self._notes.named_project, unread)


def _has_python(notes: Notes, tangled: _Tangled, path: PagePath) -> bool:
    """Whether a page has Python, as far as its bytes or its scripts say."""
    data = notes.sources.data.get(path)
    return (data is not None and names_python(data)) or path in tangled.pages


def scripted(notes: Notes) -> tuple[UnitRow, ...]:
    """The units that have scripts: those of adopted pages, and all that no known error stops.

    Runs do not count: they differ by machine, and scripts are the same on all.
    """
    given = _with_used(notes.rows, _given(notes))
    return tuple(
        row
        for row in notes.rows
        if row.chunks and (row.section.page in given or (row.runnable and not row.broken))
    )


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
    if any(missing_imports(notes, row.modules)):
        return "needs-packages"
    if row.broken:
        return "needs-names"
    return "ready"
