"""Read code blocks: the text that Logseq shows, and the code in it.

Logseq shows the block's text with its indentation removed, so the text of a fence depends on the
level of its block (logseq-spec.md 2 and 4).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Literal, NamedTuple, TypeAlias

from tangle.model import Fence, Span

from .constructs import Constructs, Found
from .dedent import JS_WHITE, Dedented, Shown, without_indentation
from .lists import Line
from .paragraphs import Paragraph, joined
from .scan import Layout, scan, scan_inside
from .source import Source
from .text import Places

NestedIn: TypeAlias = Literal["list", "quote"]

_OCAML_WHITE = " \t\f\r\n"
_SHOWN_AS_IS = frozenset({b"src", b"example", b"export", b"comment", b"query"})
_DEPTH = 8
"""How deep `#+BEGIN_x` blocks are followed into each other."""

_ODD_MARKS = (b"\xc2\xa0", b"\xe3\x80\x80")
_ODD_LINE = re.compile(
    rb"^[ \t\f]*+(?:-[ \t\f]++(?:[A-Z-]++ )?)?(?:\xc2\xa0|\xe3\x80\x80)",
    re.MULTILINE,
)
"""Lines that Logseq's tools indent by other white space than its parser knows."""
_HOLDERS = frozenset({"fence", "begin", "list", "quote"})


class _Code(NamedTuple):
    """A code block before its text is worked out."""

    start: int
    opener: int
    end: int
    body: tuple[int, int]
    label: bytes
    lines: tuple[Shown, ...] | None
    nested: NestedIn | None
    clear: tuple[int, ...]


def cleared(lines: list[Shown]) -> list[Shown]:
    """Return the body of a `#+BEGIN_x` block, without the indentation of its first line."""
    if not lines:
        return lines
    first = lines[0].text.lstrip(" \t")
    width = len(lines[0].text) - len(first)
    if width == 0 or not first:
        return lines
    return [_clear(line, width) for line in lines]


def _clear(line: Shown, width: int) -> Shown:
    bare = line.text.lstrip(_OCAML_WHITE)
    white = len(line.text) - len(bare)
    if white >= width < len(line.text):
        return Shown(line.margin + width, line.text[width:])
    return Shown(line.margin + white, bare) if bare else line


def dedented(lines: Sequence[Shown]) -> list[Shown]:
    """Return the lines without their common white space; blank lines do not count."""
    common: str | None = None
    for _, text in lines:
        bare = text.lstrip(JS_WHITE)
        if bare:
            white = text[: len(text) - len(bare)]
            common = white if common is None else _shared(common, white)
            if not common:
                return list(lines)
    width = len(common or "")
    return [
        Shown(margin + width, text[width:])
        if text.startswith(common or "")
        else Shown(margin + len(text), "")
        for margin, text in lines
    ]


def _shared(one: str, other: str) -> str:
    length = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        length += 1
    return one[:length]


def words(label: str) -> tuple[str, tuple[str, ...]]:
    """The language and the options on an opener: split at every single space."""
    language, *options = label.split(" ")
    return language, tuple(options)


