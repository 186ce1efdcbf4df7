"""Positions in a page: bytes of its file, characters, and lines and columns as editors count."""

from __future__ import annotations

import difflib
import re
from bisect import bisect_right
from functools import cached_property
from itertools import accumulate
from typing import Final, Literal

from lsprotocol import types

Encoding = Literal["utf-8", "utf-16", "utf-32"]

_BOM: Final = b"\xef\xbb\xbf"
_LINE_END: Final = re.compile(r"\r\n|\n|\r")


class Text:
    """The text of a page.

    Editors end lines at a line feed, a carriage return, or both; notes only at a line feed. So
    positions go through the number of characters before them. A byte order mark is no part of the
    text: editors do not show it.

    Attributes:
        string: the text.
    """

    def __init__(self, data: bytes) -> None:
        """Take a text by the bytes of its file."""
        self.data = data
        self.string = data.decode("utf-8-sig", "replace")
        self._is_ascii = data.isascii()
        self._mark = len(_BOM) if data.startswith(_BOM) else 0

    @cached_property
    def _byte_starts(self) -> list[int]:
        """Where each line of the note begins, in bytes."""
        return [0, *accumulate(len(line) + 1 for line in self.data[self._mark :].split(b"\n"))]

    @cached_property
    def _starts(self) -> list[int]:
        """Where each line of the note begins, in characters."""
        return [0, *accumulate(len(line) + 1 for line in self.string.split("\n"))]

    @cached_property
    def _shown_starts(self) -> list[int]:
        """Where each line begins that an editor shows, in characters."""
        if "\r" not in self.string:
            return self._starts[:-1]
        return [0, *(match.end() for match in _LINE_END.finditer(self.string))]

    def of_byte(self, offset: int) -> int:
        """Return the number of characters before a byte of the file."""
        offset = max(offset - self._mark, 0)
        if self._is_ascii:
            return min(offset, len(self.string))
        row = bisect_right(self._byte_starts, offset) - 1
        start = self._mark + self._byte_starts[row]
        part = self.data[start : self._mark + offset].decode("utf-8", "replace")
        return min(self._starts[row] + len(part), len(self.string))

    def of_line(self, line: int, column: int = 1) -> int:
        """Return the number of characters before a line and column as `Place` counts, clamped."""
        if line > len(self._starts) - 1:
            return len(self.string)
        start, end = self._starts[line - 1], self._starts[line] - 1
        return min(start + max(column - 1, 0), end)

    def line_of(self, offset: int) -> int:
        """Return the line of the note (from 1) in which a character is."""
        return min(bisect_right(self._starts, offset), len(self._starts) - 1)

    def line(self, line: int) -> str:
        """Return the text of a line of the note (from 1), without its end."""
        start, end = self.line_span(line)
        return self.string[start:end]

    def line_span(self, line: int) -> tuple[int, int]:
        """Return where a line of the note (from 1) begins, and where its text ends."""
        start = self.of_line(line)
        end = self._starts[line] - 1 if line < len(self._starts) else len(self.string)
        if end > start and self.string[end - 1] == "\r":
            end -= 1
        return start, end

    def position(self, offset: int, encoding: Encoding) -> types.Position:
        """Return where an editor has a character."""
        row = bisect_right(self._shown_starts, offset) - 1
        before = self.string[self._shown_starts[row] : offset]
        return types.Position(line=row, character=units(before, encoding))

    def range(self, start: int, end: int, encoding: Encoding) -> types.Range:
        """Return where an editor has a stretch of characters."""
        return types.Range(start=self.position(start, encoding), end=self.position(end, encoding))

    def offset(self, position: types.Position, encoding: Encoding) -> int:
        """Return the number of characters before a position, which may be outside of the text."""
        if position.line >= len(self._shown_starts):
            return len(self.string)
        start = self._shown_starts[max(position.line, 0)]
        end = (
            self._shown_starts[position.line + 1]
            if position.line + 1 < len(self._shown_starts)
            else len(self.string)
        )
        line = self.string[start:end].rstrip("\r\n")
        return start + _characters(line, position.character, encoding)


def units(text: str, encoding: Encoding) -> int:
    """Return the length of a text as an editor counts it."""
    match encoding:
        case "utf-8":
            return len(text.encode("utf-8", "replace"))
        case "utf-16":
            return len(text) + sum(character > "\uffff" for character in text)
        case "utf-32":
            return len(text)


def _characters(line: str, count: int, encoding: Encoding) -> int:
    """How many characters of a line are before a column; the line's length where it is shorter."""
    if encoding == "utf-32" or line.isascii():
        return min(max(count, 0), len(line))
    left = count
    for index, character in enumerate(line):
        left -= units(character, encoding)
        if left < 0:
            return index
    return len(line)


def changed(text: Text, change: types.TextDocumentContentChangeEvent, encoding: Encoding) -> Text:
    """Return a text after an edit in an editor.

    Args:
        text: the text before it.
        change: the edit, of a part or of the whole.
        encoding: how its columns count.
    """
    if isinstance(change, types.TextDocumentContentChangeWholeDocument):
        return as_text(change.text)
    start = text.offset(change.range.start, encoding)
    end = max(text.offset(change.range.end, encoding), start)
    return as_text(text.string[:start] + change.text + text.string[end:])


def as_text(string: str) -> Text:
    """Return the text that an editor sent; halves of characters that JSON let through are lost."""
    return Text(string.encode("utf-8", "replace"))


def edits_between(old: Text, new: str, encoding: Encoding) -> list[types.TextEdit]:
    """Return the edits that make another text of one, line by line.

    Args:
        old: the text as an editor shows it.
        new: what it is to be.
        encoding: how columns count.
    """
    before, after = _lines(old.string), _lines(new)
    starts = [0, *accumulate(map(len, before))]
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    return [
        types.TextEdit(
            range=old.range(starts[first], starts[last], encoding),
            new_text="".join(after[from_:to]),
        )
        for tag, first, last, from_, to in matcher.get_opcodes()
        if tag != "equal"
    ]


def _lines(string: str) -> list[str]:
    return re.findall(r"[^\n]*\n|[^\n]+", string)
