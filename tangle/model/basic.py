"""Names for kinds of strings, places in the notes, and problems found there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final, Literal, NewType

from msgspec import Struct

Uuid = NewType("Uuid", str)
"""A block id, 36 characters, lower case."""

PagePath = NewType("PagePath", str)
"""A page's file, POSIX form, relative to the graph's folder: `pages/x.md`."""

CONFIG: Final = PagePath("logseq/config.edn")
"""The file that makes a folder a graph."""

SectionName = NewType("SectionName", str)
"""What a section is addressed by: `3.6.5`, or a page's title where it has no number."""

SIZE: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([KMGT]?)(?:i?B)?|([0-9]+)\s*%", re.IGNORECASE)
"""How a limit of memory is written: `2G`, `1.5 GiB`, `90%` of the machine's; `0` for none."""

DEVICE: Final = re.compile(r"auto|cpu|mps|cuda(:[0-9]+)?")
"""How a device is written."""

DEVICE_WORDS: Final = "auto, cpu, cuda, cuda:N or mps"

Severity = Literal["error", "warning", "notice"]


class PackageName(Struct, frozen=True, kw_only=True):
    """The generated module's name, `d2l.torch`: a package, and a module in it."""

    root: str
    module: str

    def __str__(self) -> str:
        """The dotted name."""
        return f"{self.root}.{self.module}"


class Span(Struct, frozen=True, kw_only=True):
    """A half-open range of bytes in a page's file."""

    start: int
    end: int


class Place(Struct, frozen=True, kw_only=True):
    """A point in a page, as editors count: line and column from 1, columns in characters."""

    path: PagePath
    line: int
    column: int = 1

    def __str__(self) -> str:
        """`path:line:column`, which terminals and editors make a link."""
        return f"{self.path}:{self.line}:{self.column}"


class Problem(Struct, frozen=True, kw_only=True):
    """A problem of the notes, with its place and usually a hint.

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


class ProblemKind(Struct, frozen=True, kw_only=True):
    """A kind of problem. Every `Problem` is made by one; `tangle.model.problems` lists them all.

    Attributes:
        code: its stable name, such as `syntax-error`.
        hint: the usual way out; the place where the problem is found may know a better one.
        explanation: what it means and what to do, in Markdown, for the documentation.
        example: pages that have it: `=== NAME` begins each page but the first, which is `A`.
        remark: what the documentation adds below the example.
    """

    code: str
    severity: Severity
    hint: str | None = None
    explanation: str
    example: str = ""
    remark: str = ""

    def at(
        self,
        place: Place,
        message: str,
        *,
        section: SectionName | None = None,
        hint: str | None = None,
        excerpt: str | None = None,
    ) -> Problem:
        """Create a problem of this kind.

        Args:
            place: where it is.
            message: what is wrong.
            section: the section it stands in, where it stands in one.
            hint: the way out; None for the usual one of this kind, "" for none.
            excerpt: the line of the page that the place points into.
        """
        return Problem(
            code=self.code,
            severity=self.severity,
            place=place,
            message=message,
            section=section,
            hint=(self.hint if hint is None else hint) or None,
            excerpt=excerpt,
        )


def in_order(problems: Iterable[Problem]) -> Iterator[Problem]:
    """Yield problems by place, each once."""
    seen: set[tuple[str, int, int, str, str]] = set()
    for problem in sorted(problems, key=_key):
        if _key(problem) not in seen:
            seen.add(_key(problem))
            yield problem


def _key(problem: Problem) -> tuple[str, int, int, str, str]:
    place = problem.place
    return (place.path, place.line, place.column, problem.code, problem.message)
