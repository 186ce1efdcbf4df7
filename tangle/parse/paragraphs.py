"""The stretches of text in a block that Logseq reads by themselves: titles, paragraphs, cells.

Lists, quotes and `#+BEGIN_x` blocks are read as texts of their own, their marks taken off; so each
stretch knows where its lines stand in the file.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import NamedTuple

from .constructs import Constructs, Found, Pair
from .lists import Line
from .scan import scan_inside
from .source import WHITE, Source

_DEPTH = 8
"""How deep quotes, lists and `#+BEGIN_x` are followed into each other."""
_OPAQUE_BEGIN = frozenset({b"src", b"example", b"export", b"comment"})
_BREAK_HERE = re.compile(
    WHITE
    + rb"*+(?:\|(?P<row>[^\r\n]*)\|"
    + WHITE
    + rb"*+|(?:-{3,}|\*{3,}|_{3,})"
    + WHITE
    + rb"*+|\[//\]: #[^\r\n]*+)\r?$",
    re.MULTILINE,
)
_BREAK = re.compile(rb"^" + _BREAK_HERE.pattern, re.MULTILINE)
"""What separates paragraphs without being a construct: table rows, rules and comments."""
_TRIMMED = b" \t\f\r\n"
_LED = _TRIMMED + b"\x1a"
"""White space at the front of a line in a quote."""
_NOTE = re.compile(rb"\[\^[^\s\]]++\]:" + WHITE + rb"++")
_DEFINITION = re.compile(rb"^" + WHITE + rb"*+:" + WHITE + rb"++", re.MULTILINE)


class Paragraph(NamedTuple):
    """One stretch of text.

    Attributes:
        starts: where its parts begin in it, and
        places: where they stand in the file.
        may_date: whether a date at its front makes it one that says when.
        is_value: whether it is the value of a property.
    """

    text: bytes
    starts: Sequence[int]
    places: Sequence[int]
    may_date: bool = False
    is_value: bool = False

    def in_file(self, offset: int) -> int:
        """The file's offset for one of the text."""
        index = bisect_right(self.starts, offset) - 1
        return self.places[index] + offset - self.starts[index]

    def part(self, start: int, end: int) -> Paragraph:
        """A part of it, less the white space around."""
        raw = self.text[start:end]
        start += len(raw) - len(raw.lstrip(_TRIMMED))
        first = bisect_right(self.starts, start) - 1
        starts = [0, *(s - start for s in self.starts[first + 1 :])]
        places = [self.in_file(start), *self.places[first + 1 :]]
        return Paragraph(raw.strip(_TRIMMED), starts, places)


def paragraphs_of(
    data: bytes, position: int, end: int, held: Sequence[Found]
) -> Iterator[Paragraph]:
    """The stretches in the body of a block: between the constructs that it holds, and in them."""
    whole = Paragraph(data, (0,), (0,))
    for found in held:
        yield from _between(whole, position, found.start, may_date=True)
        yield from _inside(whole, found, 0)
        position = max(position, found.end)
    yield from _between(whole, position, end, may_date=True)


def value_of(data: bytes, pair: Pair) -> Paragraph | None:
    """The value of a property, unless it stands in quotation marks."""
    value = pair.value.strip()
    if not value or (value.startswith(b'"') and value.endswith(b'"')):
        return None
    return Paragraph(value, (0,), (data.rfind(value, pair.start, pair.end),), is_value=True)


def _between(whole: Paragraph, start: int, end: int, *, may_date: bool) -> Iterator[Paragraph]:
    """The paragraphs and the cells of tables in a stretch that holds no construct."""
    if start >= end:
        return
    data = whole.text
    first = _BREAK_HERE.match(data, start, end)
    rest = _BREAK.finditer(data, start if first is None else first.end(), end)
    for line in rest if first is None else chain([first], rest):
        yield _cut(whole, start, line.start(), may_date)
        if line["row"] is not None:
            position = line.start("row")
            for cell in line["row"].split(b"|"):
                yield whole.part(position, position + len(cell))
                position += len(cell) + 1
        start = line.end() + data.startswith(b"\n", line.end(), end)
    yield _cut(whole, start, end, may_date)


def _cut(whole: Paragraph, start: int, end: int, may_date: bool) -> Paragraph:
    first = bisect_right(whole.starts, start) - 1
    last = bisect_right(whole.starts, end)
    starts = [0, *(s - start for s in whole.starts[first + 1 : last])]
    places = [whole.in_file(start), *whole.places[first + 1 : last]]
    return Paragraph(whole.text[start:end], starts, places, may_date)


def _inside(whole: Paragraph, found: Found, depth: int) -> Iterator[Paragraph]:
    """The stretches in a construct: what is shown as it is has none."""
    if depth > _DEPTH:
        return
    if found.kind == "begin" and found.name not in _OPAQUE_BEGIN:
        yield from _reread(_cut(whole, *found.body, may_date=False), depth, in_item=False)
    elif found.kind in {"list", "quote"}:
        for item in found.items:
            if item:
                is_quote = found.kind == "quote"
                yield from _reread(
                    joined(whole, item, is_quote=is_quote), depth, in_item=not is_quote
                )
    elif found.kind == "text":
        note = _NOTE.match(whole.text, found.opener, found.end)
        marks = [note] if note else [*_DEFINITION.finditer(whole.text, found.start, found.end)]
        starts = [mark.end() for mark in marks] or [found.opener]
        ends = [*(mark.start() for mark in marks[1:]), found.end]
        for start, end in zip(starts, ends, strict=True):
            yield whole.part(start, end)


def joined(whole: Paragraph, item: tuple[Line, ...], *, is_quote: bool) -> Paragraph:
    """The lines of a list's item or of a quote as one text, less their marks and indentation.

    White space at the end of a line stays in a quote.

    Args:
        whole: the text that holds it.
        item: its lines.
        is_quote: whether it is a quote.
    """
    white, ends = (_LED, b"\r\n") if is_quote else (_TRIMMED, _TRIMMED)
    parts, starts, places, size = [], [], [], 0
    for start, end in item:
        raw = whole.text[start:end]
        text = raw.lstrip(white)
        if is_quote and text.startswith(b">"):
            text = text[1:].lstrip(white)
        starts.append(size)
        places.append(whole.in_file(start + len(raw) - len(text)))
        parts.append(text.rstrip(ends) + b"\n")
        size += len(parts[-1])
    return Paragraph(b"".join(parts), starts, places)


def _reread(inner: Paragraph, depth: int, *, in_item: bool) -> Iterator[Paragraph]:
    """The stretches in the text of a list's item, a quote or a `#+BEGIN_x` block."""
    source = Source(inner.text)
    constructs = Constructs(source, in_item=in_item)
    position = 0
    for found in scan_inside(source, constructs, 0, len(inner.text)):
        yield from _between(inner, position, found.start, may_date=False)
        yield from _inside(inner, found, depth + 1)
        position = max(position, found.end)
    yield from _between(inner, position, len(inner.text), may_date=False)
