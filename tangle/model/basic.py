"""Names for kinds of strings, places in the notes, and problems found there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NewType

Uuid = NewType("Uuid", str)
"""A block id, 36 characters, lower case."""

PagePath = NewType("PagePath", str)
"""A page's file, POSIX form, relative to the graph's folder: `pages/x.md`."""

SectionName = NewType("SectionName", str)
"""What a section is addressed by: `3.6.5`, or a page's title where it has no number."""

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A half-open range of bytes in a page's file."""

    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A point in a page, as editors count: line and column from 1, columns in characters."""

    path: PagePath
    line: int
    column: int = 1

    def __str__(self) -> str:
        """`path:line:column`, which terminals and editors make a link."""
        return f"{self.path}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something in the notes that a person should know, with its place and a way out.

    Attributes:
        code: stable name of the kind of problem, such as `syntax-error`.
        section: the section it stands in, where it stands in one.
        hint: the way out, where there is one.
        excerpt: the line of the page that the column points into.
    """

    code: str
    severity: Severity
    place: Place
    message: str
    section: SectionName | None = None
    hint: str | None = None
    excerpt: str | None = None
