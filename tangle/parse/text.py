"""Convert byte offsets of a page to lines and columns, and byte ranges to text."""

from __future__ import annotations

from tangle.model import PagePath, Place

_EXCERPT = 1000
"""Bytes of a line that an excerpt holds."""


class Places:
    """Turns offsets into lines and columns; cheap when asked in ascending order.

    Lines end at a line feed only, as editors count them.
    """

    def __init__(self, data: bytes, path: PagePath, errors: str) -> None:
        self.data = data
        self._path = path
        self._errors = errors
        self._offset = 0
        self._line = 1
        self._column_offset = 0
        self._column = 1
        self._line_start = 0
        self._line_end = -1

    def decode(self, start: int, end: int) -> str:
        """The text of a range of bytes."""
        return self.data[start:end].decode("utf-8", self._errors)

    def text(self, raw: bytes) -> str:
        """The text of some bytes of the page."""
        return raw.decode("utf-8", self._errors)

    def encode(self, text: str) -> bytes:
        """The bytes of some text of the page."""
        return text.encode("utf-8", self._errors)

    def within(self, data: bytes) -> Places:
        """Places of a part of the page by itself, read as the page is."""
        return Places(data, self._path, self._errors)

    def line(self, offset: int) -> int:
        """The line that holds the offset, from 1."""
        if offset >= self._offset:
            self._line += self.data.count(b"\n", self._offset, offset)
        else:
            self._line -= self.data.count(b"\n", offset, self._offset)
        self._offset = offset
        return self._line

    def column(self, offset: int) -> int:
        """The column of the offset in its line, in characters from 1."""
        start = self._column_offset
        if not start <= offset or self.data.find(b"\n", start, offset) >= 0:
            start = self.data.rfind(b"\n", 0, offset) + 1
            self._column = 1
        self._column += len(self.decode(start, offset))
        self._column_offset = offset
        return self._column

    def place(self, offset: int) -> Place:
        """The offset as a place that editors understand."""
        return Place(path=self._path, line=self.line(offset), column=self.column(offset))

    def excerpt(self, offset: int) -> str:
        """The line that holds the offset, without its end; of a very long line the beginning."""
        if not self._line_start <= offset <= self._line_end:
            self._line_start = self.data.rfind(b"\n", 0, offset) + 1
            end = self.data.find(b"\n", offset)
            self._line_end = len(self.data) if end < 0 else end
        end = min(self._line_end, self._line_start + _EXCERPT)
        return self.data[self._line_start : end].decode("utf-8", "replace").rstrip("\r")
