"""Where an output block goes in a page, and how it is indented there."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tangle.write.block import PROPERTY

if TYPE_CHECKING:
    from tangle.model import Page


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A point behind some block's content, and the indentation of the bullet to stand there."""

    offset: int
    indent: bytes


def line_end(data: bytes) -> bytes:
    """The line end that most lines of some bytes have."""
    carriage_returns = data.count(b"\r\n")
    return b"\r\n" if 2 * carriage_returns > data.count(b"\n") else b"\n"


def indentation(page: Page, index: int) -> bytes:
    """The white space before a block's bullet."""
    block = page.blocks[index]
    return page.data[block.span.start : block.span.start + block.indent]


def first_child_spot(page: Page, host: int, unit: str) -> Spot:
    """Where the first child of a block goes; for a pre-block, the first bullet of the page.

    Args:
        page: the page.
        host: the block's index.
        unit: one step of indentation, for a page that does not show its own.
    """
    block = page.blocks[host]
    if block.kind == "pre":
        following = page.blocks[1:2]
        bullet = bool(following) and following[0].kind == "bullet"
        return Spot(offset=block.content, indent=indentation(page, 1) if bullet else b"")
    if host + 1 < len(page.blocks) and page.blocks[host + 1].parent == host:
        return Spot(offset=block.content, indent=indentation(page, host + 1))
    step = _unit(page) or unit.encode()
    return Spot(offset=block.content, indent=_level(page, host) + step)


def sibling_spot(page: Page, index: int) -> Spot:
    """Where the next sibling of a block goes: behind all that is below it."""
    last = index
    while last + 1 < len(page.blocks) and _is_below(page, last + 1, index):
        last += 1
    return Spot(offset=page.blocks[last].content, indent=indentation(page, index))


def has_children(page: Page, index: int) -> bool:
    """Whether a block has any below it."""
    return index + 1 < len(page.blocks) and page.blocks[index + 1].parent == index


def _is_below(page: Page, index: int, ancestor: int) -> bool:
    while index > ancestor:
        index = page.blocks[index].parent
    return index == ancestor


def _base(page: Page, index: int) -> bytes:
    # A heading without bullet is at the top wherever it stands (logseq-spec.md, section 2).
    return b"" if page.blocks[index].kind == "heading" else indentation(page, index)


def _level(page: Page, index: int) -> bytes:
    """The indentation that a child must go beyond: that of the first among a block's siblings.

    A later sibling may stand further left, but what is as deep as the first is a sibling still.
    """
    parent = page.blocks[index].parent
    first = next(
        place
        for place, block in enumerate(page.blocks)
        if block.parent == parent and block.kind != "pre"
    )
    return max(_base(page, first), _base(page, index), key=len)


def _unit(page: Page) -> bytes:
    """The step of indentation that most nested blocks of a page take; empty where none is.

    Output blocks do not count: where the next one goes must not depend on those before it.
    """
    steps: Counter[bytes] = Counter()
    for index, block in enumerate(page.blocks):
        if block.parent < 0 or any(found.key == PROPERTY for found in block.properties):
            continue
        inner, outer = indentation(page, index), _base(page, block.parent)
        if inner.startswith(outer) and inner != outer:
            steps[inner.removeprefix(outer)] += 1
    return steps.most_common(1)[0][0] if steps else b""
