"""The bytes of a page, with an index of closing marks.

Everything that shapes an outline is ASCII, so the scanner reads bytes: its offsets are the file's,
and nothing has to be converted. A look-up of "the next closer" is answered from positions that are
found once, so that a page full of openers costs no more than one pass.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import cached_property

WHITE = rb"[ \t\f\x1a]"
"""What the outline grammar takes for white space within a line (logseq-spec.md 2)."""

NAME_LIMIT = 24
"""Bytes of a `#+BEGIN_` name that are compared with its `#+END_`."""

_EOL = re.compile(rb"\r?\n")
_LONE_CR = re.compile(rb"\r(?!\n)")
# No closer stands on the first line of a page, so each is looked for after a line feed.
_FENCE_LINE = re.compile(rb"\n[ \t\f]*+(?:```|~~~)")
_DRAWER_END = re.compile(rb"\n[ \t\f]*+:END:[ \t\f\r]*+(?=\n|\Z)", re.IGNORECASE)
_BEGIN_END = re.compile(rb"\n[ \t\f]*+#\+end_([^\r\n]*+)", re.IGNORECASE)


class Source:
    """A page's bytes, ready to scan.

    Attributes:
        data: the bytes, with each lone carriage return turned into a line feed: it ends a line of
            text, and the offsets stay what they were.
        lone: where the lone carriage returns stand; between an opener and its closer they make a
            construct void (logseq-spec.md 4).
    """

    def __init__(self, data: bytes) -> None:
        self.lone = [m.start() for m in _LONE_CR.finditer(data)] if b"\r" in data else []
        self.data = _LONE_CR.sub(b"\n", data) if self.lone else data
        self._missing: dict[bytes, int] = {}
        self._ends_by_length: dict[int, dict[bytes, list[int]]] = {}

    def line_end(self, offset: int) -> int:
        """Where the line that holds `offset` ends, its line feed not included."""
        end = self.data.find(b"\n", offset)
        return len(self.data) if end < 0 else end

    def next_line(self, offset: int) -> int:
        """Where the line after the one that holds `offset` starts, or the end of the page."""
        end = self.data.find(b"\n", offset)
        return len(self.data) if end < 0 else end + 1

    def after_line_end(self, offset: int) -> int:
        """The offset behind the line end that stands there, if one does: a lone one is text."""
        end = _EOL.match(self.data, offset)
        return offset if end is None or self.void(*end.span()) else end.end()

    def void(self, start: int, end: int) -> bool:
        """Whether a lone carriage return stands in the range."""
        if not self.lone:
            return False
        at = bisect_left(self.lone, start)
        return at < len(self.lone) and self.lone[at] < end

    def find(self, needle: bytes, start: int) -> int:
        """Like `bytes.find`, but a needle that is missing is looked for only once."""
        if start >= self._missing.get(needle, start + 1):
            return -1
        at = self.data.find(needle, start)
        if at < 0:
            self._missing[needle] = start
        return at

    def fence_closer(self, start: int) -> int:
        """Start of the first line at or after `start` that begins with a fence, else -1."""
        return _first(self._fence_lines, start)

    def drawer_closer(self, start: int) -> int:
        """Start of the first `:END:` line at or after `start`, else -1."""
        return _first(self._drawer_ends, start)

    def begin_closer(self, name: bytes, start: int) -> int:
        """Start of the first line at or after `start` that begins with `#+end_` + name, else -1."""
        key = name[:NAME_LIMIT].lower()
        table = self._ends_by_length.get(len(key))
        if table is None:
            table = self._ends_by_length[len(key)] = self._ends_of_length(len(key))
        return _first(table.get(key, []), start)

    @cached_property
    def lower(self) -> bytes:
        """The bytes with ASCII letters in lower case."""
        return self.data.lower()

    @cached_property
    def _fence_lines(self) -> list[int]:
        return [m.start() + 1 for m in _FENCE_LINE.finditer(self.data)]

    @cached_property
    def _drawer_ends(self) -> list[int]:
        return [m.start() + 1 for m in _DRAWER_END.finditer(self.data)]

    @cached_property
    def _begin_ends(self) -> list[tuple[int, bytes]]:
        return [(m.start() + 1, m[1][:NAME_LIMIT].lower()) for m in _BEGIN_END.finditer(self.data)]

    def _ends_of_length(self, length: int) -> dict[bytes, list[int]]:
        """The `#+end_` lines by the first `length` bytes of their names."""
        table: dict[bytes, list[int]] = {}
        for start, name in self._begin_ends:
            if len(name) >= length:
                table.setdefault(name[:length], []).append(start)
        return table


def _first(positions: list[int], start: int) -> int:
    at = bisect_left(positions, start)
    return positions[at] if at < len(positions) else -1
