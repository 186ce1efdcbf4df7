"""Suggest what a reference to an id that no block has may mean."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from tangle.model import Uuid

_MOST_OTHERS: Final = 2
"""Characters in which a mistyped id may differ."""
_BY_HAND: Final = "-0000-"


def near_id(wanted: Uuid, known: Iterable[Uuid]) -> Uuid | None:
    """Return the only known id that differs in one or two characters; None without one.

    Ids are random: two of them are never that near by chance. Those that were made by hand
    (`...-0000-...01`, `...-0000-...02`) differ in one digit on purpose.

    Args:
        wanted: the id as it was written.
        known: the ids of all blocks.
    """
    if _BY_HAND in wanted:
        return None
    half = len(wanted) // 2
    start, end = wanted[:half], wanted[half:]
    # A comparison of halves skips nearly all ids of a large graph.
    alike = (each for each in known if each.startswith(start) or each.endswith(end))
    found = [each for each in alike if _others(wanted, each) <= _MOST_OTHERS]
    return found[0] if len(found) == 1 else None


def _others(one: str, other: str) -> int:
    if len(one) != len(other):
        return _MOST_OTHERS + 1
    return sum(a != b for a, b in zip(one, other, strict=True))