class FenceReader:
    """Reads the fences of one page from the scan."""

    def __init__(self, source: Source, constructs: Constructs, places: Places) -> None:
        self._source = source
        self._constructs = constructs
        self._places = places

    def read(self, layout: Layout, shift: int) -> tuple[Fence, ...]:
        """The fences of a page; `shift` is 1 where a pre-block stands before the first start."""
        fences: list[Fence] = []
        odd = self._odd_blocks(layout)
        for block, pieces in groupby(layout.pieces, key=attrgetter("block")):
            held = [piece.found for piece in pieces if piece.found.kind in _HOLDERS]
            if block in odd or any(self._listed(found) for found in held):
                odd.add(block)
            else:
                fences += self.of(held, block + shift, _indentation(layout, block))
        if odd:
            for block in odd:
                fences += self._reread(layout, block, shift, _indentation(layout, block))
            fences.sort(key=lambda fence: (fence.block, fence.span.start))
        return tuple(fences)

    def _odd_blocks(self, layout: Layout) -> set[int]:
        """The blocks whose lines are otherwise when shown than in the file.

        One of them begins with white space that is text in the file, or has two carriage returns
        at its end.
        """
        data, places = self._source.data, list[int]()
        if self._source.lone and _may_hold_code(data):  # one before a line end is lost when shown
            places = [at for at in self._source.lone if data.startswith(b"\r\n", at + 1)]
        if not data.isascii() and any(mark in data for mark in _ODD_MARKS) and _may_hold_code(data):
            places += [match.end() for match in _ODD_LINE.finditer(data)]
        starts = [start.start for start in layout.starts] if places else []
        return {bisect_right(starts, at) - 1 for at in places} - {-1}

    def of(self, held: Sequence[Found], block: int, width: int) -> list[Fence]:
        """The fences in some constructs of a block, whose lines lose `width` characters."""
        return [self._fence(c, block, width) for found in held for c in self._codes(found)]

    def _listed(self, found: Found) -> bool:
        data = self._source.data
        return found.kind == "list" and _may_hold_code(data[found.start : found.end])

    def _reread(self, layout: Layout, block: int, shift: int, width: int) -> list[Fence]:
        """The fences of a block with code in a list, which indentation decides about."""
        start, end = 0, len(self._source.data)
        if block >= 0:
            first = layout.starts[block]
            start = first.start + (first.indent if first.kind == "bullet" else 0)
        if block + 1 < len(layout.starts):
            end = layout.starts[block + 1].start
        shown = Dedented(self._places, start, end, width)
        source = Source(shown.data)
        constructs = Constructs(source)
        reader = FenceReader(source, constructs, self._places.within(shown.data))
        held = [piece.found for piece in scan(source, constructs).pieces]
        return [_moved(fence, shown) for fence in reader.of(held, block + shift, 0)]

    def _codes(self, found: Found) -> Iterator[_Code]:
        """The code blocks in a construct, those in `#+BEGIN_x` blocks within it too."""
        work: list[tuple[Found, tuple[int, ...]]] = [(found, ())]
        while work:
            one, clear = work.pop()
            if one.kind in {"list", "quote"}:
                nested: NestedIn = "list" if one.kind == "list" else "quote"
                whole = Paragraph(self._source.data, (0,), (0,))
                lines = [line for item in one.items for line in item]
                for code in self._nested(whole, one, nested, len(clear)):
                    yield _whole_lines(code, lines)
            elif one.kind == "fence":
                yield _Code(*one[1:4], one.body, one.label, None, None, clear)
            elif one.name == b"src":
                yield _Code(*one[1:4], one.body, one.label, None, None, (*clear, one.body[0]))
            elif one.kind == "begin" and one.name not in _SHOWN_AS_IS and len(clear) < _DEPTH:
                inner = (*clear, one.body[0])
                work += [(x, inner) for x in reversed(self._inside(one))]

    def _inside(self, found: Found) -> list[Found]:
        unclosed = len(self._constructs.unclosed)
        inside = scan_inside(self._source, self._constructs, *found.body)
        del self._constructs.unclosed[unclosed:]
        return inside

    def _nested(
        self, whole: Paragraph, found: Found, nested: NestedIn, depth: int
    ) -> Iterator[_Code]:
        """The code blocks in a list or a quote, each item of which is a separate text."""
        is_quote = found.kind == "quote"
        for item in found.items if depth < _DEPTH else ():
            if item and _may_hold_code(whole.text[item[0].start : item[-1].end]):
                inner = joined(whole, item, is_quote=is_quote)
                yield from self._held(inner, nested, depth + 1, in_item=not is_quote)

    def _held(
        self, inner: Paragraph, nested: NestedIn, depth: int, *, in_item: bool
    ) -> Iterator[_Code]:
        """The code blocks in a text that stands in a list or a quote."""
        source = Source(inner.text)
        constructs = Constructs(source, in_item=in_item)
        for found in scan_inside(source, constructs, 0, len(inner.text)):
            if found.kind in {"list", "quote"}:
                yield from self._nested(inner, found, nested, depth)
            elif found.kind == "fence" or found.name == b"src":
                yield self._placed(inner, found, nested)
            elif found.kind == "begin" and found.name not in _SHOWN_AS_IS and depth < _DEPTH:
                body = inner.part(*found.body)
                yield from self._held(body, nested, depth + 1, in_item=False)

    def _placed(self, inner: Paragraph, found: Found, nested: NestedIn) -> _Code:
        """A code block in a list or a quote, where it stands in the file."""
        first, last = found.body
        lines, offset = [], first
        for line in inner.text[first:last].splitlines(keepends=True):
            place = inner.in_file(offset)
            start = self._source.data.rfind(b"\n", 0, place) + 1
            margin = len(self._places.decode(start, place))
            lines.append(Shown(margin, self._places.text(line.removesuffix(b"\n"))))
            offset += len(line)
        at = inner.in_file
        body = (at(first), at(last))
        start, end = at(found.opener), at(found.end - 1) + 1
        shown = tuple(lines)
        return _Code(start, start, end, body, found.label, shown, nested, ())

    def _fence(self, code: _Code, block: int, width: int) -> Fence:
        shown = self._lines(code, width) if code.lines is None else code.lines
        bare = dedented(shown)
        language, options = words(self._places.text(code.label))
        return Fence(
            block=block,
            language=language,
            options=options,
            span=Span(start=code.start, end=code.end),
            body=Span(start=code.body[0], end=code.body[1]),
            text="".join([line.text + "\n" for line in shown]),
            code="".join([line.text + "\n" for line in bare]),
            line=self._places.line(code.opener),
            margins=tuple([line.margin for line in bare]),
            nested=code.nested,
        )

    def _lines(self, code: _Code, width: int) -> list[Shown]:
        lines = self._dedented_lines(code.body, width)
        for start in code.clear:
            if start == code.body[0]:
                lines = cleared(lines)
            else:
                lines = self._cleared_by(start, lines, width)
        return lines

    def _dedented_lines(self, body: tuple[int, int], width: int) -> list[Shown]:
        raw = self._places.decode(*body).split("\n")[:-1]
        if not raw:
            return []
        usual = raw[0][:width]
        if len(usual) < width or usual.strip(JS_WHITE):
            usual = "\n"  # with which no line begins
        return [
            Shown(width, line[width:].removesuffix("\r"))
            if line.startswith(usual)
            else without_indentation(line.removesuffix("\r"), width)
            for line in raw
        ]

    def _cleared_by(self, start: int, lines: list[Shown], width: int) -> list[Shown]:
        """The lines less the indentation of the first line of the block around them."""
        first = self._dedented_lines((start, self._source.next_line(start)), width)
        return cleared([*first, *lines])[1:]


