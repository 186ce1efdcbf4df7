"""Find the statements of pages, as coverage counts them in Python."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from coverage.exceptions import CoverageException
from coverage.parser import PythonParser
from msgspec import Struct

from tangle.analyse import ChunkCode
from tangle.verbs.notes import Notes

_EXCLUDED = r"#\s*(pragma|PRAGMA)[:\s]?\s*(no|NO)\s*(cover|COVER)"


class Statements(Struct, frozen=True, kw_only=True):
    """The statements on one page.

    Attributes:
        lines: the lines that they begin at.
        excluded: lines of what is marked `pragma: no cover`.
        first: for each line of code, the one at which its statement begins.
    """

    lines: frozenset[int] = frozenset()
    excluded: frozenset[int] = frozenset()
    first: Mapping[int, int]

    def first_lines(self, lines: Iterable[int]) -> frozenset[int]:
        """Return the first lines of the statements that lines belong to."""
        return frozenset(self.first.get(line, line) for line in lines)


def statements_of(loaded: Notes) -> Mapping[Path, Statements]:
    """Return the statements of every page with code that runs."""
    lines: defaultdict[str, set[int]] = defaultdict(set)
    excluded: defaultdict[str, set[int]] = defaultdict(set)
    first: defaultdict[str, dict[int, int]] = defaultdict(dict)
    for session in loaded.plan.sessions:
        for planned in session.chunks:
            code = planned.code
            if not code.runs or code.broken or code.parsed.foreign or not code.source.strip():
                continue
            for row, begin, kind in _rows(code):
                place = code.chunk.lines[row - 1].place
                begins = code.chunk.lines[begin - 1].place
                if begins.path != place.path:
                    continue
                first[place.path].setdefault(place.line, begins.line)
                if kind == "excluded":
                    excluded[place.path].add(place.line)
                elif kind == "statement":
                    lines[place.path].add(place.line)
    graph = loaded.project.graph
    found = {
        graph / path: Statements(
            lines=frozenset(lines[path] - excluded[path]),
            excluded=frozenset(excluded[path]),
            first=first[path],
        )
        for path in first
    }
    return defaultdict(lambda: Statements(first={}), found)


def _rows(code: ChunkCode) -> Iterable[tuple[int, int, str]]:
    """Each line of a chunk, the one that its statement begins at, and what it is."""
    parser = PythonParser(text=code.parsed.text, exclude=_EXCLUDED)
    try:
        parser.parse_source()
    except CoverageException:
        return
    for row in range(1, len(code.chunk.lines) + 1):
        begin = parser.first_line(row)
        kind = "other"
        if row in parser.excluded:
            kind = "excluded"
        elif row in parser.statements and row not in code.parsed.magics:
            kind = "statement"
        yield row, begin, kind
