"""Reconstruct why and where a worker was killed or died."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby

from msgspec import Struct

from tangle import PAGE_SUFFIXES
from tangle.engine.wire import CANNOT_REPORT
from tangle.model import Cell, Job, Origin, PagePath, Place, Source

_FRAME = re.compile(r'^  File "(.*)", line (\d+) in (.*)$')
SHOWN_REPEATS = 3
"""How often Python shows a line that calls itself."""

_DUMPED = 500
"""Characters of a name that faulthandler writes."""


class Stack(Struct, frozen=True, kw_only=True):
    """The lines of the notes that were running; empty and None where that is unknown."""

    traceback: str = ""
    place: Place | None = None


def first_place(cell: Cell) -> Place | None:
    """The cell's first line in the notes."""
    return place_of_line(cell, 1)


def place_of_line(cell: Cell, line: int, column: int = 0) -> Place | None:
    """Where a line of the cell's code (from 1) stands; `column` counts characters of it."""
    if not cell.origins:
        return None
    return _at(cell.origins[min(max(line, 1), len(cell.origins)) - 1], column)


def _at(origin: Origin, column: int) -> Place:
    return Place(path=origin.path, line=origin.line, column=origin.margin + column + 1)


class Notes(Struct, frozen=True, kw_only=True):
    """Which lines of the notes the files that code objects name stand for.

    Attributes:
        cells: by the name that each is compiled under.
        sources: generated modules by their path.
        folder: of the pages, where code is compiled under their paths.
    """

    cells: Mapping[str, Cell]
    sources: Mapping[str, Source]
    folder: str | None = None

    def place(self, file: str, line: int | None, column: int = 0) -> Place | None:
        """The place in the notes; None where the line is not of them."""
        if line is None:
            return None
        if file in self.cells:
            return place_of_line(self.cells[file], line, column)
        if self.folder is not None and file.endswith(PAGE_SUFFIXES):
            path = file.removeprefix(f"{self.folder}{os.sep}")
            if path != file:
                return Place(path=PagePath(path), line=line, column=column or 1)
        origins = self.sources[file].origins if file in self.sources else ()
        origin = origins[line - 1] if 1 <= line <= len(origins) else None
        return None if origin is None else _at(origin, column)


def notes_of(job: Job) -> Notes:
    """The files of a job: its cells and its generated modules."""
    return Notes(
        cells={f"<{cell.name}>": cell for cell in job.cells},
        sources={source.path: source for source in job.sources},
        folder=job.debugging.folder if job.debugging is not None else None,
    )


def read_stack(dump: str, notes: Notes) -> Stack:
    """The frames of a faulthandler dump that stand in the notes.

    Args:
        dump: as faulthandler writes it, the innermost frame first.
        notes: the files that the session runs.
    """
    names = {_escaped(name)[:_DUMPED]: name for name in (*notes.cells, *notes.sources)}
    frames: list[str] = []
    innermost: Place | None = None
    for found in filter(None, map(_FRAME.match, dump.split("\n"))):
        file, line = names.get(found[1], ""), int(found[2])
        place = notes.place(file, line)
        if place is None:
            continue
        innermost = innermost or place
        source = "".join(f"    {text.strip()}\n" for text in _line(notes, file, line))
        frames.append(f'  File "{place.path}", line {place.line}, in {found[3]}\n{source}')
    if innermost is None:
        return Stack()
    text = "Traceback (most recent call last):\n" + "".join(_collapsed(frames[::-1]))
    return Stack(traceback=text, place=innermost)


def _collapsed(frames: Iterable[str]) -> Iterator[str]:
    for text, same in groupby(frames):
        count = sum(1 for _ in same)
        yield text * min(count, SHOWN_REPEATS)
        yield from repeated(count)


def repeated(count: int) -> Iterator[str]:
    """What Python writes below a line that was called so often in a row."""
    if (more := count - SHOWN_REPEATS) > 0:
        yield f"  [Previous line repeated {more} more time{'s' if more > 1 else ''}]\n"


def _line(notes: Notes, file: str, line: int) -> list[str]:
    return notes.cells[file].code.split("\n")[line - 1 :][:1] if file in notes.cells else []


def death_reason(code: int | None) -> str:
    """Why a worker ended, from its return code as `subprocess` gives it."""
    if code is None:
        return "the session ended in an unknown way"
    if code == CANNOT_REPORT:
        return "the session's code closed the pipe that its results go through"
    if code >= 0:
        return f"the session's process ended by itself with exit code {code} (os._exit?)"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = "an unnamed signal"
    hint = "; the system may have run out of memory" if name == "SIGKILL" else ""
    return f"killed by signal {-code} ({name}){hint}"


def _escaped(text: str) -> str:
    """The text as faulthandler writes it: ASCII, other characters escaped."""
    return "".join(_escape(char) for char in text)


def _escape(char: str) -> str:
    code = ord(char)
    if 0x20 <= code < 0x7F:
        return char
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
