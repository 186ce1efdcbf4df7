"""A failed cell while the run goes on: its hint, and the lines of the notes around the failure."""

from __future__ import annotations

import re
from typing import Final

from tangle.analyse import Session
from tangle.engine.events import CellFailed, CellFinished
from tangle.model import Job, PagePath, Place, Result
from tangle.verbs.notes import Notes
from tangle.verbs.reports.failure_hints import hinted
from tangle.verbs.results.judging import judged_chunk

_AROUND: Final = 2
"""Lines shown before and after the one that failed."""

_FENCE: Final = re.compile(r"\s*(?:[-*+] )?\s*(?:```|~~~|#\+(?:begin|end)_)", re.IGNORECASE)


def failed_cell(notes: Notes, session: Session, job: Job, event: CellFinished) -> CellFailed | None:
    """Return what to show of a cell that has just ended; None if it did not fail.

    Args:
        notes: as they are being run.
        session: of the cell.
        job: of the session.
        event: its end.
    """
    result = _judged(notes, session, event)
    if result.outcome in ("passed", "skipped", "interrupted"):
        return None
    result = hinted(notes, session, result)
    place = result.failure.place if result.failure else None
    return CellFailed(
        section=event.section,
        index=event.index,
        name=job.cells[event.index].name,
        result=result,
        excerpt=excerpt(notes, place) if place else (),
    )


def _judged(notes: Notes, session: Session, event: CellFinished) -> Result:
    """The result of a cell; an interpreter session that differs from its text has failed."""
    chunks = [chunk for chunk in session.chunks if chunk.code.chunk.settings.run]
    at = event.index - (1 if session.prelude else 0)
    if not 0 <= at < len(chunks):
        return event.result
    return judged_chunk(notes.project, chunks[at], event.result)


def excerpt(notes: Notes, place: Place) -> tuple[tuple[int, str], ...]:
    """Return the lines of code around a place, each with its number.

    Args:
        notes: as they are being run.
        place: as messages name it.
    """
    page = _page(notes, place)
    if page is None:
        return ()
    # Lone carriage returns and the like end no line of a page.
    lines = notes.pages[page].data.decode("utf-8", "replace").split("\n")
    at = place.line - 1
    if not 0 <= at < len(lines):
        return ()
    first = last = at
    while first > max(at - _AROUND, 0) and not _FENCE.match(lines[first - 1]):
        first -= 1
    while last < min(at + _AROUND, len(lines) - 1) and not _FENCE.match(lines[last + 1]):
        last += 1
    while first < at and not lines[first].strip():
        first += 1
    while last > at and not lines[last].strip():
        last -= 1
    return tuple((number + 1, lines[number].rstrip()) for number in range(first, last + 1))


def _page(notes: Notes, place: Place) -> PagePath | None:
    """The page of a place whose path is one of messages."""
    project = notes.project
    file = project.root / place.path
    inside = file.is_relative_to(project.graph)
    path = PagePath(file.relative_to(project.graph).as_posix() if inside else place.path)
    return path if path in notes.pages else None
