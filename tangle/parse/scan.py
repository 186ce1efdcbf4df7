"""One pass over a page: where blocks start, and which constructs they hold."""

from __future__ import annotations

import re
from typing import NamedTuple

from tangle.model import BlockKind

from .constructs import LIST, OPENER, Constructs, Found, Pair
from .lists import Line
from .source import WHITE, Source

_END = rb"(?=[ \t\f\x1a\r\n]|\Z)"
_LINE = (
    rb"(" + WHITE + rb"*+)(?:(?=(" + OPENER + rb"))"
    rb"|(-)(?:" + WHITE + rb"*+(#++)" + _END + rb")?+" + _END + rb"|(#++)" + _END + rb")"
)
_SEARCH = re.compile(rb"\n" + _LINE)
_HERE = re.compile(_LINE)
_OPENER = re.compile(OPENER)
_NOT_IN_TITLE = re.compile(LIST + rb"|\[")
"""A list or hiccup right after a bullet is the block's title."""
_TITLELESS = re.compile(rb"(?:\|[^\r\n]*\||-{3,}|\*{3,}|_{3,})" + WHITE + rb"*\r?$", re.MULTILINE)
"""A row of a table or a rule right after a bullet is no title, but the first of the body."""
_TITLE = re.compile(
    rb"(?:" + WHITE + rb"++(?:TODO|DOING|WAITING|WAIT|DONE|CANCELED|CANCELLED|STARTED|IN-PROGRESS"
    rb"|NOW|LATER)(?= |\Z))?+(?:" + WHITE + rb"++\[#[^\r\n]\])?+" + WHITE + rb"*+"
)
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
    """Find the blocks and constructs of a page, each byte looked at a bounded number of times."""
    layout = Layout([], [], [])
    position = _front_matter(source, layout)
    data, size = source.data, len(source.data)
    match = _HERE.match(data, position)
    while position < size:
        if match is not None:
            position = _take(match, constructs, layout, source)
        if match is None or position < 0:  # only text up to the end of the line
            position = match.end() if match is not None else position
            match = _SEARCH.search(data, position)
        elif data[position - 1] == 0x0A:
            match = _SEARCH.search(data, position - 1)
        else:
            match = _HERE.match(data, position)
            continue
        if match is None:
            break
    return layout


def _take(match: re.Match[bytes], constructs: Constructs, layout: Layout, source: Source) -> int:
    """Record what stands at a candidate; the offset to go on from, -1 for the next line."""
    if match[2] is not None:
        return _construct(match.start(1), match.end(), len(layout.starts) - 1, constructs, layout)
    data = source.data
    title = _TITLE.match(data, match.end())
    at = title.end() if title is not None else match.end()
    start, indent_end = match.span(1)
    bare, marks = match[5] is not None, match[5] or match[4] or b""
    index = len(layout.starts)
    end = stop = -1
    if _OPENER.match(data, at) and not _NOT_IN_TITLE.match(data, at):
        end = _construct(at, at, index, constructs, layout)
    if end < 0:
        stop = at if _TITLELESS.match(data, at) else source.line_end(at)
    kind: BlockKind = "heading" if bare else "bullet"
    layout.starts.append(Start(kind, start, indent_end - start, len(marks), at, max(at, stop)))
    return end


def _construct(start: int, opener: int, block: int, constructs: Constructs, layout: Layout) -> int:
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
    """
    found: list[Found] = []
    match = _INSIDE_HERE.match(source.data, start, end)
    while True:
        position = match.end() if match is not None else start
        one = None
        if match is not None:
            one = constructs.at(match.start(1), position)
        if one is not None and (one.kind in {"list", "quote"} or one.end <= end):
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
