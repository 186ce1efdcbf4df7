"""What can still be said of a worker that was killed or died."""

from __future__ import annotations

import re
import signal
from collections.abc import Sequence
from dataclasses import dataclass

from tangle.model import Cell, Place
from tangle.run.wire import CANNOT_REPORT

_FRAME = re.compile(r'^  File "(.*)", line (\d+) in (.*)$')


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
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
    origin = cell.origins[min(max(line, 1), len(cell.origins)) - 1]
    return Place(path=origin.path, line=origin.line, column=origin.margin + column + 1)


def read_stack(dump: str, cells: Sequence[Cell]) -> Stack:
    """The frames of a faulthandler dump that stand in the notes.

    Args:
        dump: as faulthandler writes it, the innermost frame first.
        cells: the session's cells; a frame belongs to one by its file name, `<name>`.
    """
    by_name = {_escaped(f"<{cell.name}>")[:500]: cell for cell in cells}
    frames: list[str] = []
    innermost: Place | None = None
    for line in dump.split("\n"):
        found = _FRAME.match(line)
        cell = by_name.get(found[1]) if found else None
        place = place_of_line(cell, int(found[2])) if found and cell else None
        if place is None or found is None:
            continue
        innermost = innermost or place
        frames.append(f'  File "{place.path}", line {place.line}, in {found[3]}\n')
        source = cell.code.split("\n")[int(found[2]) - 1 :][:1] if cell else []
        frames[-1] += "".join(f"    {text.strip()}\n" for text in source)
    if innermost is None:
        return Stack()
    text = "Traceback (most recent call last):\n" + "".join(reversed(frames))
    return Stack(traceback=text, place=innermost)


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
