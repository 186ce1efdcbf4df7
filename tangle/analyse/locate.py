"""Add sections and source lines to problems."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import replace
from functools import cache

from tangle.model import Block, Graph, PagePath, Problem, SectionName


class Locator:
    """Finds sections and lines of a graph, each page read once."""

    def __init__(self, graph: Graph) -> None:
        """Index the sections by their blocks."""
        self._pages = graph.pages
        self._sections = {
            (part.page, part.block): part.name
            for unit in graph.units
            for part in (*unit.parts, unit.section)
        }
        self._lines = cache(self._page_lines)

    def located(self, problem: Problem) -> Problem:
        """Return the problem with its section and its line, if it is on a page and lacks them."""
        place = problem.place
        if place.path not in self._pages:
            return problem
        section = problem.section
        if section is None:
            section = self._section(place.path, place.line)
        excerpt = problem.excerpt
        if excerpt is None:
            lines = self._lines(place.path)
            excerpt = lines[place.line - 1] if place.line <= len(lines) else ""
        return replace(problem, section=section, excerpt=excerpt)

    def _section(self, path: PagePath, line: int) -> SectionName | None:
        """The innermost section around a line of a page."""
        blocks = self._pages[path].blocks
        index = bisect_right(blocks, line, key=_line) - 1
        while index >= 0:
            if (path, index) in self._sections:
                return self._sections[path, index]
            index = blocks[index].parent
        return self._sections.get((path, -1))

    def _page_lines(self, path: PagePath) -> list[str]:
        text = self._pages[path].data.decode("utf-8-sig", errors="replace")
        return [line.removesuffix("\r") for line in text.split("\n")]


def _line(block: Block) -> int:
    return block.line
