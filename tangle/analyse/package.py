"""The package: saved statements in reading order, closed over the names that they use."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from tangle.analyse.code import GIVEN, ChunkCode, Position
from tangle.analyse.definitions import Definitions
from tangle.analyse.names import Import, Statement, Use
from tangle.analyse.plan import Package, PackageName, Saved
from tangle.analyse.reach import from_module, names_module, package_attribute
from tangle.analyse.source import place_in
from tangle.model import Place, Problem, Section, SectionName


@dataclass(slots=True, kw_only=True)
class Closure:
    """Builds the package; `problems` are those met on the way.

    Attributes:
        by_position: what is saved, in reading order.
    """

    definitions: Definitions
    name: PackageName
    problems: list[Problem] = field(default_factory=list)
    by_position: dict[Position, Saved] = field(default_factory=dict)
    _first: dict[str, Position] = field(default_factory=dict)
    _imports: dict[str, dict[str, Import]] = field(default_factory=dict)
    _aliases: set[str] = field(default_factory=set)

    def package(self, titles: Mapping[SectionName, Section]) -> Package:
        """Collect what is saved and what it needs."""
        self._collect(titles)
        self._saved_twice()
        for position in self.by_position:
            for use in self.definitions.statement(position).uses:
                self._need(position, use)
        saved = tuple(self.by_position.values())
        stars = (e.star and not from_module(e, self.name) for s in saved for e in s.statement.imports)
        return Package(
            name=self.name,
            future=tuple(sorted(self._future())),
            imports={name: tuple(sorted(found)) for name, found in sorted(self._imports.items())},
            aliases=tuple(sorted(self._aliases)),
            saved=saved,
            exports=frozenset({*self._first, *self._imports, *self._aliases}),
            star=any(stars),
        )

    # collecting

    def _collect(self, titles: Mapping[SectionName, Section]) -> None:
        """Find what is marked; a chunk that stands in several places is saved at the first."""
        places: set[Place] = set()
        misplaced: list[tuple[Place, Problem]] = []
        for unit, entry in enumerate(self.definitions.units):
            for at, code in enumerate(entry.chunks):
                misplaced.extend(_misplaced(code))
                for row, marker in sorted(code.marked.saved.items()):
                    statement = code.statements[row]
                    place = code.start(statement)
                    places.add(place_in(code.chunk, marker.line, marker.column))
                    if place not in places or place == _marked_at(code, row):
                        places.add(place)
                        self._save(Position(unit, at, row), titles)
        self.problems.extend(problem for place, problem in misplaced if place not in places)

    def _save(self, position: Position, titles: Mapping[SectionName, Section]) -> None:
        code, statement = self.definitions.code(position), self.definitions.statement(position)
        if code.ipython_only(statement):
            message = "this statement has lines that only IPython understands"
            hint = "the package is plain Python: take those lines out, or take #@save away"
            self._problem("unsaveable", code, code.start(statement), message, hint)
            return
        section = titles.get(code.occurrence.section)
        saved = Saved(
            names=self._names(statement),
            lines=code.lines(statement),
            section=code.occurrence.section,
            title=section.title if section else "",
            place=code.start(statement),
            replaces=code.marked.saved[position.statement].replaces,
            statement=statement,
        )
        self.by_position[position] = saved
        for name in saved.names:
            self._first.setdefault(name, position)
