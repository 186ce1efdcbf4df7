"""Find block references, and the pages that a page names.

They are looked for in text only: not in code, not in what Logseq shows as it is, not after a
backslash (logseq-spec.md 5).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import ClassVar, NamedTuple

from tangle.model import Block, PageEmbed, Reference, ReferenceKind, Uuid

from .constructs import Found
from .make import make_span
from .scan import Layout
from .text import Places

_UUID = rb"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_ID_SIZE = 36
_LABEL_LIMIT = 1000
"""Bytes that a label may be long; a longer one leaves the reference without it."""
_TITLE_LIMIT = 500
"""Bytes that a page's name may be long."""
_MARK = re.compile(  # each way begins with a character: so the search leaps from one to the next
    rb"\[(?P<link>\[[^\n\\`#(){}\[\]]{1,500}+\]\])"  # one that holds nothing to look at
    rb"|#(?P<tag>[^\s,.:;!?'\"()\[\]{}#`+][^\s,;!?'\"()\[\]{}#`]*+)"
    rb"|\\(?P<escape>(?s:.))"
    rb"|`(?P<code>`*+)[^`]++`(?P=code)(?!`)"
    rb"|`(?P<ticks>`*+)"
    rb"|\[(?P<open>\[)"
    rb"|\](?P<close>\])"
    rb"|\{(?P<macro>\{)"
    rb"|\((?P<ref>\(" + _UUID + rb"\)\))"
    rb"|\](?P<label>\(" + _UUID + rb"\))"
    rb"|\](?P<address>\()"
)
_SILENT = frozenset({"escape", "code", "address"})
_ANY_MARK = re.compile(rb"#|\\|`|\[\[|\(\(|\{\{|\]\(")
_EMBED = re.compile(
    rb"\{\{\{?+[ \t]*+embed[ \t]++(?:\(\((" + _UUID + rb")\)\)|\[\[([^\r\n]+?)\]\])[ \t]*+\}\}\}?+"
)
_TICKS = re.compile(rb"`++")
_FULL_UUID = re.compile(_UUID)
_OPAQUE_BEGIN = frozenset({b"src", b"example", b"export", b"comment"})


class Links(NamedTuple):
    """What a page refers to."""

    references: tuple[Reference, ...]
    titles: tuple[str, ...]
    embeds: tuple[PageEmbed, ...] = ()


class _Hit(NamedTuple):
    start: int
    end: int
    block: int
    kind: ReferenceKind
    target: bytes


def links_of(layout: Layout, blocks: Sequence[Block], places: Places) -> Links:
    """The references and the page names in a page's text, in order.

    Args:
        layout: from the scan.
        blocks: of the page.
        places: of the page.
    """
    data = places.data
    reader = _LinkReader(data)
    _read_blocks(reader, layout, blocks, data)
    hits = sorted(reader.hits)
    alone = _alone(hits, layout, blocks, data) if hits else set()
    references = tuple(
        [
            Reference(
                kind=hit.kind,
                target=Uuid(hit.target.decode("ascii").lower()),
                block=hit.block,
                span=make_span(hit.start, hit.end),
                line=places.line(hit.start),
                column=places.column(hit.start),
                alone=hit.block in alone,
            )
            for hit in hits
        ]
    )
    embeds = tuple(
        PageEmbed(
            title=places.decode(*title),
            block=block,
            line=places.line(start),
            column=places.column(start),
        )
        for start, block, title in sorted(reader.embeds)
    )
    titles = tuple([places.decode(*span) for span in sorted(reader.titles)])
    return Links(references, titles, embeds)


def _read_blocks(reader: _LinkReader, layout: Layout, blocks: Sequence[Block], data: bytes) -> None:
    """Read the stretches of text in the blocks that hold a mark at all.

    Each is read by itself: a title, a paragraph, the value of a property.
    """
    starts = layout.starts
    shift = len(blocks) - len(starts)
    edges = [block.span.end for block in blocks]
    held: dict[int, list[Found]] = {}
    for piece in layout.pieces:
        held.setdefault(piece.block + shift, []).append(piece.found)
    mark = _ANY_MARK.search(data)
    while mark is not None:
        block = bisect_right(edges, mark.start())
        position = 0
        if block >= shift:
            start = starts[block - shift]
            position = start.title_end
            reader.read(block, start.title, position)
        for found in held.get(block, ()):
            reader.read(block, position, found.start)
            for inner in _inside(found):
                reader.read(block, *inner)
            position = found.end
        end = edges[block]
        reader.read(block, position, end)
        mark = _ANY_MARK.search(data, end)


def _inside(found: Found) -> Iterator[tuple[int, int]]:
    """The text in a construct: what is shown as it is has none."""
    if found.kind == "properties":
        for pair in found.pairs:
            if not pair.value.startswith(b'"'):
                yield pair.start, pair.end
    elif found.kind in {"list", "quote", "text"}:
        yield found.start, found.end
    elif found.kind == "begin" and found.name not in _OPAQUE_BEGIN:
        yield found.body


