"""Edits of a page by span: everything else stays, byte for byte."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING

from msgspec import Struct

from tangle.model import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Edit(Struct, frozen=True, kw_only=True):
    """Bytes that replace a span; an empty span inserts."""

    span: Span
    data: bytes


def disjoint(edits: Iterable[Edit]) -> tuple[Edit, ...]:
    """Return edits in order, without those that overlap an earlier one.

    Two blocks at the top of a page both claim the line end between them.
    """
    found: list[Edit] = []
    done = 0
    for edit in sorted(edits, key=lambda edit: (edit.span.start, edit.span.end)):
        span = edit.span
        if not edit.data and span.start < done <= span.end:
            span = Span(start=done, end=span.end)
        found.append(Edit(span=span, data=edit.data))
        done = max(done, span.end)
    return tuple(found)


def apply(data: bytes, edits: Iterable[Edit]) -> bytes:
    """Return the bytes with all edits applied.

    Args:
        data: the page.
        edits: in any order, not overlapping.

    Raises:
        ValueError: two edits overlap, or one lies outside the data.
    """
    parts = []
    done = 0
    for edit in sorted(edits, key=lambda edit: (edit.span.start, edit.span.end)):
        if not done <= edit.span.start <= edit.span.end <= len(data):
            raise ValueError(f"edits overlap or leave the page at byte {edit.span.start}")
        parts.append(data[done : edit.span.start])
        parts.append(edit.data)
        done = edit.span.end
    parts.append(data[done:])
    return b"".join(parts)


class MovedLines:
    """Maps lines of a page to their numbers after edits."""

    def __init__(self, read: bytes, data: bytes, edits: Sequence[Edit]) -> None:
        """Looks at the edits.

        Args:
            read: the page as the lines are counted.
            data: the page as it was when the edits were made: a person may have saved it meanwhile.
            edits: in order.
        """
        self._between = _Between(read, data)
        self._starts = _line_starts(data)
        self._ends = [edit.span.end for edit in edits]
        growth = (
            edit.data.count(b"\n") - data.count(b"\n", edit.span.start, edit.span.end)
            for edit in edits
        )
        self._shifts = list(accumulate(growth, initial=0))

    def __call__(self, line: int) -> int:
        """Return the new number of a line; both count from 1."""
        kept = self._between(line)
        start = self._starts[min(max(kept, 1), len(self._starts)) - 1]
        return kept + self._shifts[bisect_right(self._ends, start)]


class _Between:
    """Where lines of a page stand after a person's change: those before it, and those behind it."""

    def __init__(self, before: bytes, after: bytes) -> None:
        old, new = before.split(b"\n"), after.split(b"\n")
        self._shift = len(new) - len(old)
        same = 0 if before != after else len(old)
        while same < min(len(old), len(new)) and old[same] == new[same]:
            same += 1
        self._same = same

    def __call__(self, line: int) -> int:
        return line if line <= self._same else line + self._shift


def _line_starts(data: bytes) -> list[int]:
    return list(accumulate((len(line) + 1 for line in data.split(b"\n")), initial=0))[:-1]
