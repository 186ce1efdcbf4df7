"""Which block stands below which."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Nested(NamedTuple):
    """Where a block stands after nesting."""

    level: int
    parent: int


def nest(depths: Iterable[int]) -> list[Nested]:
    """Depth and parent of each block, from the white space before it (logseq-spec.md 2).

    Only comparisons count. A stack holds the open blocks, the deepest last. A block between two
    depths takes the place, and from then on the depth, of the outermost open block below it.
    """
    nested: list[Nested] = []
    stack: list[tuple[int, int]] = []
    for index, depth in enumerate(depths):
        replaced: tuple[int, int] | None = None
        while stack and stack[-1][0] > depth:
            replaced = stack.pop()
        if stack and stack[-1][0] == depth:
            replaced = stack.pop()
        if replaced is not None:
            nested.append(nested[replaced[1]])
            stack.append((replaced[0], index))
        else:
            parent = stack[-1][1] if stack else -1
            nested.append(Nested(nested[parent].level + 1 if stack else 1, parent))
            stack.append((depth, index))
    return nested
