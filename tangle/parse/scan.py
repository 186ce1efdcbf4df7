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
_SEARCH = re.compile(rb"^" + _LINE, re.MULTILINE)
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
    while position < size:
        fresh = position == 0 or data[position - 1] == 0x0A
        match = (_SEARCH.search if fresh else _HERE.match)(data, position)
        if match is not None:
            position = _take(match, constructs, layout, source)
        elif fresh:
            break
        else:
            position = source.next_line(position)
            continue
        if position < 0:
            position = source.next_line(match.end())
    return layout


def _take(
    match: re.Match[bytes], constructs: Constructs, layout: Layout, source: Source
) -> int:
    """Record what stands at a candidate; the offset to go on from, -1 for the next line."""
    if match[2] is not None:
        return _construct(match.start(), match.end(), constructs, layout)
    bare = match[3] is None
    marks = match[5] if bare else match[4]
    title = _TITLE.match(source.data, match.end())
    at = title.end() if title is not None else match.end()
    end = -1
    layout.starts.append(
        Start(
            "heading" if bare else "bullet",
            match.start(),
            match.end(1) - match.start(),
            len(marks or b""),
            at,
            at,
        )
    )
    if _OPENER.match(source.data, at) and not _NOT_IN_TITLE.match(source.data, at):
        end = _construct(at, at, constructs, layout)
    if end < 0 and not _TITLELESS.match(source.data, at):
        stop = source.line_end(at)
        layout.starts[-1] = layout.starts[-1]._replace(title_end=stop)
    return end


def _construct(start: int, opener: int, constructs: Constructs, layout: Layout) -> int:
    found = constructs.at(start, opener)
    if found is None:
        return -1
    layout.pieces.append(Piece(len(layout.starts) - 1, found))
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


_INSIDE = re.compile(rb"^(" + WHITE + rb"*+)(?=" + OPENER + rb")", re.MULTILINE)


def scan_inside(source: Source, constructs: Constructs, start: int, end: int) -> list[Found]:
    """The constructs in the body of a `#+BEGIN_QUOTE`, `#+BEGIN_NOTE` and the like.

    Blocks, properties and drawers do not start there.
    """
    found: list[Found] = []
    position = start
    while (match := _INSIDE.search(source.data, position, end)) is not None:
        position = source.next_line(match.end())
        one = constructs.at(match.start(), match.end())
        if one is None or one.kind in {"properties", "drawer"}:
            continue
        if one.kind in {"list", "quote"}:
            one = one._replace(items=tuple(_until(end, item) for item in one.items))
        elif one.end > end:
            continue
        found.append(one)
        position = one.end
    return found


def _until(end: int, lines: tuple[Line, ...]) -> tuple[Line, ...]:
    return tuple(line for line in lines if line.end <= end)
