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
