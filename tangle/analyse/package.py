"""The package: saved statements in reading order, closed over the names that they use."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tangle.analyse.code import GIVEN, ChunkCode, Definitions, Position
from tangle.analyse.markers import unclear_markers
from tangle.analyse.names import Import, Statement, Use
from tangle.analyse.plan import Package, PackageName, Saved
from tangle.analyse.source import place_in
from tangle.model import Place, Problem, Section, SectionName


def names_module(entry: Import, name: PackageName) -> bool:
    """Whether an import binds the generated module itself to a name."""
    if entry.attribute is not None:
        return entry.module == name.root and entry.attribute == name.module
    return entry.module == str(name) and entry.alias is not None


def package_attribute(use: Use, name: PackageName, aliases: Iterable[str]) -> str | None:
    """The attribute of the generated module that a use asks for, if it asks for one."""
    if use.name in aliases and use.path:
        return use.path[0]
    if use.name == name.root and len(use.path) > 1 and use.path[0] == name.module:
        return use.path[1]
    return None


@dataclass(slots=True, kw_only=True)
class Closure:
    """Builds the package; `problems` are those met on the way."""

    definitions: Definitions
    name: PackageName
    problems: list[Problem] = field(default_factory=list)
    by_position: dict[Position, Saved] = field(default_factory=dict)
    _imports: dict[str, Import] = field(default_factory=dict)
    _aliases: set[str] = field(default_factory=set)

    def package(self, titles: Mapping[SectionName, Section]) -> Package:
        """Collect what is saved and what it needs."""
        self._collect(titles)
        self._saved_twice()
        first = self._first_positions()
        for position in self.by_position:
            for use in self.definitions.statement(position).uses:
                self._need(position, use, first)
        exports = set(first) | set(self._imports) | self._aliases
        return Package(
            name=self.name,
            imports=tuple(sorted({entry.text for entry in self._imports.values()})),
            aliases=tuple(sorted(self._aliases)),
            saved=tuple(self.by_position.values()),
            exports=frozenset(exports),
        )

    # collecting

    def _collect(self, titles: Mapping[SectionName, Section]) -> None:
        places = set()
        for position, code, statement in self._marked():
            place = place_in(code.chunk, statement.first, 0)
            if place in places:
                continue
            places.add(place)
            section = titles.get(code.occurrence.section)
            marker = code.marked.saved[position.statement]
            self.by_position[position] = Saved(
                names=self._names(statement),
                lines=code.lines(statement),
                section=code.occurrence.section,
                title=section.title if section else "",
                place=place,
                replaces=marker.replaces,
                statement=statement,
            )

    def _marked(self) -> Iterator[tuple[Position, ChunkCode, Statement]]:
        for unit, entry in enumerate(self.definitions.units):
            for chunk, code in enumerate(entry.chunks):
                self._misplaced(code)
                for row in sorted(code.marked.saved):
                    yield Position(unit, chunk, row), code, code.statements[row]

    def _misplaced(self, code: ChunkCode) -> None:
        for entry in code.marked.misplaced:
            place = place_in(code.chunk, entry.marker.line, entry.marker.column)
            self._problem(entry.code, code, place_of=place, message=entry.message, hint=entry.hint)
        for line, column, text in unclear_markers(code.parsed):
            place = place_in(code.chunk, line, column)
            message = f"{text!r} is no marker: after #@save only `replace` may follow"
            hint = "write #@save, or #@save replace, or put the words on a line of their own"
            self._problem("unclear-save", code, place_of=place, message=message, hint=hint)

    def _names(self, statement: Statement) -> tuple[str, ...]:
        """What a saved statement adds; a method patched onto a class adds nothing."""
        if _patches(statement.node):
            return ()
        own = [entry.bound for entry in statement.imports if names_module(entry, self.name)]
        self._aliases.update(own)
        return tuple(name for name in statement.binds if name not in own)

    def _first_positions(self) -> dict[str, Position]:
        first: dict[str, Position] = {}
        for position, saved in self.by_position.items():
            for name in saved.names:
                first.setdefault(name, position)
        return first

    def _saved_twice(self) -> None:
        first: dict[str, tuple[Position, Saved]] = {}
        for position, saved in self.by_position.items():
            for name in saved.names:
                if name not in first:
                    first[name] = (position, saved)
                elif not saved.replaces and not self._same_import(first[name][0], position, name):
                    message = f"{name} is saved already at {first[name][1].place}"
                    hint = "rename one, take one marker away, or write `#@save replace` on this one"
                    code = self.definitions.code(position)
                    self._problem(
                        "saved-twice", code, place_of=saved.place, message=message, hint=hint
                    )

    def _same_import(self, one: Position, other: Position, name: str) -> bool:
        texts = {
            entry.text
            for position in (one, other)
            for entry in self.definitions.statement(position).imports
            if entry.bound == name
        }
        both = all(self.definitions.statement(position).imports for position in (one, other))
        return both and len(texts) == 1

    # closing over names

    def _need(self, position: Position, use: Use, first: Mapping[str, Position]) -> None:
        statement = self.definitions.statement(position)
        if use.name in GIVEN or use.name in statement.binds:
            return
        found = self.definitions.within(use.name, position, deferred=use.deferred)
        found = found or self.definitions.earlier(use.name, position.unit)
        entry = self._import_at(found, use.name) if found else None
        if entry is not None and found not in self.by_position:
            self._need_import(position, use, entry)
        elif use.name in first:
            if not use.deferred and first[use.name] > position:
                self._saved_later(position, use, first[use.name])
        elif found is not None:
            self._unsaved(position, use, found)

    def _import_at(self, position: Position, name: str) -> Import | None:
        entries = self.definitions.statement(position).imports
        return next((entry for entry in entries if entry.bound == name), None)

    def _need_import(self, position: Position, use: Use, entry: Import) -> None:
        if names_module(entry, self.name):
            self._aliases.add(use.name)
            return
        other = self._imports.setdefault(use.name, entry)
        if other.text != entry.text:
            code = self.definitions.code(position)
            message = f"{use.name} is `{entry.text}` here and `{other.text}` for other saved code"
            hint = "give one of the two another name with `as`"
            self._problem(
                "import-conflict", code, place_of=code.place(use), message=message, hint=hint
            )

    def _saved_later(self, position: Position, use: Use, definition: Position) -> None:
        code = self.definitions.code(position)
        where = self.by_position[definition]
        message = f"{use.name} is needed here at once, but is saved later, in {where.section}"
        hint = f"move one of the two, so that {use.name} is saved first"
        self._problem("saved-later", code, place_of=code.place(use), message=message, hint=hint)

    def _unsaved(self, position: Position, use: Use, definition: Position) -> None:
        code = self.definitions.code(position)
        source = self.definitions.code(definition)
        place = place_in(source.chunk, self.definitions.statement(definition).first, 0)
        saved = self.by_position[position]
        who = " and ".join(saved.names) or "this statement"
        message = f"{who} is saved, but needs {use.name}, which {place} defines without saving it"
        hint = f"mark {use.name} with #@save too, or hand it over as an argument"
        self._problem(
            "saved-needs-unsaved", code, place_of=code.place(use), message=message, hint=hint
        )

    def _problem(
        self, name: str, code: ChunkCode, *, place_of: Place, message: str, hint: str
    ) -> None:
        self.problems.append(
            Problem(
                code=name,
                severity="error",
                place=place_of,
                section=code.occurrence.section,
                message=message,
                hint=hint,
            )
        )


def _patches(node: ast.stmt) -> bool:
    """Whether a function is put onto a class by its decorator: `@add_to_class(Trainer)`."""
    decorators: Sequence[ast.expr] = getattr(node, "decorator_list", ())
    return any(
        isinstance(entry, ast.Call)
        and any(isinstance(part, ast.Name | ast.Attribute) for part in entry.args)
        and "add_to_class" in ast.unparse(entry.func)
        for entry in decorators
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Which saved statements a piece of code reaches, through others."""

    package: Package
    _by_name: Mapping[str, tuple[int, ...]]
    _next: tuple[frozenset[str], ...]

    @classmethod
    def of(cls, package: Package) -> Reach:
        """Index a package's statements by what they add and what they use."""
        by_name: dict[str, tuple[int, ...]] = {}
        following: list[frozenset[str]] = []
        for index, saved in enumerate(package.saved):
            touched = saved.names or _patched(saved.statement)
            for name in touched:
                by_name[name] = (*by_name.get(name, ()), index)
            following.append(frozenset(package_names(saved.statement.uses, package)))
        return cls(package=package, _by_name=by_name, _next=tuple(following))

    def closure(self, names: Iterable[str]) -> frozenset[int]:
        """Indices of the saved statements that the names lead to."""
        todo = list(names)
        seen: set[str] = set()
        reached: set[int] = set()
        while todo:
            name = todo.pop()
            if name in seen:
                continue
            seen.add(name)
            for index in self._by_name.get(name, ()):
                reached.add(index)
                todo.extend(self._next[index] - seen)
        return frozenset(reached)


def _patched(statement: Statement) -> tuple[str, ...]:
    """The names whose meaning a patching statement changes: all that it uses."""
    return tuple({use.name for use in statement.uses if not use.deferred})


def package_names(uses: Iterable[Use], package: Package) -> Iterator[str]:
    """Names of the package that uses inside saved code, or through an alias, ask for."""
    for use in uses:
        attribute = package_attribute(use, package.name, package.aliases)
        yield attribute if attribute is not None else use.name


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that the given one is most likely a misspelling of."""
    found = difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.75)
    return found[0] if found else None
