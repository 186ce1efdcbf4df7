"""The package: saved statements in reading order, closed over the names that they use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tangle.analyse.code import GIVEN, ChunkCode, Position, UnitCode
from tangle.analyse.definitions import Definitions
from tangle.analyse.names import Import, Statement, Use, future_features
from tangle.analyse.plan import Package, Saved
from tangle.analyse.reachability import from_module, names_module, package_attribute
from tangle.analyse.source import place_in
from tangle.analyse.statements import VARIANTS, decorator_names
from tangle.model import PackageName, Place, Problem, ProblemKind, Section, SectionName
from tangle.model.problems.code import (
    IMPORT_CONFLICT,
    SAVED_LATER,
    SAVED_NEEDS_UNSAVED,
    SAVED_TWICE,
    UNSAVEABLE,
)


@dataclass(slots=True, kw_only=True)
class Closure:
    """Builds the package; `problems` are those met on the way.

    Attributes:
        module_names: for each unit, the names that mean the generated module there.
        by_position: what is saved, in reading order.
    """

    definitions: Definitions
    name: PackageName
    module_names: Sequence[frozenset[str]]
    problems: list[Problem] = field(default_factory=list)
    by_position: dict[Position, Saved] = field(default_factory=dict)
    _first: dict[str, Position] = field(default_factory=dict)
    _imports: dict[str, dict[str, Import]] = field(default_factory=dict)
    _needed: dict[str, tuple[Position, Use]] = field(default_factory=dict)
    _aliases: set[str] = field(default_factory=set)

    def package(self, titles: Mapping[SectionName, Section]) -> Package:
        """Collect what is saved and what it needs."""
        self._collect(titles)
        self._saved_twice()
        for position in self.by_position:
            for use in self.definitions.statement(position).uses:
                self._need(position, use)
        self._imports_against_saved()
        saved = tuple(self.by_position.values())
        stars = (e for s in saved for e in s.statement.imports if e.star)
        return Package(
            name=self.name,
            future=tuple(sorted(self._future())),
            imports={name: tuple(sorted(found)) for name, found in sorted(self._imports.items())},
            aliases=tuple(sorted(self._aliases)),
            saved=saved,
            exports=frozenset({*self._first, *self._imports, *self._aliases} - {"*"}),
            star="*" in self._imports or not all(from_module(e, self.name) for e in stars),
        )

    # collecting

    def _collect(self, titles: Mapping[SectionName, Section]) -> None:
        """Find what is marked; a chunk that stands in several places is saved at the first."""
        saved_at: set[Place] = set()
        markers_at: set[Place] = set()
        misplaced: list[Problem] = []
        for unit, entry in enumerate(self.definitions.units):
            if not entry.names.marked:
                continue
            self.definitions.looked.units.add(unit)
            for at, code in enumerate(entry.chunks):
                misplaced.extend(_misplaced(code))
                for row, marker in sorted(code.marked.saved.items()):
                    markers_at.add(place_in(code.chunk, marker.line, marker.column))
                    place = code.start(code.statements[row])
                    if place not in saved_at:
                        saved_at.add(place)
                        self._save(Position(unit, at, row), titles)
        # A marker that saves at its own place is nested where a reference brings it elsewhere.
        self.problems.extend(entry for entry in misplaced if entry.place not in markers_at)

    def _save(self, position: Position, titles: Mapping[SectionName, Section]) -> None:
        code, statement = self.definitions.code(position), self.definitions.statement(position)
        if code.ipython_only(statement):
            message = "this statement has lines that only IPython understands"
            self._problem(UNSAVEABLE, position, code.start(statement), message)
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
            cache=code.chunk.settings.cache,
        )
        self.by_position[position] = saved
        for name in saved.names:
            self._first.setdefault(name, position)

    def _names(self, statement: Statement) -> tuple[str, ...]:
        """What a saved statement adds; a method patched onto a class adds nothing."""
        if statement.patches:
            return ()
        aliases = {entry.bound for entry in statement.imports if names_module(entry, self.name)}
        self._aliases.update(aliases)
        there = {e.bound for e in statement.imports if from_module(e, self.name) and not e.alias}
        return tuple(name for name in statement.binds if name not in aliases | there)

    def _saved_twice(self) -> None:
        """Report names that two definitions have; overloads and the like are one definition."""
        plain: dict[str, Position] = {}
        for position, saved in self.by_position.items():
            if saved.statement.variant or self._is_variant_by_alias(position, saved.statement):
                continue
            for name in saved.names:
                first = plain.setdefault(name, position)
                if first == position or saved.replaces or self._same_import(first, position, name):
                    continue
                message = f"{name} is already saved at {self.by_position[first].place}"
                self._problem(SAVED_TWICE, position, saved.place, message)

    def _is_variant_by_alias(self, position: Position, statement: Statement) -> bool:
        """Whether a decorator such as `overload` was imported under another name."""
        names = decorator_names(statement.node)
        for use in (use for use in statement.uses if use.name in names and not use.deferred):
            found = self.definitions.within(use, position)
            if found is None:
                found = self.definitions.earlier(use.name, position.unit)
            entries = () if found is None else self.definitions.imports(found, use.name)
            if any(entry.attribute in VARIANTS for entry in entries):
                return True
        return False

    def _same_import(self, one: Position, other: Position, name: str) -> bool:
        ones = self.definitions.imports(one, name)
        others = self.definitions.imports(other, name)
        agreeing = all(_agree(a, b) for a in ones for b in others)
        return bool(ones) and bool(others) and agreeing

    def _future(self) -> Iterator[str]:
        """Features that the sections which save something ask of Python."""
        for unit in {position.unit for position in self.by_position}:
            for code in self.definitions.units[unit].chunks:
                for statement in code.statements:
                    yield from future_features(statement)

    # closing over names

    def _need(self, position: Position, use: Use) -> None:
        """Bring along the import that a saved statement uses, or see that the name is saved."""
        statement = self.definitions.statement(position)
        attribute = package_attribute(use, self.name, self.module_names[position.unit])
        if attribute is not None:
            self._in_order(position, use, attribute)
        if use.deferred and use.name in statement.binds:
            return
        found = self.definitions.within(use, position)
        if found is None and use.name not in GIVEN:
            found = self.definitions.earlier(use.name, position.unit)
        first = self._first.get(use.name)
        if found is not None and found not in self.by_position and self._is_import(found, use.name):
            self._need_imports(position, use, found)
        elif first is not None and (use.deferred or first != position):
            self._in_order(position, use, use.name)
        elif found is not None and found not in self.by_position:
            self._unsaved(position, use, found)
        elif found is None and use.name not in GIVEN and not use.quoted:
            self._need_stars(position)

    def _is_import(self, position: Position, name: str) -> bool:
        return bool(self.definitions.imports(position, name))

    def _need_imports(self, position: Position, use: Use, found: Position) -> None:
        for place in self.definitions.plain_imports(found, use.name):
            for entry in self.definitions.imports(place, use.name):
                self._need_import(position, use, entry)

    def _need_import(self, position: Position, use: Use, entry: Import) -> None:
        if names_module(entry, self.name):
            self._aliases.add(use.name)
            return
        if from_module(entry, self.name) and not entry.alias:
            self._in_order(position, use, use.name)
            return
        known = self._imports.setdefault(use.name, {})
        other = next(iter(known.values()), entry)
        if from_module(entry, self.name):
            message = f"{use.name} is `{entry.text}`, which the module itself cannot import"
            self._conflict(position, use, message, f"say {entry.attribute} in saved code")
        elif not _agree(entry, other):
            message = f"{use.name} is `{entry.text}` here and `{other.text}` for other saved code"
            self._conflict(position, use, message, "give one of the two another name with `as`")
        else:
            known[entry.text] = entry
            self._needed.setdefault(use.name, (position, use))

    def _need_stars(self, position: Position) -> None:
        """What nobody defines may come from `from x import *` in the section."""
        for chunk, entry in self.definitions.units[position.unit].stars:
            if chunk <= position.chunk and not from_module(entry, self.name):
                self._imports.setdefault("*", {})[entry.text] = entry

    def _imports_against_saved(self) -> None:
        """An import that comes along must not take the name of something that is saved."""
        for name, (position, use) in self._needed.items():
            first = self._first.get(name)
            text = next(iter(self._imports[name]))
            if name in self._aliases:
                message = f"{name} is `{text}` here, and the module's own name in other saved code"
            elif first is not None and not self._agrees_with_saved(name, first):
                place = self.by_position[first].place
                message = (
                    f"{name} is `{text}` here, and something else is saved as {name} at {place}"
                )
            else:
                continue
            self._conflict(position, use, message, "give one of the two another name")

    def _agrees_with_saved(self, name: str, first: Position) -> bool:
        saved = self.definitions.imports(first, name)
        needed = self._imports[name].values()
        return bool(saved) and all(_agree(a, b) for a in saved for b in needed)

    # problems

    def _in_order(self, position: Position, use: Use, name: str) -> None:
        first = self._first.get(name)
        if use.deferred or first is None or first < position:
            return
        where = "by this very statement" if first == position else self._where(first)
        message = f"{name} is needed here at once, but is saved {where}"
        hint = f"move one of the two, so that {name} is saved first"
        place = self.definitions.code(position).place(use)
        self._problem(SAVED_LATER, position, place, message, hint)

    def _where(self, position: Position) -> str:
        return f"later, in {self.by_position[position].section}"

    def _unsaved(self, position: Position, use: Use, definition: Position) -> None:
        who = " and ".join(self.by_position[position].names) or "this statement"
        where = self.definitions.place(definition)
        message = f"{who} is saved, but needs {use.name}, which {where} defines without saving it"
        hint = f"mark {use.name} with #@save too, or hand it over as an argument"
        place = self.definitions.code(position).place(use)
        self._problem(SAVED_NEEDS_UNSAVED, position, place, message, hint)

    def _conflict(self, position: Position, use: Use, message: str, hint: str) -> None:
        place = self.definitions.code(position).place(use)
        self._problem(IMPORT_CONFLICT, position, place, message, hint)

    def _problem(
        self,
        kind: ProblemKind,
        position: Position,
        place: Place,
        message: str,
        hint: str | None = None,
    ) -> None:
        section = self.definitions.code(position).occurrence.section
        self.problems.append(kind.at(place, message, section=section, hint=hint))


def used_by_saved(package: Package) -> frozenset[str]:
    """The names that saved statements use, at once or when they are called."""
    return frozenset(use.name for saved in package.saved for use in saved.statement.uses)


def package_face(unit: UnitCode, used: frozenset[str]) -> Iterator[object]:
    """What the package can notice of a unit, the places of its lines aside: plain values.

    Args:
        unit: the unit.
        used: names that saved statements use, as `used_by_saved` has them.
    """
    for code in unit.chunks:
        found: list[object] = [(e.kind.code, e.message, e.hint) for e in code.marked.misplaced]
        for row, statement in enumerate(code.statements):
            marker = code.marked.saved.get(row)
            told = marker or statement.imports or statement.future
            if told or not used.isdisjoint(statement.touched):
                texts = [line.text for line in code.lines(statement)]
                facts = marker and (marker.replaces, code.ipython_only(statement))
                found.append((facts, statement.alone, *texts))
        if found:
            occurrence, chunk = code.occurrence, code.chunk
            # A chunk that stands in several places is saved once, under the page that it is on.
            yield occurrence.section, chunk.page, occurrence.referred, repr(chunk.settings), *found


def marked_positions(unit: UnitCode) -> Iterator[tuple[int, int]]:
    """Chunk and statement of what is marked in its place, in order."""
    for at, code in enumerate(unit.chunks):
        yield from ((at, row) for row in sorted(code.marked.saved))


def _misplaced(code: ChunkCode) -> Iterator[Problem]:
    for entry in code.marked.misplaced:
        place = place_in(code.chunk, entry.line, entry.column)
        section = code.occurrence.section
        yield entry.kind.at(place, entry.message, section=section, hint=entry.hint)


def _agree(one: Import, other: Import) -> bool:
    """Whether two imports of one name leave each other's meaning alone."""
    return one.text == other.text or (one.plain and other.plain)
