"""Nest blocks by indentation."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Nesting(NamedTuple):
    """Where blocks stand after nesting: for each its level and its parent, -1 at the top."""

    levels: list[int]
    parents: list[int]


def nest(depths: Iterable[int]) -> Nesting:
    """Level and parent of each block, from the white space before it (logseq-spec.md 2).

    Only comparisons count. A stack holds the open blocks, the deepest last. A block between two
    depths takes the place, and from then on the depth, of the outermost open block below it.
    """
    levels: list[int] = []
    parents: list[int] = []
    stack: list[tuple[int, int]] = []
    for index, depth in enumerate(depths):
        replaced: tuple[int, int] | None = None
        while stack and stack[-1][0] >= depth:
            replaced = stack.pop()
            if replaced[0] == depth:
                break
        if replaced is not None:
            sibling = replaced[1]
            levels.append(levels[sibling])
            parents.append(parents[sibling])
            stack.append((replaced[0], index))
            continue
        if stack:
            parent = stack[-1][1]
            levels.append(levels[parent] + 1)
            parents.append(parent)
        else:
            levels.append(1)
            parents.append(-1)
        stack.append((depth, index))
    return Nesting(levels, parents)
