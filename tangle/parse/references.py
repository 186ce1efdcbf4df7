"""Find block references, and the pages that a page names.

References to blocks, and embeds, are read by Logseq's grammar of text (`inline`); they are rare, so
only stretches that hold an id or an embed are. Names of pages are looked for in text only: not in
code, not in what Logseq shows as it is, not after a backslash (logseq-spec.md 5).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import ClassVar, NamedTuple

from tangle.model import Block, PageEmbed, Reference, ReferenceKind, Span, Uuid

from .blocks import property_runs
from .constructs import Found
from .inline import InlineReader
from .links import UUID
from .paragraphs import Paragraph, paragraphs_of, value_of
from .properties import is_valid_key, normal_key
from .scan import Layout
from .source import Source
from .text import Places

_ID_SIZE = 36
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
    rb"|\](?P<address>\()"
)
_SILENT = frozenset({"escape", "code", "address"})
_ANY_MARK = re.compile(rb"#|\\|`|\[\[|\{\{|\]\(")
_EMBED = re.compile(
    rb"\{\{\{?+[ \t]*+embed[ \t]++(?:\(\((?:" + UUID + rb")\)\)|\[\[([^\r\n]+?)\]\])[ \t]*+\}\}\}?+"
)
_TICKS = re.compile(rb"`++")
_FULL_UUID = re.compile(UUID)
_ID_PART = re.compile(rb"-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-")
_PAGE_EMBED = b"{{embed [["
_OPAQUE_BEGIN = frozenset({b"src", b"example", b"export", b"comment"})


class Links(NamedTuple):
    """What a page refers to."""

    references: tuple[Reference, ...]
    titles: tuple[str, ...]
    embeds: tuple[PageEmbed, ...] = ()
    spans: tuple[Span, ...] = ()


class _Hit(NamedTuple):
    start: int
    end: int
    block: int
    kind: ReferenceKind
    target: bytes


class _Shown(NamedTuple):
    """A page that is shown: where, in which block, and where its name stands."""

    start: int
    block: int
    name: tuple[int, int]


def links_of(layout: Layout, blocks: Sequence[Block], places: Places, source: Source) -> Links:
    """The references and the page names in a page's text, in order.

    Args:
        layout: from the scan.
        blocks: of the page.
        places: of the page.
        source: the page as it was scanned.
    """
    data = places.data
    reader = _LinkReader(data)
    _read_blocks(reader, layout, blocks, data)
    hits, shown = _references(layout, blocks, source)
    hits.sort()
    alone = _alone(hits, layout, blocks, data) if hits else set()
    references = tuple(
        [
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
        ]
    )
    embeds = tuple(
        PageEmbed(
            title=places.decode(*name),
            block=block,
            line=places.line(start),
            column=places.column(start),
        )
        for start, block, name in sorted(shown)
    )
    spans = sorted(reader.titles)
    titles = tuple([places.decode(*span) for span in spans])
    return Links(
        references, titles, embeds, tuple([Span(start=start, end=end) for start, end in spans])
    )


def _references(
    layout: Layout, blocks: Sequence[Block], source: Source
) -> tuple[list[_Hit], list[_Shown]]:
    """The references to blocks, and the pages that are shown."""
    hits: list[_Hit] = []
    shown: list[_Shown] = []
    candidates = _candidates(source.data)
    if not candidates:
        return hits, shown
    edges = [block.span.end for block in blocks]
    paragraphs = _Paragraphs(layout, blocks, source)
    for block in sorted({bisect_right(edges, at) for at in candidates}):
        for paragraph in paragraphs.of(block):
            if not _candidates(paragraph.text):
                continue
            reader = InlineReader(paragraph.text, in_value=paragraph.is_value)
            reader.read()
            if reader.is_date and paragraph.may_date:
                continue
            at = paragraph.in_file
            hits += [
                _Hit(at(h.start), at(h.end - 1) + 1, block, h.kind, h.target) for h in reader.hits
            ]
            shown += [
                _Shown(at(e.start), block, (at(e.name[0]), at(e.name[1]))) for e in reader.embeds
            ]
    return hits, shown


def _candidates(data: bytes) -> list[int]:
    """Where an id stands that is not the value of `id:: `, and where the embed of a page begins."""
    found = [match.start() for match in _ID_PART.finditer(data)]
    found = [at for at in found if data[max(0, at - 13) : max(0, at - 8)] != b"id:: "]
    at = data.find(_PAGE_EMBED)
    while at >= 0:
        found.append(at)
        at = data.find(_PAGE_EMBED, at + 1)
    return found


class _Paragraphs:
    """The stretches of text in the blocks of one page."""

    def __init__(self, layout: Layout, blocks: Sequence[Block], source: Source) -> None:
        self._starts = layout.starts
        self._blocks = blocks
        self._source = source
        self._data = source.data
        self._shift = len(blocks) - len(layout.starts)
        self._runs = property_runs(layout, self._shift)
        self._held: dict[int, list[Found]] = {}
        for piece in layout.pieces:
            self._held.setdefault(piece.block + self._shift, []).append(piece.found)

    def of(self, block: int) -> Iterator[Paragraph]:
        """The title of a block, its paragraphs, and the values of the properties that count."""
        position, span = 0, self._blocks[block].span
        if block >= self._shift:
            start = self._starts[block - self._shift]
            position = start.title_end
            yield Paragraph(self._data[start.title : position], (0,), (start.title,))
            position = self._source.after_line_end(position)
        held = [self._with_line_ends(found) for found in self._held.get(block, ())]
        yield from paragraphs_of(self._data, position, span.end, held)
        for pair in self._runs.get(block, ((),))[0]:
            if span.start <= pair.start < span.end and _counts(pair.key):
                value = value_of(self._data, pair)
                if value is not None:
                    yield value

    def _with_line_ends(self, found: Found) -> Found:
        """A construct with the line ends below it, which Logseq counts to it."""
        position, after = found.end, self._source.after_line_end(found.end)
        while after > position:
            position, after = after, self._source.after_line_end(after)
        return found if position == found.end else found._replace(end=position)


def _counts(key: bytes) -> bool:
    return is_valid_key(normal_key(key.decode("utf-8", "replace")))


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
            reader.read(start.title, position)
        for found in held.get(block, ()):
            reader.read(position, found.start)
            for inner in _inside(found):
                reader.read(*inner)
            position = found.end
        end = edges[block]
        reader.read(position, end)
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
        self._start = self._end = 0
        self.titles: list[tuple[int, int]] = []
        self._opened: list[int] = []
        self._line_end = -1
        self._no_macro_before = -1
        self._ticks: dict[int, list[int]] | None = None

    def read(self, start: int, end: int) -> None:
        """Note the names of pages in a stretch of a block's text."""
        if end - start <= 1:  # no mark is that short
            return
        self._start, self._end = start, end
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
        """What stands in `[[` and `]]`: the name of a page, unless it is the id of a block."""
        size = end - start - 4
        is_id = size == _ID_SIZE and _FULL_UUID.fullmatch(self._data, start + 2, end - 2)
        if 0 < size <= _TITLE_LIMIT and not is_id:
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
        if embed is not None and embed[1] is None:
            return embed.end()
        if start < self._no_macro_before:
            return end
        stop = self._end_of_line(start)
        closer = self._data.find(b"}}", end, stop)
        if closer < 0:
            self._no_macro_before = stop
            return end
        if embed is not None:
            self.titles.append(embed.span(1))
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

    _by_mark: ClassVar[dict[str, Callable[[_LinkReader, re.Match[bytes]], int]]] = {
        "tag": _tag,
        "ticks": _after_code,
        "open": _open,
        "close": _close,
        "macro": _macro,
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
