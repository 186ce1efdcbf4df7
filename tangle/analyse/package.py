"""The package: saved statements in reading order, closed over the names that they use."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from msgspec import Struct, field

from tangle.analyse.code import GIVEN, ChunkCode, Position, UnitCode
from tangle.analyse.definitions import Definitions
from tangle.analyse.markers import Marker
from tangle.analyse.modules import imported_modules
from tangle.analyse.names import Import, Statement, Use, future_features
from tangle.analyse.plan import Package, Saved
from tangle.analyse.reachability import from_module, names_module, package_attribute
from tangle.analyse.source import place_in
from tangle.analyse.statements import VARIANTS, decorator_names
from tangle.analyse.supply import Supply, installed_name, taken_bare, unit_imports
from tangle.model import CodeLine, PackageName, Place, Problem, ProblemKind, SectionName
from tangle.model.problems.code import (
    IMPORT_CONFLICT,
    SAVED_LATER,
    SAVED_NEEDS_UNSAVED,
    SAVED_TWICE,
    UNSAVEABLE,
)


class SavedStatement(Struct, frozen=True, kw_only=True):
    """A statement that is marked, in plain values.

    Attributes:
        chunk, statement: where it stands in its unit.
        marker: the place of its marker.
        names: what it adds to the package.
        aliases: names that it gives the generated module itself.
        binds: names that it may bind at module level.
        uses: the names that it takes from elsewhere, each with its place.
        extends: the names whose things its decorators add it to.
        variant: whether it is one of several definitions of its name that belong together.
        decorators: its decorators that are plain names.
        modules: top-level modules that it imports.
        unsaveable: whether it has lines that only IPython understands.
        reads: files that its chunk declares.
    """

    chunk: int
    statement: int
    marker: Place
    place: Place
    section: SectionName
    names: tuple[str, ...]
    aliases: tuple[str, ...]
    binds: tuple[str, ...]
    uses: tuple[tuple[Use, Place], ...]
    lines: tuple[CodeLine, ...]
    imports: tuple[Import, ...]
    patches: tuple[str, ...]
    extends: tuple[str, ...]
    variant: bool
    decorators: tuple[str, ...]
    future: bool
    replaces: bool
    modules: tuple[str, ...]
    unsaveable: bool
    cache: bool
    reads: tuple[str, ...]


class Saving(Struct, frozen=True, kw_only=True):
    """What a unit saves.

    Attributes:
        statements: those that are marked, in order.
        misplaced: the problems of markers that save nothing.
        future: the features that it asks of Python.
        stars: each `from x import *`, with the index of its chunk.
    """

    statements: tuple[SavedStatement, ...] = ()
    misplaced: tuple[Problem, ...] = ()
    future: tuple[str, ...] = ()
    stars: tuple[tuple[int, Import], ...] = ()


def saving(unit: UnitCode, name: PackageName) -> Saving:
    """What a unit saves into the package of that name.

    Args:
        unit: its code, with the places of its markers.
        name: the name of the package.
    """
    return Saving(
        statements=tuple(
            _saved_statement(code, at, row, marker, name)
            for at, code in enumerate(unit.chunks)
            for row, marker in sorted(code.marked.saved.items())
        ),
        misplaced=tuple(problem for code in unit.chunks for problem in _misplaced(code)),
        future=tuple(
            feature
            for code in unit.chunks
            for statement in code.statements
            for feature in future_features(statement)
        ),
        stars=unit.stars,
    )


def _saved_statement(
    code: ChunkCode, at: int, row: int, marker: Marker, name: PackageName
) -> SavedStatement:
    statement = code.statements[row]
    unsaveable = code.ipython_only(statement)
    aliases = {entry.bound for entry in statement.imports if names_module(entry, name)}
    return SavedStatement(
        chunk=at,
        statement=row,
        marker=place_in(code.chunk, marker.line, marker.column),
        place=code.start(statement),
        section=code.occurrence.section,
        names=_names(statement, aliases, name),
        aliases=tuple(sorted(aliases)) if not statement.patches else (),
        binds=statement.binds,
        uses=tuple((use, code.place(use)) for use in statement.uses),
        lines=() if unsaveable else code.lines(statement),
        imports=statement.imports,
        patches=statement.patches,
        extends=statement.extends,
        variant=statement.variant,
        decorators=decorator_names(statement.node),
        future=statement.future,
        replaces=marker.replaces,
        modules=tuple(sorted(set(imported_modules(statement.node)))),
        unsaveable=unsaveable,
        cache=code.chunk.settings.cache,
        reads=code.chunk.settings.reads,
    )


def _names(statement: Statement, aliases: set[str], name: PackageName) -> tuple[str, ...]:
    """What a saved statement adds; a method patched onto a class adds nothing."""
    if statement.patches:
        return ()
    there = {e.bound for e in statement.imports if from_module(e, name) and not e.alias}
    return tuple(bound for bound in statement.binds if bound not in aliases | there)


class Closure(Struct, kw_only=True):
    """Builds the package; `problems` are those met on the way.

    Attributes:
        module_names: the names that mean the generated module in a unit.
        title: the title of a section.
        supply: the import lines that are supplied for a name in a unit.
        installed: whether the installed module of the package's name has a name.
        overlay: whether there is such a module.
        by_position: what is saved, in reading order.
    """

    definitions: Definitions
    name: PackageName
    module_names: Callable[[int], frozenset[str]]
    title: Callable[[SectionName], str]
    supply: Supply
    installed: Callable[[str], bool]
    overlay: bool
    problems: list[Problem] = field(default_factory=list)
    by_position: dict[Position, SavedStatement] = field(default_factory=dict)
    _units: dict[int, Saving] = field(default_factory=dict)
    _first: dict[str, Position] = field(default_factory=dict)
    _imports: dict[str, dict[str, Import]] = field(default_factory=dict)
    _needed: dict[str, tuple[Position, Place]] = field(default_factory=dict)
    _aliases: set[str] = field(default_factory=set)

    def package(self, units: Mapping[int, Saving]) -> Package:
        """Collect what is saved and what it needs.

        Args:
            units: what each unit saves that has a marker, in reading order.
        """
        self._units = dict(units)
        self._collect()
        self._saved_twice()
        for position, entry in self.by_position.items():
            for use, place in entry.uses:
                self._need(position, entry, use, place)
        self._imports_against_saved()
        stars = (e for s in self.by_position.values() for e in s.imports if e.star)
        return Package(
            name=self.name,
            future=tuple(sorted(self._future())),
            imports={name: tuple(sorted(found)) for name, found in sorted(self._imports.items())},
            aliases=tuple(sorted(self._aliases)),
            saved=tuple(map(self._saved, self.by_position.values())),
            exports=frozenset({*self._first, *self._imports, *self._aliases} - {"*"}),
            star="*" in self._imports or not all(from_module(e, self.name) for e in stars),
            overlay=self.overlay,
        )

    # collecting

    def _collect(self) -> None:
        """Find what is marked; a chunk that stands in several places is saved at the first."""
        saved_at: set[Place] = set()
        markers_at: set[Place] = set()
        misplaced: list[Problem] = []
        for unit, found in self._units.items():
            misplaced.extend(found.misplaced)
            for entry in found.statements:
                markers_at.add(entry.marker)
                if entry.place not in saved_at:
                    saved_at.add(entry.place)
                    self._save(Position(unit, entry.chunk, entry.statement), entry)
        # A marker that saves at its own place is nested where a reference brings it elsewhere.
        self.problems.extend(entry for entry in misplaced if entry.place not in markers_at)

    def _save(self, position: Position, entry: SavedStatement) -> None:
        if entry.unsaveable:
            message = "this statement has lines that only IPython understands"
            self._problem(UNSAVEABLE, entry, entry.place, message)
            return
        self.by_position[position] = entry
        self._aliases.update(entry.aliases)
        for name in entry.names:
            self._first.setdefault(name, position)

    def _saved(self, entry: SavedStatement) -> Saved:
        return Saved(
            names=entry.names,
            lines=entry.lines,
            section=entry.section,
            title=self.title(entry.section),
            place=entry.place,
            replaces=entry.replaces,
            imports=entry.imports,
            patches=entry.patches,
            future=entry.future,
            cache=entry.cache,
            reads=entry.reads,
        )

    def _saved_twice(self) -> None:
        """Report names that two definitions have; overloads and the like are one definition."""
        plain: dict[str, Position] = {}
        for position, saved in self.by_position.items():
            if saved.variant or self._is_variant_by_alias(position, saved):
                continue
            for name in saved.names:
                first = plain.setdefault(name, position)
                if first == position or saved.replaces or self._same_import(first, position, name):
                    continue
                message = f"{name} is already saved at {self.by_position[first].place}"
                self._problem(SAVED_TWICE, saved, saved.place, message)

    def _is_variant_by_alias(self, position: Position, saved: SavedStatement) -> bool:
        """Whether a decorator such as `overload` was imported under another name."""
        for use, _ in saved.uses:
            if use.name not in saved.decorators or use.deferred:
                continue
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

    def _future(self) -> set[str]:
        """Features that the sections which save something ask of Python."""
        units = {position.unit for position in self.by_position}
        return {feature for unit in units for feature in self._units[unit].future}

    # closing over names

    def _need(self, position: Position, entry: SavedStatement, use: Use, place: Place) -> None:
        """Bring along the import that a saved statement uses, or see that the name is saved."""
        attribute = package_attribute(use, self.name, self.module_names(position.unit))
        if attribute is not None:
            self._in_order(position, use, place, attribute)
        if use.deferred and use.name in entry.binds:
            return
        found = self.definitions.within(use, position)
        if found is None and use.name not in GIVEN:
            found = self.definitions.earlier(use.name, position.unit)
        first = self._first.get(use.name)
        if found is not None and found not in self.by_position and self._is_import(found, use.name):
            self._need_imports(position, use, place, found)
        elif first is not None and (use.deferred or first != position):
            self._in_order(position, use, place, use.name)
        elif found is not None and found not in self.by_position:
            self._unsaved(entry, use, place, found)
        elif found is None and use.name not in GIVEN and not use.quoted:
            self._need_supplied(position, use, place)

    def _need_supplied(self, position: Position, use: Use, place: Place) -> None:
        """Bring along the import that the notes leave out; or what may have the name."""
        lines = self.supply(position.unit, use.name)
        if not lines and taken_bare(use.name) and self.installed(use.name):
            lines = (f"from {installed_name(self.name)} import {use.name}",)
        for entry in unit_imports(lines):
            self._need_import(position, use, place, entry)
        if not lines:
            self._need_stars(position)

    def _is_import(self, position: Position, name: str) -> bool:
        return bool(self.definitions.imports(position, name))

    def _need_imports(self, position: Position, use: Use, place: Place, found: Position) -> None:
        for at in self.definitions.plain_imports(found, use.name):
            for entry in self.definitions.imports(at, use.name):
                self._need_import(position, use, place, entry)

    def _need_import(self, position: Position, use: Use, place: Place, entry: Import) -> None:
        if names_module(entry, self.name):
            self._aliases.add(use.name)
            return
        if from_module(entry, self.name) and not entry.alias:
            self._in_order(position, use, place, use.name)
            return
        known = self._imports.setdefault(use.name, {})
        other = next(iter(known.values()), entry)
        if from_module(entry, self.name):
            message = f"{use.name} is `{entry.text}`, which the module itself cannot import"
            self._conflict(position, place, message, f"say {entry.attribute} in saved code")
        elif not _agree(entry, other):
            message = f"{use.name} is `{entry.text}` here and `{other.text}` for other saved code"
            self._conflict(position, place, message, "give one of the two another name with `as`")
        else:
            known[entry.text] = entry
            self._needed.setdefault(use.name, (position, place))

    def _need_stars(self, position: Position) -> None:
        """An undefined name may come from `from x import *` in the section."""
        for chunk, entry in self._units[position.unit].stars:
            if chunk <= position.chunk and not from_module(entry, self.name):
                self._imports.setdefault("*", {})[entry.text] = entry

    def _imports_against_saved(self) -> None:
        """An import that comes along must not take the name of something that is saved."""
        for name, (position, place) in self._needed.items():
            first = self._first.get(name)
            text = next(iter(self._imports[name]))
            if name in self._aliases:
                message = f"{name} is `{text}` here, and the module's own name in other saved code"
            elif first is not None and not self._agrees_with_saved(name, first):
                where = self.by_position[first].place
                message = (
                    f"{name} is `{text}` here, and something else is saved as {name} at {where}"
                )
            else:
                continue
            self._conflict(position, place, message, "give one of the two another name")

    def _agrees_with_saved(self, name: str, first: Position) -> bool:
        saved = self.definitions.imports(first, name)
        needed = self._imports[name].values()
        return bool(saved) and all(_agree(a, b) for a in saved for b in needed)

    # problems

    def _in_order(self, position: Position, use: Use, place: Place, name: str) -> None:
        first = self._first.get(name)
        if use.deferred or first is None or first < position:
            return
        where = "by this very statement" if first == position else self._where(first)
        message = f"{name} is needed here at once, but is saved {where}"
        hint = f"move one of the two, so that {name} is saved first"
        self._problem(SAVED_LATER, self.by_position[position], place, message, hint)

    def _where(self, position: Position) -> str:
        return f"later, in {self.by_position[position].section}"

    def _unsaved(self, entry: SavedStatement, use: Use, place: Place, definition: Position) -> None:
        who = " and ".join(entry.names) or "this statement"
        where = self.definitions.bound_at(definition, use.name)
        message = f"{who} is saved, but needs {use.name}, which {where} defines without saving it"
        hint = f"mark {use.name} with #@save too, or hand it over as an argument"
        self._problem(SAVED_NEEDS_UNSAVED, entry, place, message, hint)

    def _conflict(self, position: Position, place: Place, message: str, hint: str) -> None:
        self._problem(IMPORT_CONFLICT, self.by_position[position], place, message, hint)

    def _problem(
        self,
        kind: ProblemKind,
        entry: SavedStatement,
        place: Place,
        message: str,
        hint: str | None = None,
    ) -> None:
        self.problems.append(kind.at(place, message, section=entry.section, hint=hint))


def _misplaced(code: ChunkCode) -> Iterator[Problem]:
    for entry in code.marked.misplaced:
        place = place_in(code.chunk, entry.line, entry.column)
        section = code.occurrence.section
        yield entry.kind.at(place, entry.message, section=section, hint=entry.hint)


def _agree(one: Import, other: Import) -> bool:
    """Whether two imports of one name leave each other's meaning alone."""
    return one.text == other.text or (one.plain and other.plain)
