"""Scan a page once: where blocks start, and which constructs they hold."""

from __future__ import annotations

import re
from itertools import chain
from typing import NamedTuple

from tangle.model import BlockKind

from .constructs import LIST, OPENER, Constructs, Found, Pair
from .lists import Line
from .source import WHITE, Source

_END = rb"(?=[ \t\f\r\n]|\Z)"
_BEFORE_TITLE = (
    rb"(?:" + WHITE + rb"++(?:TODO|DOING|WAITING|WAIT|DONE|CANCELED|CANCELLED|STARTED|IN-PROGRESS"
    rb"|NOW|LATER)(?= |\Z)|)(?:" + WHITE + rb"++\[#[^\r\n]\]|)" + WHITE + rb"*+"
)
_TABLE_OR_RULE = rb"(?:\|[^\r\n]*\||-{3,}|\*{3,}|_{3,})" + WHITE + rb"*\r?(?=\n|\Z)"
_IN_BODY = rb"(?!" + LIST + rb"|\[(?!\^))(?:" + OPENER + rb")|" + _TABLE_OR_RULE
"""What right after a bullet is no title, but the first of the body: a construct (a list or hiccup
is the title), a row of a table, a rule."""
_LINE = (
    rb"(" + WHITE + rb"*+)(?:(?=(" + OPENER + rb"))"
    rb"|(?:-(?:" + WHITE + rb"*+(#++)" + _END + rb"|)|(#++))" + _END + _BEFORE_TITLE + rb"(?:"
    rb"(?=(" + _IN_BODY + rb"))|([^\n]*+)))"
)
"""A line that opens a construct (2) or a block: heading marks after a bullet (3) or without (4),
then the body (5) or the title (6).

An optional part is `(?:x|)`: what follows it always matches, so the first choice stands. A
possessive group would say the same, but Python before 3.11.5 matches those wrongly (CPython issue
106052) and then finds no bullet.
"""
_TITLED = 6
_SEARCH = re.compile(rb"\n" + _LINE)
_HERE = re.compile(_LINE)
_OPENER = re.compile(OPENER)
_ROW = re.compile(_TABLE_OR_RULE)
_FRONT_MATTER = re.compile(rb"---\r?\n")
_FRONT_MATTER_LINE = re.compile(rb"([^:\r\n]++):" + WHITE + rb"*+([^\r\n]*+)(?:\r?\n|\Z)")


class Start(NamedTuple):
    """Where a block starts, and what its first line says."""

    kind: BlockKind
    start: int
    indent: int
    heading: int
    title: int
    title_end: int


class Piece(NamedTuple):
    """A construct and the block that holds it: an index into the starts, -1 before the first."""

    block: int
    found: Found


class Layout(NamedTuple):
    """What one pass over a page found.

    Attributes:
        directives: front matter and `#+KEY:` lines, which speak for the whole page.
    """

    starts: list[Start]
    pieces: list[Piece]
    directives: list[Pair]


def scan(source: Source, constructs: Constructs) -> Layout:
    """Find the blocks and constructs of a page, each byte looked at a bounded number of times.

    Args:
        source: the page.
        constructs: recognises them.
    """
    layout = Layout([], [], [])
    starts, data = layout.starts, source.data
    position = _front_matter(source, layout)
    while position >= 0:  # at the start of a line, or after a construct that ends within one
        first = _HERE.match(data, position)
        after = position if first is None else first.end()
        position = -1
        for match in chain(() if first is None else (first,), _SEARCH.finditer(data, after)):
            if match.lastindex == _TITLED:
                white, marks, bare, title = match.group(1, 3, 4, 6)
                kind: BlockKind = "heading" if bare else "bullet"
                heading = bare or marks
                size = len(heading) if heading else 0
                end = match.end()
                starts.append(Start(kind, match.start(1), len(white), size, end - len(title), end))
            elif (position := _take(match, constructs, layout, source)) >= 0:
                break
    return layout


def _take(match: re.Match[bytes], constructs: Constructs, layout: Layout, source: Source) -> int:
    """Record what stands at a candidate; the offset to go on from, -1 for the next line."""
    at = match.end()
    if match.lastindex == 2:
        return _construct(match.start(1), at, len(layout.starts) - 1, constructs, layout)
    end, data = -1, source.data
    if _OPENER.match(data, at):
        end = _construct(at, at, len(layout.starts), constructs, layout)
    titled = end < 0 and _ROW.match(data, at) is None
    start, indent_end = match.span(1)
    marks, bare = match.group(3, 4)
    kind: BlockKind = "heading" if bare else "bullet"
    size = len(bare or marks or b"")
    stop = source.line_end(at) if titled else at
    layout.starts.append(Start(kind, start, indent_end - start, size, at, stop))
    return end


def _construct(start: int, opener: int, block: int, constructs: Constructs, layout: Layout) -> int:
    if 0 <= block < len(layout.starts):
        constructs.text_from = max(constructs.text_from, layout.starts[block].title_end)
    found = constructs.at(start, opener)
    if found is None:
        return -1
    layout.pieces.append(Piece(block, found))
    if found.kind == "directive":
        layout.directives.extend(found.pairs)
    return found.end


def _front_matter(source: Source, layout: Layout) -> int:
    """Read `---` lines at the top, up to the next `---` anywhere; the offset after it."""
    opener = _FRONT_MATTER.match(source.data)
    closer = source.find(b"---", opener.end()) if opener is not None else -1
    if opener is None or closer < 0:
        return 0
    pairs, position = [], opener.end()
    while position < closer:
        match = _FRONT_MATTER_LINE.match(source.data, position, closer)
        if match is None:  # one line that is no `key: value` voids all of it
            return closer + 3
        pairs.append(Pair(match[1], match[2], position, match.end()))
        position = match.end()
    layout.directives.extend(pairs)
    return closer + 3


_INSIDE_HERE = re.compile(rb"(" + WHITE + rb"*+)(?=" + OPENER + rb")")
_INSIDE = re.compile(rb"\n" + _INSIDE_HERE.pattern)


def scan_inside(source: Source, constructs: Constructs, start: int, end: int) -> list[Found]:
    """The constructs in the body of a `#+BEGIN_QUOTE`, `#+BEGIN_NOTE` and the like.

    Blocks, properties and drawers do not start there.

    Args:
        source: the page.
        constructs: recognises them.
        start: of the body.
        end: of the body.
    """
    found: list[Found] = []
    constructs.text_from, constructs.limit = start, end
    match = _INSIDE_HERE.match(source.data, start, end)
    while True:
        position = match.end() if match is not None else start
        one = None
        if match is not None and not constructs.is_term(position, end):
            one = constructs.at(match.start(1), position)
        if one is not None and (one.kind in {"list", "quote", "text"} or one.end <= end):
            start = min(one.end, end)
            if one.kind not in {"properties", "drawer"}:
                items = tuple(_until(end, item) for item in one.items)
                found.append(one._replace(items=items))
            if source.data[start - 1] != 0x0A:
                match = _INSIDE_HERE.match(source.data, start, end)
                if match is not None:
                    continue
            position = start - 1
        match = _INSIDE.search(source.data, position, end)
        if match is None:
            return found


def _until(end: int, lines: tuple[Line, ...]) -> tuple[Line, ...]:
    return tuple(line for line in lines if line.end <= end)
