"""Read lists and quotes inside a block: their ends, and their lines.

Logseq trims every line of a list item and of a quote before it looks for code in it, so that code
there loses its indentation (logseq-spec.md 4).
"""

from __future__ import annotations

import re
from typing import NamedTuple

from msgspec import Struct

from .source import Source

_BOX = rb"\[[ xX]\]"
_ITEM = re.compile(
    rb"([ \t\f\x1a]*+)(?:[+*]|\d++\.)[ \t\f\x1a]++(?:" + _BOX + rb"|(?!" + _BOX + rb"))"
    rb"[ \t\f\x1a]*+(?=[^\r\n])"
)
"""An item's mark and box. A box that stands there is never its text: a bare one is no item."""
_NEXT = re.compile(
    rb"(?=[ \t]++(?:(?P<bullet>-(?: |\r?$))|(?P<mark>[+*] ))|)"
    rb"(?P<white>[ \t\f\x1a]++)(?:(?<!\x1a)[+-]?(?P<number>\d++))?",
    re.MULTILINE,
)
"""The line after an item's. A form feed hides marks, but not numbers; a Ctrl-Z hides both."""
_EOL = re.compile(rb"\r?\n")
_TWO_EOLS = re.compile(rb"\r?\n\r?\n")
_QUOTE_LINE = re.compile(
    rb"[ \t\f\x1a]*+>[ \t\f\x1a]*+\r?\n(?:\r?\n)?"
    rb"|[ \t\f\x1a]*+>?+[ \t\f\x1a]*+(?!- |# |[iI][dD]:: |[-#]\r?$)(?P<text>[^\r\n]++)(?:\r?\n)?",
    re.MULTILINE,
)
_LARGEST = 2**31 - 1


class Line(NamedTuple):
    """The part of a line that belongs to a list item or a quote."""

    start: int
    end: int


class _Level(Struct):
    """One list that is being read, and the item of it that is open."""

    indent: int
    complete: int = 0
    item: int = -1
    mark: int = 0


class ListReader:
    """Reads lists, remembering the items that turned out not to be any."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._failed: set[int] = set()
        self._limit = len(source.data)

    def read(self, start: int, limit: int) -> tuple[int, list[list[Line]]] | None:
        """The end of the list at `start` and the lines of each item, or None if it is no list.

        Nothing from `limit` on belongs to it.
        """
        if start in self._failed:
            return None
        self._limit = limit
        levels = [_Level(indent=0)]
        items: list[list[Line]] = []
        position = start
        while True:
            level = levels[-1]
            match = _ITEM.match(self._source.data, position, self._limit)
            item = None
            if match is not None and match.end(1) - match.start(1) >= level.indent:
                item = self._item(match)
            if item is not None:
                level.item, level.mark = position, len(items)
                lines, position, deeper = item
                items.append(lines)
                if deeper is None:
                    level.complete += 1
                else:
                    levels.append(_Level(indent=deeper))
            elif level.complete:
                levels.pop()
                if not levels:
                    return position, items
                levels[-1].complete += 1
            else:
                return self._give_up(levels, items)

    def _item(self, match: re.Match[bytes]) -> tuple[list[Line], int, int | None] | None:
        """An item's lines, where it ends, and the indent of the list below it, if one follows.

        None if a lone carriage return ends one of the lines.
        """
        data = self._source.data
        indent = match.end(1) - match.start(1)
        end = self._text_end(match.end())
        lines = [Line(match.end(), end)]
        while True:
            if self._source.void(end, end + 1):
                return None
            if (blank := _TWO_EOLS.match(data, end, self._limit)) is not None:
                return lines, blank.end(), None
            eol = _EOL.match(data, end, self._limit)
            position = eol.end() if eol is not None else end
            follow = _NEXT.match(data, position, self._limit) if eol is not None else None
            if follow is None or follow["bullet"] is not None:
                return lines, position, None
            if _starts_item(follow):
                white = follow["white"]
                depth = len(white) - len(white.lstrip(b" \t"))
                return lines, position, depth if depth > indent else None
            end = self._text_end(position)
            lines.append(Line(position, end))

    def _text_end(self, offset: int) -> int:
        end = self._source.line_end(offset)
        return end - 1 if end > offset and self._source.data[end - 1] == 0x0D else end

    def _give_up(
        self, levels: list[_Level], items: list[list[Line]]
    ) -> tuple[int, list[list[Line]]] | None:
        """What is left when a line looks like an item below the open one and is none.

        The open item is then none either, nor is the one above it if the open item was its first.
        """
        levels.pop()
        while levels:
            level = levels.pop()
            self._failed.add(level.item)
            if level.complete:
                return level.item, items[: level.mark]
        return None


def _starts_item(match: re.Match[bytes]) -> bool:
    """Whether the line counts as an item: a mark, or any number that fits (`12 apples`)."""
    if match["mark"] is not None:
        return True
    digits = match["number"]
    return digits is not None and len(digits) <= len(str(_LARGEST)) and int(digits) <= _LARGEST


def read_quote(source: Source, start: int, limit: int) -> tuple[int, list[Line]] | None:
    """The end of the quote whose `>` stands at `start`, and its lines without the mark.

    A lone carriage return ends the quote with its line, which must not be empty. Nothing from
    `limit` on belongs to it.

    Args:
        source: the page.
        start: offset of `>`.
        limit: end of the block.
    """
    lines: list[Line] = []
    position = start + 1
    while (match := _QUOTE_LINE.match(source.data, position, limit)) is not None:
        void = source.void(position, match.end())
        if void and match["text"] is None:
            break
        lines.append(Line(position, match.end()))
        position = match.end()
        if void:
            break
    return (position, lines) if lines else None
