"""What is in a graph, and what to do first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from msgspec import Struct

from tangle.notes import pages
from tangle.store import asset_names
from tangle.verbs.missing_imports import missing_imports
from tangle.verbs.notes import Notes, read_notes
from tangle.verbs.project import Project
from tangle.verbs.reports.values import State
from tangle.verbs.write_back.staleness import output_problems, section_rows


class Overview(Struct, frozen=True, kw_only=True):
    """What is in a graph.

    Attributes:
        graph: its folder.
        pages: how many pages it has that can be read.
        coded: how many of them hold Python that takes part.
        states: how many sections there are in each state.
        numbered: the first and the last numbered section with code; empty where there is none.
        first: a section that is likely to pass; None where there is none.
        org_pages: how many pages are Org's, which are not read.
        books: the names of the books; of one without a name, the title of its only page.
        outputs: how many output blocks stand in the notes.
        fresh: how many of them match the current code.
    """

    graph: Path
    pages: int
    coded: int
    states: Mapping[State, int]
    numbered: tuple[str, ...]
    first: str | None
    org_pages: int
    books: tuple[str, ...]
    outputs: int
    fresh: int


def overview(project: Project) -> Overview:
    """Return what is in a project's graph; nothing is run or written.

    Args:
        project: whose graph.

    Raises:
        NotReadable: the graph's folder, or its configuration, cannot be read.
    """
    notes = read_notes(project)
    rows = [row for row in section_rows(notes) if row.chunks]
    numbered = [str(row.name) for row in notes.rows if row.chunks and row.section.number]
    outputs = sum(map(len, notes.outputs.values()))
    figures = frozenset(asset_names(project.graph)) if outputs else frozenset()
    found = Overview(
        graph=project.graph,
        pages=len(notes.sources.digests),
        coded=len({row.page for row in rows}),
        states=Counter(row.state for row in rows),
        numbered=tuple(dict.fromkeys((*numbered[:1], *numbered[-1:]))),
        first=_likely_to_pass(notes, {row.name: row.state for row in rows}),
        org_pages=notes.sources.org_pages,
        books=tuple(_books(notes)),
        outputs=outputs,
        fresh=outputs - sum(1 for _ in output_problems(notes, figures)) if outputs else 0,
    )
    notes.remember()
    return found


def _books(notes: Notes) -> Iterator[str]:
    """Yield the names of the books."""
    of = pages.all_books(notes.core, "").of
    names = dict.fromkeys(book.name for book in of.values())
    yield from filter(None, names)
    if "" in names and len(of) == 1:
        yield notes.title(next(iter(of)))


def _likely_to_pass(notes: Notes, states: Mapping[str, State]) -> str | None:
    """Return the name of a section without known faults, one that was not run if there is one."""
    sound = [row for row in notes.rows if any(c.runs for c in row.chunks) and not row.broken]
    last = ("fresh", "failed")
    sound.sort(key=lambda row: (states[row.name] in last, bool(row.needs)))
    return next(
        (str(row.name) for row in sound if not any(missing_imports(notes, row.modules))),
        None,
    )
