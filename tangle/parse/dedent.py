"""Return a block's text as Logseq shows it, with a map back to the file.

Logseq reads a block twice: once in the file, which gives its span, and once by itself, with its
indentation removed, which gives what is shown (logseq-spec.md 2). The two differ where indentation
says something: a line that continues a list item in the file may stand beside the list when shown.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import partial
from typing import NamedTuple

from .text import Places

JS_WHITE = (
    "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000\ufeff"
)
"""What JavaScript, and so Logseq's removal of indentation, takes for white space."""

_END = re.compile(rb"\r?\n\Z")


class Shown(NamedTuple):
    """One line: how many characters of the file's line stand before it, and its text."""

    margin: int
    text: str


def without_indentation(line: str, width: int) -> Shown:
    """A line of a block as Logseq shows it: `width` characters less, or all its white space.

    Args:
        line: of the block.
        width: of the indentation, in characters.
    """
    if not line[:width].strip(JS_WHITE):
        return Shown(min(width, len(line)), line[width:])
    text = line.lstrip(JS_WHITE)
    return Shown(len(line) - len(text), text)


def _first(line: str) -> Shown:
    """The first line of a block: all white space behind its bullet is one blank."""
    if not line.startswith("-"):
        return Shown(0, line)
    text = line[1:].lstrip(JS_WHITE)
    return Shown(len(line) - len(text) - 2, "- " + text)


class Dedented:
    """A block from an offset, its indentation removed.

    Attributes:
        data: the text, UTF-8.
        margins: per line, how many characters of the file's line stand before it.
        line: the file's line of the first line.
    """

    def __init__(self, places: Places, start: int, end: int, width: int) -> None:
        self.line = places.line(start)
        self._starts: list[int] = []
        self._begins: list[int] = []
        self._texts: list[int] = []
        self.margins: list[int] = []
        parts: list[bytes] = []
        size, position = 0, start
        while position < end:
            stop = places.data.find(b"\n", position, end) + 1 or end
            raw = places.data[position:stop]
            line = _END.sub(b"", raw)
            show = _first if position == start else partial(without_indentation, width=width)
            shown = show(places.text(line))
            part = places.encode(shown.text)
            self._starts.append(size)
            self._begins.append(position)
            self._texts.append(position + len(line) - len(part))
            part += b"\n" if len(line) < len(raw) else b""
            self.margins.append(shown.margin)
            parts.append(part)
            size += len(part)
            position = stop
        self._starts.append(size)
        self._begins.append(end)
        self._texts.append(end)
        self.margins.append(0)
        self.data = b"".join(parts)

    def in_file(self, offset: int) -> int:
        """The file's offset for one of this text; the start of a line maps to the file's line."""
        index = bisect_right(self._starts, offset) - 1
        if offset == self._starts[index]:
            return self._begins[index]
        return self._texts[index] + offset - self._starts[index]
