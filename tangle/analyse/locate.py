"""Add sections and source lines to problems."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence

from msgspec.structs import replace

from tangle.model import Block, Page, Problem, SectionName


def located(
    problem: Problem,
    page: Page,
    lines: Callable[[], Sequence[str]],
    sections: Callable[[], Mapping[int, SectionName]],
) -> Problem:
    """A problem in a page with its section and its line, where it has them not.

    Args:
        problem: the problem.
        page: the page in which it is.
        lines: finds the lines of the page.
        sections: finds the sections of the page by their block, -1 for the page itself.
    """
    section, excerpt = problem.section, problem.excerpt
    if section is None:
        section = _section(page, problem.place.line, sections())
    if excerpt is None:
        found = lines()
        excerpt = found[problem.place.line - 1] if problem.place.line <= len(found) else ""
    return replace(problem, section=section, excerpt=excerpt)


def _section(page: Page, line: int, sections: Mapping[int, SectionName]) -> SectionName | None:
    """The innermost section around a line of a page."""
    index = bisect_right(page.blocks, line, key=_line) - 1
    while index >= 0:
        if index in sections:
            return sections[index]
        index = page.blocks[index].parent
    return sections.get(-1)


def page_lines(page: Page) -> list[str]:
    """The lines of a page as editors show them."""
    text = page.data.decode("utf-8-sig", errors="replace")
    return [line.removesuffix("\r") for line in text.split("\n")]


def _line(block: Block) -> int:
    return block.line
