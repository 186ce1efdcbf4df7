"""Block references, and the pages that a page names.

They are looked for in text only: not in code, not in what Logseq shows as it is, not after a
backslash (logseq-spec.md 5).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from tangle.model import Block, Reference, ReferenceKind, Span, Uuid

from .constructs import Found
from .scan import Layout, Start
from .text import Places

_UUID = rb"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_MARK = re.compile(rb"\\|`|\(\(|\]\(|\]\]|\[\[|\{\{|#")
_REF = re.compile(rb"\(\((" + _UUID + rb")\)\)")
_LINK = re.compile(rb"\]\((" + _UUID + rb")\)")
_EMBED = re.compile(
    rb"\{\{\{?+[ \t]*+embed[ \t]++(?:\(\((" + _UUID + rb")\)\)|\[\[([^\r\n]+?)\]\])[ \t]*+\}\}\}?+"
)
_TICKS = re.compile(rb"`++")
_TAG = re.compile(rb"#([^\s,.:;!?'\"()\[\]{}#`+][^\s,;!?'\"()\[\]{}#`]*+)")
_FULL_UUID = re.compile(_UUID)
_OPAQUE_BEGIN = frozenset({b"src", b"example", b"export", b"comment"})
_LABEL_LIMIT = 1000
"""Bytes that a label may be long; a longer one leaves the reference without it."""
_TITLE_LIMIT = 500
"""Bytes that a page's name may be long."""


class Links(NamedTuple):
    """What a page refers to."""

    references: tuple[Reference, ...]
    titles: tuple[str, ...]


class _Region(NamedTuple):
    """Some text that is read by itself: a title, a paragraph, the value of a property."""

    block: int
    start: int
    end: int


class _Hit(NamedTuple):
    start: int
    end: int
    block: int
    kind: ReferenceKind
    target: bytes


def links_of(layout: Layout, blocks: Sequence[Block], places: Places) -> Links:
    """The references and the page names in a page's text, in order."""
    data = places.data
    reader = _LinkReader(data)
    marks = [match.start() for match in _MARK.finditer(data)]
    for region in _regions(layout, blocks, marks):
        reader.read(region)
    hits = sorted(reader.hits)
    alone = _alone(hits, layout, blocks, data)
    references = tuple(
        Reference(
            kind=hit.kind,
            target=Uuid(hit.target.decode("ascii").lower()),
            block=hit.block,
            span=Span(start=hit.start, end=hit.end),
            line=places.line(hit.start),
            column=places.column(hit.start),
            alone=hit.block in alone,
        )
        for hit in hits
    )
    return Links(references, tuple(places.decode(*span) for span in sorted(reader.titles)))


def _regions(layout: Layout, blocks: Sequence[Block], marks: Sequence[int]) -> Iterator[_Region]:
    """The stretches of text in the blocks that hold a mark at all."""
    shift = len(blocks) - len(layout.starts)
    pieces = layout.pieces
    at = block = 0
    for mark in marks:
        if mark < (blocks[block - 1].span.end if block else 0):
            continue
        while blocks[block].span.end <= mark:
            block += 1
        while at < len(pieces) and pieces[at].block + shift < block:
            at += 1
        held = at
        while held < len(pieces) and pieces[held].block + shift == block:
            held += 1
        start = layout.starts[block - shift] if block >= shift else None
        yield from _of_block(block, blocks[block], start, [p.found for p in pieces[at:held]])
        at, block = held, block + 1


def _of_block(
    index: int, block: Block, start: Start | None, held: Sequence[Found]
) -> Iterator[_Region]:
    """The stretches of text in one block: its title, and what is between its constructs."""
    position = 0
    if start is not None:
        position = start.title_end
        if start.title < position:
            yield _Region(index, start.title, position)
    for found in held:
        if position < found.start:
            yield _Region(index, position, found.start)
        yield from _inside(found, index)
        position = found.end
    if position < block.span.end - 1:
        yield _Region(index, position, block.span.end)


def _inside(found: Found, block: int) -> Iterator[_Region]:
    """The text in a construct: what is shown as it is has none."""
    if found.kind == "properties":
        for pair in found.pairs:
            if not pair.value.startswith(b'"'):
                yield _Region(block, pair.start, pair.end)
    elif found.kind in {"list", "quote"}:
        yield _Region(block, found.start, found.end)
    elif found.kind == "begin" and found.name not in _OPAQUE_BEGIN:
        yield _Region(block, *found.body)


