"""Compare two texts with the one that both began as, line by line."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

ChangeKind = Literal["ours", "theirs", "both", "conflict"]

Range = tuple[int, int]
"""Lines from the first to the one behind the last, from 0."""


class Change(NamedTuple):
    """A place where one side, or both, differ from the base.

    Attributes:
        kind: who changed it: `both` in the same way, `conflict` in different ways.
        base: the lines that were changed; an empty range where lines were only inserted.
        ours: what is there on our side.
        theirs: what is there on the other side.
    """

    kind: ChangeKind
    base: Range
    ours: Range
    theirs: Range


class _Hunk(NamedTuple):
    base: Range
    side: Range

    @property
    def growth(self) -> int:
        return (self.side[1] - self.side[0]) - (self.base[1] - self.base[0])


def three_way(
    base: Sequence[str], ours: Sequence[str], theirs: Sequence[str]
) -> tuple[Change, ...]:
    """Return all changes in order; changes that only touch one another do not conflict.

    Args:
        base: what both sides began as.
        ours: one side.
        theirs: the other side.
    """
    sides = (tuple(_hunks(base, ours)), tuple(_hunks(base, theirs)))
    found: list[Change] = []
    for start, end, groups in _clusters(*sides):
        ranges = [
            _mapped(start, end, group, hunks) for group, hunks in zip(groups, sides, strict=True)
        ]
        own, other = ranges
        if not groups[1]:
            kind: ChangeKind = "ours"
        elif not groups[0]:
            kind = "theirs"
        else:
            same = list(ours[slice(*own)]) == list(theirs[slice(*other)])
            kind = "both" if same else "conflict"
        found.append(Change(kind, (start, end), own, other))
    return tuple(found)


def _hunks(before: Sequence[str], after: Sequence[str]) -> Iterator[_Hunk]:
    """The differences; lines that were replaced one by one are one difference each."""
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag == "equal":
            continue
        if b - a == d - c:
            for row in range(b - a):
                yield _Hunk((a + row, a + row + 1), (c + row, c + row + 1))
        else:
            yield _Hunk((a, b), (c, d))


_Groups = tuple[list[_Hunk], list[_Hunk]]


def _clusters(ours: Sequence[_Hunk], theirs: Sequence[_Hunk]) -> Iterator[tuple[int, int, _Groups]]:
    """Differences of both sides, those that overlap together."""
    every = sorted(
        ((hunk.base, at, hunk) for at, side in enumerate((ours, theirs)) for hunk in side)
    )
    groups: _Groups = ([], [])
    span: Range | None = None
    for base, at, hunk in every:
        if span is not None and not _overlap(span, base):
            yield *span, groups
            groups, span = ([], []), None
        groups[at].append(hunk)
        span = base if span is None else (span[0], max(span[1], base[1]))
    if span is not None:
        yield *span, groups


def _overlap(one: Range, other: Range) -> bool:
    common = max(one[0], other[0]) < min(one[1], other[1])
    return common or one == other or _within(one, other) or _within(other, one)


def _within(point: Range, span: Range) -> bool:
    return point[0] == point[1] and span[0] < point[0] < span[1]


def _mapped(start: int, end: int, group: Sequence[_Hunk], hunks: Sequence[_Hunk]) -> Range:
    """The lines of one side that stand for lines of the base."""
    if group:
        first, last = group[0], group[-1]
        return first.side[0] - (first.base[0] - start), last.side[1] + (end - last.base[1])
    shift = sum(hunk.growth for hunk in hunks if hunk.base[1] <= start)
    return start + shift, end + shift
