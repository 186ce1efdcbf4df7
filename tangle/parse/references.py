"""Block references, and the pages that a page names.

They are looked for in text only: not in code, not in what Logseq shows as it is, not after a
backslash (logseq-spec.md 5).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tangle.model import Block, Reference, ReferenceKind, Span, Uuid

from .constructs import Found
from .scan import Layout
from .text import Places

_UUID = rb"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_TOKEN = re.compile(
    rb"(?P<escape>\\[^\r\n])|(?P<ticks>`++)|(?P<ref>\(\((" + _UUID + rb")\)\))"
    rb"|(?P<link>\]\((" + _UUID + rb")\))|(?P<open>\[\[)|(?P<close>\]\])|(?P<macro>\{\{)"
    rb"|(?P<tag>#(?=[^\s#,.;:!?'\"()\[\]{}`+]))"
)
_EMBED = re.compile(
    rb"\{\{\{?+[ \t]*+embed[ \t]++(?:\(\((" + _UUID + rb")\)\)|\[\[([^\r\n]+?)\]\])[ \t]*+\}\}\}?+"
)
_TICKS = re.compile(rb"`++")
_TAG = re.compile(rb"[^\s,;!?'\"()\[\]{}#`]++")
_FULL_UUID = re.compile(_UUID)
_OPAQUE_BEGIN = frozenset({b"src", b"example", b"export", b"comment"})
_LABEL_LIMIT = 1000
"""Bytes that a label may be long; a longer one leaves the reference without it."""


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
    if any(mark in data for mark in (b"((", b"[[", b"](", b"#")):
        for region in _regions(layout, blocks, len(data)):
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


def _regions(layout: Layout, blocks: Sequence[Block], size: int) -> Iterator[_Region]:
    """The stretches of text in a page."""
    shift = len(blocks) - len(layout.starts)
    pieces = layout.pieces
    at = 0
    for index, block in enumerate(blocks):
        position, end = 0, block.span.end
        if index >= shift:
            start = layout.starts[index - shift]
            position = start.title_end
            if start.title_end > start.title:
                yield _Region(index, start.title, start.title_end)
        while at < len(pieces) and pieces[at].block + shift == index:
            found = pieces[at].found
            if found.start > position:
                yield _Region(index, position, found.start)
            yield from _inside(found, index)
            position = found.end
            at += 1
        if position < end:
            yield _Region(index, position, end)


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

    def read(self, region: _Region) -> None:
        """Note the references and page names of a region."""
        self._ticks = None
        self._opened.clear()
        self._line_end = -1
        position = region.start
        while (token := _TOKEN.search(self._data, position, region.end)) is not None:
            position = self._take(token, region)

    def _take(self, token: re.Match[bytes], region: _Region) -> int:
        """Note what a token says; the offset to go on from."""
        match token.lastgroup:
            case "ticks":
                return self._after_code(token, region)
            case "macro":
                return self._macro(token, region)
            case "open" | "close":
                self._bracket(token, region)
            case "tag":
                return self._tag(token, region)
            case None | "escape":
                pass
            case _:
                return self._reference(token, region)
        return token.end()

    def _after_code(self, token: re.Match[bytes], region: _Region) -> int:
        """Skip inline code: it ends at the next run of as many backquotes."""
        if self._ticks is None:
            self._ticks = defaultdict(list)
            for run in _TICKS.finditer(self._data, token.start(), region.end):
                self._ticks[len(run[0])].append(run.start())
        runs = self._ticks[len(token[0])]
        after = bisect_right(runs, token.start())
        return runs[after] + len(token[0]) if after < len(runs) else token.end()

    def _macro(self, token: re.Match[bytes], region: _Region) -> int:
        """An embed says what it shows; the arguments of other macros are no text."""
        embed = _EMBED.match(self._data, token.start(), region.end)
        if embed is not None and embed[1] is not None:
            self.hits.append(_Hit(*embed.span(), region.block, "embed", embed[1]))
            return embed.end()
        if token.start() < self._no_macro_before:
            return token.end()
        stop = self._end_of_line(token.start(), region)
        end = self._data.find(b"}}", token.end(), stop)
        if end < 0:
            self._no_macro_before = stop
            return token.end()
        if embed is not None:
            self.titles.append(embed.span(2))
        return end + 2

    def _end_of_line(self, offset: int, region: _Region) -> int:
        if offset >= self._line_end:
            end = self._data.find(b"\n", offset, region.end)
            self._line_end = region.end if end < 0 else end + 1
            self._opened.clear()
        return self._line_end

    def _bracket(self, token: re.Match[bytes], region: _Region) -> None:
        """Pair `[[` and `]]` of one line; a page's name may hold another."""
        self._end_of_line(token.start(), region)
        if token.lastgroup == "open":
            self._opened.append(token.start())
        elif self._opened:
            start = self._opened.pop()
            target = _FULL_UUID.fullmatch(self._data, start + 2, token.start())
            if target is not None:
                self.hits.append(_Hit(start, token.end(), region.block, "ref", target[0]))
            elif token.start() > start + 2:
                self.titles.append((start + 2, token.start()))

    def _tag(self, token: re.Match[bytes], region: _Region) -> int:
        name = _TAG.match(self._data, token.end(), region.end)
        if name is None:
            return token.end()
        before = self._data[max(region.start, token.start() - 200) : token.start()].split()
        in_link = before and not self._data[token.start() - 1 : token.start()].isspace()
        if not in_link or not (b"://" in before[-1] or b"](" in before[-1]):
            end = token.end() + len(name[0].rstrip(b".:"))
            self.titles.append((token.end(), end))
        return name.end()

    def _reference(self, token: re.Match[bytes], region: _Region) -> int:
        """`((id))`, `[label](((id)))` or `[label](id)`."""
        data, start, end = self._data, token.start(), token.end()
        if token.lastgroup == "link":
            label = data.rfind(b"[", max(region.start, start - _LABEL_LIMIT), start)
            if label >= 0:
                self.hits.append(_Hit(label, end, region.block, "labelled", token[6]))
            return end
        if data[start - 2 : start] == b"](" and data[end : end + 1] == b")":
            label = data.rfind(b"[", max(region.start, start - _LABEL_LIMIT), start - 2)
            if label >= 0:
                self.hits.append(_Hit(label, end + 1, region.block, "labelled", token[4]))
                return end + 1
        self.hits.append(_Hit(start, end, region.block, "ref", token[4]))
        return end


def _alone(
    hits: Sequence[_Hit], layout: Layout, blocks: Sequence[Block], data: bytes
) -> set[int]:
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