def _indentation(layout: Layout, block: int) -> int:
    """How many characters Logseq takes off each line of the block's text."""
    if block < 0:
        return 0
    start = layout.starts[block]
    return 2 if start.kind == "heading" else start.indent + 2


def _may_hold_code(data: bytes) -> bool:
    return b"```" in data or b"~~~" in data or b"#+begin_src" in data.lower()


def _whole_lines(code: _Code, lines: Sequence[Line]) -> _Code:
    """A code block with the lines of the list or quote that it stands on."""
    starts = [line.start for line in lines]
    start, first, last = (bisect_right(starts, at) - 1 for at in (code.start, *code.body))
    return code._replace(
        start=starts[start],
        opener=starts[start],
        end=lines[last].end,
        body=(starts[first], starts[last]),
    )


def _moved(fence: Fence, shown: Dedented) -> Fence:
    """A fence of a block's shown text, where it stands in the file."""
    first = fence.line  # the line of the opener; the code begins on the next, index `first`
    margins = [margin + shown.margins[first + index] for index, margin in enumerate(fence.margins)]
    return Fence(
        block=fence.block,
        language=fence.language,
        options=fence.options,
        span=Span(start=shown.in_file(fence.span.start), end=shown.in_file(fence.span.end)),
        body=Span(start=shown.in_file(fence.body.start), end=shown.in_file(fence.body.end)),
        text=fence.text,
        code=fence.code,
        line=shown.line + fence.line - 1,
        margins=tuple(margins),
        nested=fence.nested,
    )
