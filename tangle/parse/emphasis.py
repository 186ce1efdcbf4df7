"""Emphasis in a line of text: how far it reaches, and the parts of it that are read again.

Logseq tries each opener by itself and reads on, over line ends too, to the first closer that it
accepts. What stands between them is read once more for links, and not for `((id))`.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterator
from typing import NamedTuple

_WHITE = b" \t\n\r\f"
_PATTERNS = {
    ord("*"): (b"***", b"**", b"*"),
    ord("_"): (b"___", b"__", b"_"),
    ord("~"): (b"~~",),
    ord("^"): (b"^^",),
    ord("="): (b"==",),
}
_WORD = {mark: rb"(?:\\(?s:.)|\\\Z|[^\\ \t\n\r\f" + re.escape(bytes([mark])) for mark in _PATTERNS}
_CHUNK = {mark: re.compile(word + rb"`])+") for mark, word in _WORD.items()}
_CHUNK_WITH_TICKS = {mark: re.compile(word + rb"])+") for mark, word in _WORD.items()}
_TRIPLE = 3

BORDER = frozenset(string.punctuation.encode() + _WHITE)
"""What stands around `_..._`."""
CODE = re.compile(rb"`[^`\r\n]++`|``(?s:.*?)``")


class Emphasis(NamedTuple):
    """Emphasis that was found: its end, and the text in it less the inline code."""

    end: int
    parts: tuple[tuple[int, int], ...]


class EmphasisReader:
    """Finds emphasis in one text, each byte looked at a bounded number of times."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._known: dict[tuple[bytes, int, int], int] = {}

    def at(self, start: int, end: int) -> Emphasis | None:
        """The emphasis that opens at an offset of a text that ends at `end`."""
        for pattern in _PATTERNS[self._data[start]]:
            found = self._delimited(pattern, start, end)
            if found is not None:
                return found
        return None

    def _delimited(self, pattern: bytes, start: int, end: int) -> Emphasis | None:
        data, first = self._data, start + len(pattern)
        if not data.startswith(pattern, start, end) or data[first : first + 1] in _WHITE:
            return None  # the empty slice at the end of the data too
        if data.find(pattern, first, end) < 0:
            return None
        stop = self._content(pattern, first, end)
        after = stop + len(pattern)
        if stop < 0 or not data.startswith(pattern, stop, end):
            return None
        if pattern[0] == 0x5F and after < end and data[after] not in BORDER:
            return None
        parts = () if len(pattern) == _TRIPLE else tuple(self._parts(pattern[0], first, stop))
        return Emphasis(after, parts)

    def _content(self, pattern: bytes, start: int, end: int) -> int:
        """Where the words of the content end, -1 where there are none.

        Words are taken as long as there are any. Where the last one was a mark that only the white
        space before it turned into a word, the words end before it.
        """
        known, data = self._known, self._data
        tried: list[tuple[int, int]] = []
        offset = start
        while (stop := known.get((pattern, offset, end), -2)) == -2:
            after = self._word(pattern, offset, end, data[offset - 1] in _WHITE)
            if after < 0:
                stop = known[pattern, offset, end] = -1
                break
            tried.append((offset, after))
            offset = after
        while tried:
            offset, after = tried.pop()
            if stop < 0:
                stop = self._word(pattern, offset, end, data[after - 1] in _WHITE)
            known[pattern, offset, end] = stop
        return stop

    def _word(self, pattern: bytes, offset: int, end: int, after_white: bool) -> int:
        """The end of the word at an offset, -1 where the content does not go on."""
        data, mark, after = self._data, pattern[0], offset + len(pattern)
        chunk = self._chunk(mark, offset, end)
        if chunk > offset:
            return chunk
        if after > end:
            return -1
        if not data.startswith(pattern, offset):
            return offset + 1
        if after < end and (after_white or (mark == 0x5F and data[after] not in BORDER)):
            return after
        return -1

    def _chunk(self, mark: int, offset: int, end: int) -> int:
        """The end of the code, or of the text without white space and marks, at an offset."""
        chunk = _CHUNK[mark].match(self._data, offset, end)
        if chunk is None and self._data.startswith(b"`", offset, end):
            chunk = CODE.match(self._data, offset, end)
            chunk = chunk or _CHUNK_WITH_TICKS[mark].match(self._data, offset, end)
        return offset if chunk is None else chunk.end()

    def _parts(self, mark: int, start: int, stop: int) -> Iterator[tuple[int, int]]:
        """The content less its inline code."""
        offset = first = start
        while offset < stop:
            if self._data[offset] == 0x60 and (code := CODE.match(self._data, offset, stop)):
                yield first, offset
                offset = first = code.end()
            else:
                offset = max(offset + 1, self._chunk(mark, offset, stop))
        yield first, stop
