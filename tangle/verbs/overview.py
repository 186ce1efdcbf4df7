"""What is in a graph, and what to do first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tangle.verbs.missing_imports import missing_imports
from tangle.verbs.notes import Notes, read_notes
from tangle.verbs.project import Project
from tangle.verbs.reports.values import State
from tangle.verbs.write_back.staleness import section_rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """What is in a graph.

    Attributes:
        graph: its folder.
        pages: how many pages it has that can be read.
        coded: how many of them hold Python that takes part.
        states: how many sections there are in each state.
        numbered: the first and the last numbered section with code; empty where there is none.
        first: a section that is likely to pass; None where there is none.
    """

    graph: Path
    pages: int
    coded: int
    states: Mapping[State, int]
    numbered: tuple[str, ...]
    first: str | None


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
    found = Overview(
        graph=project.graph,
        pages=len(notes.sources.digests),
        coded=len({row.page for row in rows}),
        states=Counter(row.state for row in rows),
        numbered=tuple(dict.fromkeys((*numbered[:1], *numbered[-1:]))),
        first=_likely_to_pass(notes, {row.name: row.state for row in rows}),
    )
    notes.remember()
    return found


def _likely_to_pass(notes: Notes, states: Mapping[str, State]) -> str | None:
    """Return the name of a section without known faults, one that was not run if there is one."""
    sound = [row for row in notes.rows if any(c.runs for c in row.chunks) and not row.broken]
    sound.sort(key=lambda row: (states[row.name] == "fresh", bool(row.needs)))
    return next(
        (str(row.name) for row in sound if not any(missing_imports(notes, row.modules))),
        None,
    )
