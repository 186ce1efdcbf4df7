"""Repair indentation of mixed tabs and spaces."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from msgspec import Struct

from tangle.analyse.repair.lexer import bare, parts

_WIDTHS: Final = (8, 4, 2, 1, 3, 5, 6, 7)


def tabs_as_spaces(lines: Sequence[str]) -> Iterator[list[str]]:
    """Yield the lines with tabs replaced by spaces, for each usual tab width."""
    inner = _continued(lines)
    if any("\t" in _indent(line) for line in lines):
        for width in _WIDTHS:
            yield [
                line if row in inner else _indent(line).expandtabs(width) + line.lstrip(" \t")
                for row, line in enumerate(lines)
            ]


def as_the_colons_say(lines: Sequence[str]) -> Iterator[list[str]]:
    """Yield lines with unexpected indentation (no colon before it) moved to the level before.

    Only where every line says itself which block it belongs to: one that is less deep than the line
    before it must be as deep as some line of an open block.
    """
    for width in _WIDTHS:
        found = _levelled(lines, width)
        if found is not None:
            yield found


class _Block(Struct):
    """An open block: the indentation of its first line, and how deep its lines were met."""

    indent: str
    depths: set[int]


def _levelled(lines: Sequence[str], width: int) -> list[str] | None:
    inner = _continued(lines)
    code = bare(lines)
    changed = list(lines)
    blocks = [_Block("", {0})]
    opens = False
    for row, line in enumerate(lines):
        if row in inner or not line.strip() or line.lstrip(" \t").startswith("#"):
            continue
        indent = _indent(line).expandtabs(width)
        if not _enter(blocks, indent, opens=opens):
            return None
        changed[row] = blocks[-1].indent + line.lstrip(" \t")
        opens = _last_code(code, row, inner).endswith(":")
    return changed


def _enter(blocks: list[_Block], indent: str, *, opens: bool) -> bool:
    """Goes into the block of the next line; False where the line does not say which that is."""
    depth = len(indent)
    deepest = max(blocks[-1].depths)
    if opens:
        if depth <= deepest:
            return False
        blocks.append(_Block(indent, {depth}))
    elif depth > deepest:
        blocks[-1].depths.add(depth)
    else:
        while blocks and depth not in blocks[-1].depths:
            blocks.pop()
    return bool(blocks)


def _last_code(masked: Sequence[str], row: int, inner: frozenset[int]) -> str:
    """The last line of the statement that begins on a row, comments aside."""
    while row + 1 in inner:
        row += 1
    return masked[row].rstrip()


def _continued(lines: Sequence[str]) -> frozenset[int]:
    """Lines that begin inside a bracket or a string, where indentation means nothing."""
    found: set[int] = set()
    depth = 0
    joined = False
    strings = {part.row for part in parts(lines) if part.carried}
    for row, code in enumerate(bare(lines)):
        if depth > 0 or joined or row in strings:
            found.add(row)
        depth = max(0, depth + len(re.findall(r"[(\[{]", code)) - len(re.findall(r"[)\]}]", code)))
        joined = code.rstrip().endswith("\\")
    return frozenset(found)


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip(" \t"))]
