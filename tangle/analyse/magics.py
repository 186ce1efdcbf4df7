"""Mask IPython's own lines in a chunk, so that Python can parse it.

Source: IPython.core.inputtransformer2, which takes an escape only at the start of a logical line.
"""

from __future__ import annotations

import ast
import re
from typing import Final

from msgspec import Struct

_CELL: Final = re.compile(r"\s*%%(\w+)(.*)")
_PYTHON_CELLS: Final = frozenset({"time", "timeit", "capture", "prun"})
_NAMING_CELL: Final = re.compile(r"capture\s+[^\s-]|.*--(?:out|err|proc)\b")
_NAMING_LINE: Final = re.compile(r"\s*%(?:run|pylab|store|load)\b")
_ESCAPED: Final = re.compile(r"(\s*)[%!?]")
_HELP: Final = re.compile(r"(\s*)%{0,2}[^\W\d][\w.*\[\]-]*\?{1,2}\s*$")
_ASSIGNED: Final = re.compile(r"""(\s*(?:[^=#!%'"\[]|\[[^\]=]*\])+=\s*)[%!]""")
_TIMED: Final = re.compile(r"(\s*)%(?:time|timeit|prun)\s+(.*)")
_TOKEN: Final = re.compile(r"'''|\"\"\"|['\"#\\()\[\]{}]")


class Masked(Struct, frozen=True, kw_only=True):
    """A chunk's code without what only IPython understands, line by line.

    Attributes:
        lines: the masked lines, from 1.
        naming: whether one of them may bind names that cannot be known without running.
        foreign: whether the whole chunk is a cell magic in another language.
    """

    text: str
    lines: frozenset[int] = frozenset()
    naming: bool = False
    foreign: bool = False


def is_cell_magic(code: str) -> bool:
    """Whether the chunk begins with `%%`, so that IPython passes the rest of it to a magic."""
    return _CELL.match(code) is not None


def masked(code: str) -> Masked:
    """Return the code with magics, shell lines and help lines replaced by equivalent bindings.

    `x = !ls` becomes `x = None`, `%time y = f()` becomes `y = f()`, any other magic `pass`. A line
    that merely looks like one, inside a string or a bracket, stays.
    """
    cell = _CELL.match(code)
    if cell and cell[1] not in _PYTHON_CELLS:
        naming = bool(_NAMING_CELL.match(cell[1] + cell[2]))
        return Masked(text="", foreign=True, naming=naming)
    naming = bool(cell and _NAMING_CELL.match(cell[1] + cell[2]))
    lines = code.split("\n")
    found: set[int] = set()
    reader = _Reader()
    row = 0
    while row < len(lines):
        line = lines[row]
        replaced = _masked_line(line) if reader.at_start else None
        if replaced is None:
            reader.read(line)
        else:
            naming = naming or _NAMING_LINE.match(line) is not None
            lines[row] = replaced
            found.add(row + 1)
            while line.endswith("\\") and row + 1 < len(lines):
                row += 1
                line, lines[row] = lines[row], ""
                found.add(row + 1)
        row += 1
    return Masked(text="\n".join(lines), lines=frozenset(found), naming=naming)


def _masked_line(line: str) -> str | None:
    if (timed := _TIMED.match(line)) and _parses(timed[2]):
        return timed[1] + timed[2]
    if assigned := _ASSIGNED.match(line):
        return assigned[1] + "None"
    if match := _ESCAPED.match(line) or _HELP.match(line):
        return match[1] + "pass"
    return None


def _parses(text: str) -> bool:
    try:
        ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return bool(text.strip())


class _Reader:
    """Finds where statements can begin, by tracking open strings and brackets."""

    def __init__(self) -> None:
        self._quote = ""
        self._depth = 0
        self._continued = False

    @property
    def at_start(self) -> bool:
        """Whether the next line begins a statement."""
        return not (self._quote or self._depth or self._continued)

    def read(self, line: str) -> None:
        """Take in a line of Python."""
        self._continued = False
        at = 0
        while at < len(line):
            at = self._string(line, at) if self._quote else self._code(line, at)
        backslashes = len(line) - len(line.rstrip("\\"))
        if len(self._quote) == 1 and backslashes % 2 == 0:
            self._quote = ""

    def _string(self, line: str, at: int) -> int:
        """Where a string ends on this line, or the line."""
        while at < len(line):
            if line[at] == "\\":
                at += 2
            elif line.startswith(self._quote, at):
                at += len(self._quote)
                self._quote = ""
                break
            else:
                at += 1
        return at

    def _code(self, line: str, at: int) -> int:
        """Where the next string or bracket on this line begins, or the line ends."""
        token = _TOKEN.search(line, at)
        if token is None or token[0] == "#":
            return len(line)
        match token[0]:
            case "(" | "[" | "{":
                self._depth += 1
            case ")" | "]" | "}":
                self._depth = max(self._depth - 1, 0)
            case "\\":
                self._continued = token.end() == len(line)
            case quote:
                self._quote = quote
        return token.end()