class _LinkReader:
    """Reads regions of text, in order, each byte a bounded number of times."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.hits: list[_Hit] = []
        self.titles: list[tuple[int, int]] = []
        self._opened: list[int] = []
        self._line_end = -1
        self._no_macro_before = -1
        self._ticks: dict[int, list[int]] | None = None
        self._read_mark: dict[bytes, Callable[[int, int, _Region], int]] = {
            b"\\": self._escape,
            b"`": self._after_code,
            b"((": self._reference,
            b"](": self._label,
            b"[[": self._open,
            b"]]": self._close,
            b"{{": self._macro,
            b"#": self._tag,
        }

    def read(self, region: _Region) -> None:
        """Note the references and page names of a region."""
        self._ticks = None
        self._line_end = -1  # of the line in hand, whose `[[` are open
        position = region.start
        while (mark := _MARK.search(self._data, position, region.end)) is not None:
            position = self._read_mark[mark[0]](mark.start(), mark.end(), region)

    def _escape(self, _start: int, end: int, _region: _Region) -> int:
        return end + 1

    def _after_code(self, start: int, _end: int, region: _Region) -> int:
        """Skip inline code: it ends at the next run of as many backquotes."""
        if self._ticks is None:
            self._ticks = defaultdict(list)
            for ticks in _TICKS.finditer(self._data, start, region.end):
                self._ticks[ticks.end() - ticks.start()].append(ticks.start())
        run = _TICKS.match(self._data, start, region.end)
        size = run.end() - start if run is not None else 1
        runs = self._ticks[size]
        after = bisect_right(runs, start)
        return (runs[after] if after < len(runs) else start) + size

    def _macro(self, start: int, end: int, region: _Region) -> int:
        """An embed says what it shows; the arguments of other macros are no text."""
        embed = _EMBED.match(self._data, start, region.end)
        if embed is not None and embed[1] is not None:
            self.hits.append(_Hit(*embed.span(), region.block, "embed", embed[1]))
            return embed.end()
        if start < self._no_macro_before:
            return end
        stop = self._end_of_line(start, region)
        closer = self._data.find(b"}}", end, stop)
        if closer < 0:
            self._no_macro_before = stop
            return end
        if embed is not None:
            self.titles.append(embed.span(2))
        return closer + 2

    def _end_of_line(self, offset: int, region: _Region) -> int:
        if offset >= self._line_end:
            end = self._data.find(b"\n", offset, region.end)
            self._line_end = region.end if end < 0 else end + 1
            self._opened.clear()
        return self._line_end

    def _open(self, start: int, end: int, region: _Region) -> int:
        self._end_of_line(start, region)
        self._opened.append(start)
        return end

    def _close(self, start: int, end: int, region: _Region) -> int:
        """Pair `[[` and `]]` of one line; a page's name may hold another."""
        self._end_of_line(start, region)
        if self._opened:
            opened = self._opened.pop()
            target = _FULL_UUID.fullmatch(self._data, opened + 2, start)
            if target is not None:
                self.hits.append(_Hit(opened, end, region.block, "ref", target[0]))
            elif opened + 2 < start <= opened + 2 + _TITLE_LIMIT:
                self.titles.append((opened + 2, start))
        return end

    def _tag(self, start: int, end: int, region: _Region) -> int:
        name = _TAG.match(self._data, start, region.end)
        if name is None:
            return end
        before = self._data[max(region.start, start - 200) : start]
        word = b"" if before[-1:].isspace() else b"".join(before.split()[-1:])
        if b"://" not in word and b"](" not in word:
            self.titles.append((end, end + len(name[1].rstrip(b".:"))))
        return name.end()

    def _label(self, start: int, end: int, region: _Region) -> int:
        """`[label](id)`; `[label](((id)))` is found by its inner part."""
        link = _LINK.match(self._data, start, region.end)
        if link is None:
            return end
        label = self._data.rfind(b"[", max(region.start, start - _LABEL_LIMIT), start)
        if label >= 0:
            self.hits.append(_Hit(label, link.end(), region.block, "labelled", link[1]))
        return link.end()

    def _reference(self, start: int, _end: int, region: _Region) -> int:
        """`((id))` or `[label](((id)))`."""
        data = self._data
        reference = _REF.match(data, start, region.end)
        if reference is None:
            return start + 1
        stop = reference.end()
        if data[start - 2 : start] == b"](" and data[stop : stop + 1] == b")":
            label = data.rfind(b"[", max(region.start, start - _LABEL_LIMIT), start - 2)
            if label >= 0:
                self.hits.append(_Hit(label, stop + 1, region.block, "labelled", reference[1]))
                return stop + 1
        self.hits.append(_Hit(start, stop, region.block, "ref", reference[1]))
        return stop


def _alone(hits: Sequence[_Hit], layout: Layout, blocks: Sequence[Block], data: bytes) -> set[int]:
    """The blocks that say nothing but one reference, their properties aside."""
    shift = len(blocks) - len(layout.starts)
    single = {b for b, count in Counter(hit.block for hit in hits).items() if count == 1}
    removed: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for piece in layout.pieces:
        if piece.found.kind in {"properties", "directive"} and piece.block + shift in single:
            removed[piece.block + shift].append((piece.found.opener, piece.found.end))
    alone = set()
    for hit in hits:
        block = hit.block
        if block not in single or any(a <= hit.start < b for a, b in removed[block]):
            continue
        start = layout.starts[block - shift].title if block >= shift else 0
        holes = sorted([*removed[block], (hit.start, hit.end)])
        edges = [start, *(edge for hole in holes for edge in hole), blocks[block].span.end]
        if all(not data[a:b].strip() for a, b in zip(edges[::2], edges[1::2], strict=True)):
            alone.add(block)
    return alone
