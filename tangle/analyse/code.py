"""The code of every unit, statement by statement, and where each name is defined."""

from __future__ import annotations

import ast
import builtins
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple

from tangle.analyse.markers import Marked, marked_statements
from tangle.analyse.names import Import, Statement, Use, statements
from tangle.analyse.source import Parsed, parse_chunk, place_in
from tangle.model import Chunk, CodeLine, Occurrence, Place, Problem, Unit

GIVEN: Final = frozenset(dir(builtins)) | {
    "__annotations__",
    "__builtins__",
    "__doc__",
    "__file__",
    "__loader__",
    "__name__",
    "__package__",
    "__spec__",
    "display",
    "get_ipython",
    "exit",
    "quit",
    "In",
    "Out",
    "_",
    "__",
    "___",
}
"""Names that a session has before its first chunk."""

_LOST: Final = re.compile(
    r"^[ \t]*(?:(?:async[ \t]+)?(?:def|class)[ \t]+([^\W\d]\w*)"
    r"|([^\W\d]\w*(?:[ \t]*,[ \t]*[^\W\d]\w*)*)[ \t]*=(?!=)"
    r"|(?:from[ \t]+\S+[ \t]+)?import[ \t]+(.+))",
    re.MULTILINE,
)


class Position(NamedTuple):
    """Where a statement stands: unit, chunk and statement, each by index."""

    unit: int
    chunk: int
    statement: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkCode:
    """A chunk that takes part in a unit, read as Python."""

    occurrence: Occurrence
    parsed: Parsed
    statements: tuple[Statement, ...]
    marked: Marked

    @property
    def chunk(self) -> Chunk:
        """The chunk itself."""
        return self.occurrence.chunk

    @property
    def broken(self) -> bool:
        """Whether it cannot be tangled: it does not parse, or a reference in it is open."""
        return self.parsed.problem is not None or not self.chunk.whole

    def place(self, use: Use | Import) -> Place:
        """Where a name stands in the notes."""
        return place_in(self.chunk, use.line, self._characters(use.line, use.column))

    def _characters(self, line: int, column: int) -> int:
        text = self.chunk.lines[line - 1].text
        return len(text.encode(errors="replace")[:column].decode(errors="ignore"))

    def lines(self, statement: Statement) -> tuple[CodeLine, ...]:
        """The lines of a statement, or of it alone where others share its lines."""
        found = self.chunk.lines[statement.first - 1 : statement.last]
        if statement.alone:
            return found
        segment = ast.get_source_segment(self.chunk.code, statement.node) or ""
        texts = segment.split("\n")
        return tuple(
            CodeLine(text=text, place=line.place) for text, line in zip(texts, found, strict=False)
        )


@dataclass(frozen=True, kw_only=True)
class UnitCode:
    """A unit's chunks read as Python."""

    unit: Unit
    chunks: tuple[ChunkCode, ...]

    @cached_property
    def binders(self) -> Mapping[str, tuple[tuple[int, int], ...]]:
        """For each name, the statements that bind it, as chunk and statement, in order."""
        found: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
        for at, code in enumerate(self.chunks):
            for row, statement in enumerate(code.statements):
                for name in statement.binds:
                    found[name].append((at, row))
        return {name: tuple(positions) for name, positions in found.items()}

    @cached_property
    def lost(self) -> frozenset[str]:
        """Names that chunks which do not parse seem to define."""
        return frozenset(
            name
            for code in self.chunks
            if code.broken
            for name in _names_lost(code.chunk.code or code.parsed.text)
        )

    @cached_property
    def star(self) -> bool:
        """Whether some statement imports names that cannot be known without running."""
        return any(entry.star for code in self.chunks for entry in code.statements)


def unit_code(unit: Unit) -> UnitCode:
    """Read every chunk of a unit; a chunk that does not parse has no statements."""
    return UnitCode(unit=unit, chunks=tuple(_chunk_code(entry) for entry in unit.occurrences))


def _chunk_code(occurrence: Occurrence) -> ChunkCode:
    parsed = parse_chunk(occurrence.chunk)
    try:
        found = statements(parsed.tree)
    except RecursionError:
        parsed = _too_deep(occurrence.chunk, parsed)
        found = ()
    return ChunkCode(
        occurrence=occurrence,
        parsed=parsed,
        statements=found,
        marked=marked_statements(parsed, found),
    )


def _too_deep(chunk: Chunk, parsed: Parsed) -> Parsed:
    problem = Problem(
        code="syntax-error",
        severity="error",
        place=place_in(chunk, 1, 0),
        message="this chunk does not parse: its expressions are nested too deeply",
        hint="split the expression into several statements",
    )
    return Parsed(tree=ast.Module(body=[], type_ignores=[]), text=parsed.text, problem=problem)


def _names_lost(text: str) -> Iterator[str]:
    for match in _LOST.finditer(text):
        if match[1]:
            yield match[1]
        elif match[2]:
            yield from re.split(r"[ \t]*,[ \t]*", match[2])
        else:
            yield from (part.split()[-1] for part in match[3].split(",") if part.split())


class Definitions:
    """Where names are defined, over all units in reading order."""

    def __init__(self, units: Sequence[UnitCode]) -> None:
        """Index the units."""
        self.units = tuple(units)
        self._by_name: defaultdict[str, list[int]] = defaultdict(list)
        for index, code in enumerate(self.units):
            for name in code.binders:
                self._by_name[name].append(index)

    def code(self, position: Position) -> ChunkCode:
        """The chunk in which a statement stands."""
        return self.units[position.unit].chunks[position.chunk]

    def statement(self, position: Position) -> Statement:
        """The statement at a position."""
        return self.code(position).statements[position.statement]

    def within(self, name: str, position: Position, *, deferred: bool) -> Position | None:
        """The statement of the same unit that defines a name for the one at `position`.

        The last one before it, or, for a name needed only when a function is called, the last one
        anywhere in the unit.
        """
        here = (position.chunk, position.statement)
        found = self.units[position.unit].binders.get(name, ())
        before = [entry for entry in found if entry < here]
        candidates = before or ([entry for entry in found if entry != here] if deferred else [])
        return Position(position.unit, *candidates[-1]) if candidates else None

    def earlier(self, name: str, unit: int) -> Position | None:
        """The last definition of a name in the nearest numbered unit before a numbered one."""
        if not self.units[unit].unit.section.number:
            return None
        for index in reversed(self._by_name.get(name, ())):
            if index < unit and self.units[index].unit.section.number:
                return Position(index, *self.units[index].binders[name][-1])
        return None

    def elsewhere(self, name: str, unit: int) -> Position | None:
        """Some later definition of a name, for a hint."""
        for index in self._by_name.get(name, ()):
            if index > unit:
                return Position(index, *self.units[index].binders[name][0])
        return None

    def lost(self, name: str) -> bool:
        """Whether a chunk that does not parse seems to define the name."""
        return any(name in code.lost for code in self.units)


