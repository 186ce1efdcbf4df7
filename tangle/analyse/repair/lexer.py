"""Find strings and comments in code that does not parse."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Sequence
from typing import Final, Literal

from msgspec import Struct

QUOTES: Final = {"“": "”", "‘": "’", "„": "“", "«": "»", "＂": "＂", "＇": "＇"}
"""Typographic marks that stand where a string begins, and what ends it."""

_DOUBLE: Final = frozenset("“„«＂")
_PLAIN: Final = re.compile(r"'''|\"\"\"|'|\"|#|[“‘„«＂＇]")


class Part(Struct, frozen=True, kw_only=True):
    """A piece of one line.

    Attributes:
        row: the line, from 0.
        start: its first character, from 0.
        end: behind its last one.
        mark: of a string with typographic marks around it, the plain one for both.
        carried: whether it is a string that began on a line before.
    """

    kind: Literal["code", "string", "comment", "marked"]
    row: int
    start: int
    end: int
    mark: str = ""
    carried: bool = False


def parts(lines: Sequence[str]) -> Iterator[Part]:
    """The pieces of all lines, in order; a string that runs over lines has a piece on each."""
    inside = ""
    for row, line in enumerate(lines):
        at = 0
        if inside:
            end = _end(line, 0, inside)
            at = len(line) if end < 0 else end
            yield Part(kind="string", row=row, start=0, end=at, carried=True)
            if end < 0:
                inside = inside if _goes_on(line, inside) else ""
                continue
        inside = yield from _line_parts(line, row, at)


def _line_parts(line: str, row: int, at: int) -> Generator[Part, None, str]:
    """The pieces of a line from `at`, where no string is open; the quotes that it leaves open."""
    while at < len(line):
        match = _PLAIN.search(line, at)
        stop = match.start() if match else len(line)
        if stop > at:
            yield Part(kind="code", row=row, start=at, end=stop)
        if match is None:
            break
        if match[0] == "#":
            yield Part(kind="comment", row=row, start=stop, end=len(line))
            break
        if match[0] in QUOTES:
            at = yield from _marked(line, row, stop)
            continue
        end = _end(line, match.end(), match[0])
        at = len(line) if end < 0 else end
        yield Part(kind="string", row=row, start=stop, end=at)
        if end < 0:
            return match[0] if _goes_on(line, match[0]) else ""
    return ""


def _goes_on(line: str, quote: str) -> bool:
    """Whether a string that is not closed on a line is open on the next."""
    return len(quote) > 1 or line.endswith("\\")


def _marked(line: str, row: int, start: int) -> Generator[Part, None, int]:
    """A string between typographic marks; where it goes on behind it."""
    end = line.find(QUOTES[line[start]], start + 1)
    stop = len(line) if end < 0 else end + 1
    mark = '"' if line[start] in _DOUBLE else "'"
    yield Part(kind="marked" if end >= 0 else "code", row=row, start=start, end=stop, mark=mark)
    return stop


def _end(line: str, at: int, quote: str) -> int:
    """Where a string ends that has begun before; -1 where it does not on this line."""
    while True:
        found = line.find(quote, at)
        if found < 0:
            return -1
        back = found
        while back > 0 and line[back - 1] == "\\":
            back -= 1
        if (found - back) % 2 == 0:
            return found + len(quote)
        at = found + 1


def bare(lines: Sequence[str], string: str = " ") -> list[str]:
    """Return the lines without comments, with every character of a string replaced.

    Args:
        lines: of the chunk.
        string: the replacement for each character of a string.
    """
    found = [""] * len(lines)
    for part in parts(lines):
        if part.kind == "code":
            found[part.row] += lines[part.row][part.start : part.end]
        elif part.kind != "comment":
            found[part.row] += string * (part.end - part.start)
    return found
