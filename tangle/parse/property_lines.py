r"""Find lines that Logseq's editor treats as properties, and damage that it did.

Logseq's parser reads properties by a grammar (logseq-spec.md 3). Its editor does not: whatever
changes a block's properties takes *every* line of it that matches `^\s?[^ ]+::` for one, also in
code. So it moves lines out of a fence, writes its own lines into one, or drops lines.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

from .dedent import without_indentation

if TYPE_CHECKING:
    from tangle.model import Block, Fence

_HIDDEN: Final = (
    "id collapsed heading background-color logseq.order-list-type created-at updated-at "
    "last-modified-at query-table query-properties query-sort-by query-sort-desc ls-type "
    "hl-type hl-page hl-stamp hl-color hl-value todo doing now later done"
)
_PAGE_ONLY: Final = (
    "title alias aliases tags icon public filters exclude-from-graph-view tangle.book"
)

HIDDEN: Final = frozenset(_HIDDEN.split())
"""Properties that Logseq keeps out of the edit box and puts back when it saves the block."""

PAGE_ONLY: Final = frozenset(_PAGE_ONLY.split())
"""Properties that say something of a page, and never of a block."""

_PROPERTY_LIKE: Final = re.compile(r" ?[^ \n]+::")
_PROPERTY: Final = re.compile(r"\s*[\w.\-/?]+::(?:\s|\Z)")
_WRITTEN: Final = re.compile(
    r"(?:id:: [0-9a-fA-F-]{36}|collapsed:: (?:true|false)"
    r"|(?:heading|background-color|logseq\.order-list-type):: \S+)"
)
_SUBSCRIPT: Final = re.compile(r"[\w)\]]\[[^\]]*::")


def is_property_like(line: str) -> bool:
    """Whether Logseq's editor treats a line of a block as a property.

    >>> [is_property_like(x) for x in ("x[::2] = 0", "x[ ::2] = 0", "  x[::2] = 0", "f(a::b)")]
    [True, False, False, True]
    """
    return _PROPERTY_LIKE.match(line) is not None


def may_be_written(line: str) -> bool:
    """Whether a line has the form of one that Logseq writes when a block gets a property."""
    return _WRITTEN.fullmatch(line) is not None


class WrittenLine(NamedTuple):
    """A line that Logseq wrote into code.

    Attributes:
        row: which line of the code, from 0.
        sure: whether it repeats one of the block's own properties.
    """

    row: int
    sure: bool


def written_lines(data: bytes, block: Block, fence: Fence) -> tuple[WrittenLine, ...]:
    """Return the lines that Logseq wrote into a fence: it repeats a new property after such lines.

    Args:
        data: the page.
        block: with the fence.
        fence: of the page.
    """
    if fence.nested is not None or data.find(b":: ", fence.body.start, fence.body.end) < 0:
        return ()
    own = own_lines(block)
    found: list[WrittenLine] = []
    behind = False
    for row, line in enumerate(content_lines(data, block, fence)):
        sure = line in own
        if behind and (sure or may_be_written(line)):
            found.append(WrittenLine(row, sure))
        else:
            behind = is_property_like(line)
    return tuple(found)


def own_lines(block: Block) -> frozenset[str]:
    """Return the lines that Logseq writes for a block's hidden properties."""
    return frozenset(f"{p.key}:: {p.value}" for p in block.properties if p.key in HIDDEN)


def content_lines(data: bytes, block: Block, fence: Fence) -> list[str]:
    """Return the lines of a fence's body as Logseq's editor has them, without indentation.

    Args:
        data: the page.
        block: with the fence.
        fence: of the page.
    """
    return _lines(data, block, fence.body.start, fence.body.end)[:-1]


def moved_lines(data: bytes, block: Block, fence: Fence) -> Iterator[int]:
    """Yield the offsets of lines above a block's first fence that Logseq moved out of it.

    It puts them right behind the block's properties. A line is taken for code where Python can
    parse it, or where `::` is in a subscript.

    Args:
        data: the page.
        block: with the fence.
        fence: of the page.
    """
    if (
        not block.properties
        or not data.find(b"::", block.properties[0].span.end, fence.span.start) > 0
    ):
        return  # one property, and nothing like it below
    offset = data.find(b"\n", block.span.start) + 1 if block.title else block.span.start
    for line in _lines(data, block, offset, fence.span.start):
        text = line.removeprefix("- ") if offset == block.span.start else line
        if not is_property_like(text):
            return
        if _PROPERTY.match(text) is None and _is_code(text):
            yield offset
        offset = data.find(b"\n", offset) + 1


def has_lost_bullet(data: bytes, block: Block, fence: Fence) -> bool:
    """Whether Logseq wrote a page's first block, which has a chunk, without its bullet.

    It does so with a first block that begins with a property, and then the chunk's properties are
    the page's. Of a block they are right above the fence; none of them is one that only pages have.

    Args:
        data: the page.
        block: with the fence.
        fence: of the page.
    """
    if block.kind != "pre" or not block.properties:
        return False
    keys = {item.key for item in block.properties}
    of_block = any(key in HIDDEN or key.startswith("tangle.") for key in keys)
    if not of_block or not keys.isdisjoint(PAGE_ONLY):
        return False
    first = block.properties[0].span.start
    last = max(item.span.end for item in block.properties)
    return last == fence.span.start and not data[:first].strip(b"\xef\xbb\xbf \t\r\n")


def _lines(data: bytes, block: Block, start: int, end: int) -> list[str]:
    width = {"pre": 0, "heading": 2, "bullet": block.indent + 2}[block.kind]
    text = data[start:end].decode("utf-8", "surrogateescape")
    return [without_indentation(line.rstrip("\r"), width).text for line in text.split("\n")]


def _is_code(line: str) -> bool:
    import ast  # of a thousand pages, none may have such a line

    if _SUBSCRIPT.search(line):
        return True
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return bool(ast.parse(line.strip()).body)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False
