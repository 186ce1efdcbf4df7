"""What a unit needs from earlier ones: a backward slice, statement by statement."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from tangle.analyse.code import GIVEN, ChunkCode, Definitions, Position
from tangle.analyse.names import Statement, Use
from tangle.analyse.package import Closure, names_module, nearest, package_attribute
from tangle.analyse.plan import Borrowed, Package
from tangle.analyse.source import place_in
from tangle.model import CodeLine, Problem


@dataclass(slots=True, kw_only=True)
class Borrowing:
    """Borrows for one unit.

    Attributes:
        aliases: names that mean the generated module, here and in earlier units.
        problems: names that nobody defines.
    """

    definitions: Definitions
    package: Package
    saved: Mapping[Position, object]
    unit: int
    aliases: frozenset[str]
    allowed: bool = True
    problems: list[Problem] = field(default_factory=list)
    _taken: dict[tuple[Position, str], Borrowed] = field(default_factory=dict)
    _reported: set[str] = field(default_factory=set)

    def borrowed(self) -> tuple[Borrowed, ...]:
        """Every statement that the unit needs from others, in reading order."""
        for position, code, use in self._unmet():
            self._provide(position, code, use)
        self._check_package()
        unique: dict[str, Borrowed] = {}
        for _, entry in sorted(self._taken.items(), key=lambda item: item[0]):
            unique.setdefault(entry.text, entry)
        return tuple(unique.values())

    def _unmet(self) -> Iterator[tuple[Position, ChunkCode, Use]]:
        """Uses of names that the unit itself does not define in time."""
        code = self.definitions.units[self.unit]
        all_bound = {
            name
            for entry in code.chunks
            if entry.chunk.settings.run
            for statement in entry.statements
            for name in statement.binds
        }
        defined: set[str] = set()
        for at, entry in enumerate(code.chunks):
            if not entry.chunk.settings.run:
                continue
            for row, statement in enumerate(entry.statements):
                for use in statement.uses:
                    known = all_bound if use.deferred else defined
                    if use.name not in GIVEN and use.name not in known:
                        yield Position(self.unit, at, row), entry, use
                defined.update(statement.binds)
                defined.difference_update(statement.deletes)

    def _provide(self, position: Position, code: ChunkCode, use: Use) -> None:
        found = self.definitions.earlier(use.name, self.unit)
        if found is not None:
            if not self.allowed:
                self._report(code, use, "borrowed-name", self._not_allowed(found))
                return
            self._take(found, use.name)
        elif not self._excused(use.name):
            self._report(code, use, "undefined-name", self._undefined_hint(position, use))

    def _excused(self, name: str) -> bool:
        unit = self.definitions.units[self.unit]
        return unit.star or self.definitions.lost(name)

    # taking over

    def _take(self, start: Position, name: str) -> None:
        todo = [(start, name)]
        while todo:
            position, wanted = todo.pop()
            statement = self.definitions.statement(position)
            key = (position, wanted if self._by_name(position, statement) else "")
            if key in self._taken:
                continue
            self._taken[key] = self._entry(position, statement, wanted)
            if self._taken[key].kind != "statement":
                continue
            for use in statement.uses:
                if use.name not in GIVEN and use.name not in statement.binds:
                    todo.extend(self._source(position, use))

    def _source(self, position: Position, use: Use) -> list[tuple[Position, str]]:
        found = self.definitions.within(use.name, position, deferred=use.deferred)
        found = found or self.definitions.earlier(use.name, position.unit)
        return [(found, use.name)] if found is not None else []

    def _by_name(self, position: Position, statement: Statement) -> bool:
        return bool(statement.imports) or position in self.saved

    def _entry(self, position: Position, statement: Statement, name: str) -> Borrowed:
        code = self.definitions.code(position)
        place = place_in(code.chunk, statement.first, 0)
        kind: Literal["import", "saved", "statement"] = "statement"
        lines = code.lines(statement)
        names = statement.binds
        if statement.imports:
            entry = next(entry for entry in statement.imports if entry.bound == name)
            kind, lines, names = "import", (CodeLine(text=entry.text, place=place),), (name,)
        elif position in self.saved:
            text = f"from {self.package.name} import {name}"
            kind, lines, names = "saved", (CodeLine(text=text, place=place),), (name,)
        return Borrowed(
            kind=kind,
            names=names,
            lines=lines,
            section=self.definitions.units[position.unit].unit.name,
            place=place,
        )

    # what the package has

    def _check_package(self) -> None:
        for code in self.definitions.units[self.unit].chunks:
            for statement in code.statements:
                for use in statement.uses:
                    attribute = package_attribute(use, self.package.name, self.aliases)
                    if attribute is not None:
                        self._check_attribute(code, use, attribute)
                for entry in statement.imports:
                    if entry.module == str(self.package.name) and entry.attribute:
                        use = Use(
                            name=entry.attribute,
                            line=entry.line,
                            column=entry.column,
                            deferred=False,
                        )
                        self._check_attribute(code, use, entry.attribute)

    def _check_attribute(self, code: ChunkCode, use: Use, attribute: str) -> None:
        known = attribute in self.package.exports or attribute.startswith("__") or attribute == "*"
        if known or self.definitions.lost(attribute) or f".{attribute}" in self._reported:
            return
        self._reported.add(f".{attribute}")
        self.problems.append(
            Problem(
                code="unsaved-name",
                severity="error",
                place=code.place(use),
                section=code.occurrence.section,
                message=f"no section saves {attribute}, so {self.package.name} does not have it",
                hint=self._unsaved_hint(attribute),
            )
        )

    def _unsaved_hint(self, attribute: str) -> str:
        found = self.definitions.elsewhere(attribute, -1)
        if found is not None:
            code = self.definitions.code(found)
            place = place_in(code.chunk, self.definitions.statement(found).first, 0)
            return f"{place} defines it: mark it there with #@save"
        near = nearest(attribute, self.package.exports)
        if near:
            return f"did you mean {near}?"
        return "define it in some section and mark it with #@save"

    # what nobody has

    def _report(self, code: ChunkCode, use: Use, name: str, hint: str) -> None:
        if use.name in self._reported:
            return
        self._reported.add(use.name)
        what = "is not defined" if name == "undefined-name" else "is not defined in this section"
        self.problems.append(
            Problem(
                code=name,
                severity="error",
                place=code.place(use),
                section=code.occurrence.section,
                message=f"{use.name} {what}",
                hint=hint,
            )
        )

    def _not_allowed(self, found: Position) -> str:
        section = self.definitions.units[found.unit].unit.name
        return f"section {section} defines it, but borrowing is switched off: define it here"

    def _undefined_hint(self, position: Position, use: Use) -> str:
        unit = self.definitions.units[self.unit]
        if use.name in unit.binders:
            at = unit.binders[use.name][0]
            place = self._place(Position(self.unit, *at))
            return f"it is defined only later in this section, at {place}"
        later = self.definitions.elsewhere(use.name, self.unit)
        if later is not None:
            section = self.definitions.units[later.unit].unit.name
            return f"it is defined later, in {section}, at {self._place(later)}"
        near = nearest(use.name, self._names_in_reach(position))
        if near:
            return f"did you mean {near}?"
        if use.name in self.package.exports:
            return f"the package has it: from {self.package.name} import {use.name}"
        return "no section defines it: define or import it above this line"

    def _names_in_reach(self, position: Position) -> set[str]:
        del position
        units = self.definitions.units[: self.unit + 1]
        return {name for unit in units for name in unit.binders}

    def _place(self, position: Position) -> str:
        code = self.definitions.code(position)
        return str(place_in(code.chunk, self.definitions.statement(position).first, 0))


def module_aliases(closure: Closure, units: int) -> frozenset[str]:
    """Names that mean the generated module in the first `units` units."""
    return frozenset(
        entry.bound
        for code in closure.definitions.units[:units]
        for chunk in code.chunks
        for statement in chunk.statements
        for entry in statement.imports
        if names_module(entry, closure.name)
    )
