"""Find where an output block goes in a page, and its indentation."""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct

from tangle.write.block import PROPERTY

if TYPE_CHECKING:
    from tangle.model import Page


class Spot(Struct, frozen=True, kw_only=True):
    """A point behind some block's content, and the indentation of the bullet to stand there."""

    offset: int
    indent: bytes


def line_end(data: bytes) -> bytes:
    """Return the most common line end."""
    carriage_returns = data.count(b"\r\n")
    return b"\r\n" if 2 * carriage_returns > data.count(b"\n") else b"\n"


def indentation(page: Page, index: int) -> bytes:
    """Return the white space before a block's bullet.

    Args:
        page: that has the block.
        index: of the block.
    """
    block = page.blocks[index]
    return page.data[block.span.start : block.span.start + block.indent]


class Layout:
    """How a page is laid out; what holds for all of it is worked out once."""

    def __init__(self, page: Page, unit: str) -> None:
        """Looks at nothing yet.

        Args:
            page: the page.
            unit: one step of indentation, for a page that does not show its own.
        """
        self.page = page
        self._unit = unit

    @cached_property
    def eol(self) -> bytes:
        """The line end that most lines have."""
        return line_end(self.page.data)

    def first_child_spot(self, host: int) -> Spot:
        """Where the first child of a block goes; for a pre-block, the first bullet of the page."""
        page, block = self.page, self.page.blocks[host]
        if block.kind == "pre":
            following = page.blocks[1:2]
            bullet = bool(following) and following[0].kind == "bullet"
            return Spot(offset=block.content, indent=indentation(page, 1) if bullet else b"")
        if has_children(page, host):
            return Spot(offset=block.content, indent=indentation(page, host + 1))
        return Spot(offset=block.content, indent=self._level(host) + self.step)

    @cached_property
    def step(self) -> bytes:
        """The step of indentation that most nested blocks take; the given one where none is.

        Output blocks do not count: where the next one goes must not depend on those before it.
        """
        steps: Counter[bytes] = Counter()
        for index, block in enumerate(self.page.blocks):
            if block.parent < 0 or any(found.key == PROPERTY for found in block.properties):
                continue
            inner, outer = indentation(self.page, index), _base(self.page, block.parent)
            if inner.startswith(outer) and inner != outer:
                steps[inner.removeprefix(outer)] += 1
        return steps.most_common(1)[0][0] if steps else self._unit.encode()

    @cached_property
    def _first(self) -> dict[int, int]:
        """The first child of each block that has any; -1 stands for the page."""
        found: dict[int, int] = {}
        for index, block in enumerate(self.page.blocks):
            if block.kind != "pre":
                found.setdefault(block.parent, index)
        return found

    def _level(self, index: int) -> bytes:
        """The indentation that a child must go beyond: that of the first among its siblings.

        A later sibling may stand further left, but what is as deep as the first is a sibling still.
        """
        first = self._first[self.page.blocks[index].parent]
        return max(_base(self.page, first), _base(self.page, index), key=len)


def sibling_spot(page: Page, index: int) -> Spot:
    """Return the place for the next sibling of a block, after everything below it.

    Args:
        page: that has the block.
        index: of the block.
    """
    last = index
    while last + 1 < len(page.blocks) and _is_below(page, last + 1, index):
        last += 1
    return Spot(offset=page.blocks[last].content, indent=indentation(page, index))


def has_children(page: Page, index: int) -> bool:
    """Whether there are blocks below a block.

    Args:
        page: that has the block.
        index: of the block.
    """
    return index + 1 < len(page.blocks) and page.blocks[index + 1].parent == index


def _is_below(page: Page, index: int, ancestor: int) -> bool:
    while index > ancestor:
        index = page.blocks[index].parent
    return index == ancestor


def _base(page: Page, index: int) -> bytes:
    # A heading without bullet is at the top wherever it stands (logseq-spec.md, section 2).
    return b"" if page.blocks[index].kind == "heading" else indentation(page, index)