class _LinkReader:
    """Reads regions of text, in order, each byte a bounded number of times."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._block = self._start = self._end = 0
        self.hits: list[_Hit] = []
        self.titles: list[tuple[int, int]] = []
        self.embeds: list[tuple[int, int, tuple[int, int]]] = []
        self._opened: list[int] = []
        self._line_end = -1
        self._no_macro_before = -1
        self._ticks: dict[int, list[int]] | None = None

    def read(self, block: int, start: int, end: int) -> None:
        """Note the references and page names of a stretch of a block's text."""
        if end - start <= 1:  # no mark is that short
            return
        self._block, self._start, self._end = block, start, end
        self._ticks = None
        self._line_end = -1  # of the line in hand, whose `[[` are open
        marks = _MARK.finditer(self._data, start, end)
        while (mark := next(marks, None)) is not None:
            kind = mark.lastgroup
            if kind == "link":
                self._name(*mark.span())
            elif kind not in _SILENT:
                position = self._by_mark[kind or ""](self, mark)
                if position != mark.end():
                    marks = _MARK.finditer(self._data, position, end)

    def _name(self, start: int, end: int) -> None:
        """What stands in `[[` and `]]`: the id of a block or the name of a page."""
        size = end - start - 4
        target = _FULL_UUID.fullmatch(self._data, start + 2, end - 2) if size == _ID_SIZE else None
        if target is not None:
            self.hits.append(_Hit(start, end, self._block, "ref", target[0]))
        elif 0 < size <= _TITLE_LIMIT:
            self.titles.append((start + 2, end - 2))

    def _after_code(self, mark: re.Match[bytes]) -> int:
        """Skip inline code: it ends at the next run of as many backquotes."""
        start, end = mark.span()
        if self._ticks is None:
            self._ticks = {}
            for ticks in _TICKS.finditer(self._data, start, self._end):
                self._ticks.setdefault(ticks.end() - ticks.start(), []).append(ticks.start())
        runs = self._ticks.get(end - start, ())
        after = bisect_right(runs, start)
        return runs[after] + end - start if after < len(runs) else end

    def _macro(self, mark: re.Match[bytes]) -> int:
        """An embed says what it shows; the arguments of other macros are no text."""
        start, end = mark.span()
        embed = _EMBED.match(self._data, start, self._end)
        if embed is not None and embed[1] is not None:
            self.hits.append(_Hit(*embed.span(), self._block, "embed", embed[1]))
            return embed.end()
        if start < self._no_macro_before:
            return end
        stop = self._end_of_line(start)
        closer = self._data.find(b"}}", end, stop)
        if closer < 0:
            self._no_macro_before = stop
            return end
        if embed is not None:
            self.titles.append(embed.span(2))
            self.embeds.append((start, self._block, embed.span(2)))
        return closer + 2

    def _end_of_line(self, offset: int) -> int:
        if offset >= self._line_end:
            end = self._data.find(b"\n", offset, self._end)
            self._line_end = self._end if end < 0 else end + 1
            self._opened.clear()
        return self._line_end

    def _open(self, mark: re.Match[bytes]) -> int:
        self._end_of_line(mark.start())
        self._opened.append(mark.start())
        return mark.end()

    def _close(self, mark: re.Match[bytes]) -> int:
        """Pair `[[` and `]]` of one line; a page's name may hold another."""
        self._end_of_line(mark.start())
        if self._opened:
            self._name(self._opened.pop(), mark.end())
        return mark.end()

    def _tag(self, mark: re.Match[bytes]) -> int:
        start, end = mark.span()
        if not self._in_address(start):
            self.titles.append((start + 1, start + 1 + len(mark["tag"].rstrip(b".:"))))
        return end

    def _in_address(self, start: int) -> bool:
        """Whether the word before the offset is that of a link."""
        data, limit = self._data, max(self._start, start - 200)
        if data.rfind(b"://", limit, start) < 0 and data.rfind(b"](", limit, start) < 0:
            return False
        before = data[limit:start]
        word = b"" if before[-1:].isspace() else before.split()[-1]
        return b"://" in word or b"](" in word

    def _label(self, mark: re.Match[bytes]) -> int:
        """`[label](id)`; `[label](((id)))` is found by its inner part."""
        start, end = mark.span()
        label = self._data.rfind(b"[", max(self._start, start - _LABEL_LIMIT), start)
        if label >= 0:
            self.hits.append(_Hit(label, end, self._block, "labelled", mark[0][2:-1]))
        return end

    def _reference(self, mark: re.Match[bytes]) -> int:
        """`((id))` or `[label](((id)))`."""
        data, target = self._data, mark[0][2:-2]
        start, end = mark.span()
        if data[start - 2 : start] == b"](" and data[end : end + 1] == b")":
            label = data.rfind(b"[", max(self._start, start - _LABEL_LIMIT), start - 2)
            if label >= 0:
                self.hits.append(_Hit(label, end + 1, self._block, "labelled", target))
                return end
        self.hits.append(_Hit(start, end, self._block, "ref", target))
        return end

    _by_mark: ClassVar[dict[str, Callable[[_LinkReader, re.Match[bytes]], int]]] = {
        "tag": _tag,
        "ticks": _after_code,
        "open": _open,
        "close": _close,
        "macro": _macro,
        "ref": _reference,
        "label": _label,
    }


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
