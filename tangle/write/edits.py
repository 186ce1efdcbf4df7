"""Edits of a page, by span: what no edit names stays as it is, byte for byte."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tangle.model import Span

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """Bytes to stand in the place of a span; an empty span inserts."""

    span: Span
    data: bytes


def disjoint(edits: Iterable[Edit]) -> tuple[Edit, ...]:
    """Edits in order, none of which takes away what one before it has taken away already.

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
    """The bytes with every edit made.

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
