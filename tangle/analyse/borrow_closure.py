"""What a borrowed statement needs in turn: worked out once, whoever borrows it."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from tangle.analyse.code import GIVEN, Position
from tangle.analyse.definitions import Definitions, Lookups
from tangle.analyse.mutations import price
from tangle.analyse.names import Statement, Use, future_features
from tangle.analyse.plan import Borrowed
from tangle.analyse.reachability import asked_of_package, from_module
from tangle.analyse.scopes import surely_binds
from tangle.model import CodeLine, PackageName

_LAST: Final = sys.maxsize

Wanted = tuple[Position, str]
"""A statement and, where it is borrowed by name (an import, something saved), that name."""


@dataclass(slots=True, kw_only=True)
class Lender:
    """Hands out the statements of all units.

    Attributes:
        saved: the statements that the package has.
        module_names: for each unit, the names that mean the generated module there.
    """

    definitions: Definitions
    name: PackageName
    saved: Collection[Position]
    module_names: Sequence[frozenset[str]]
    _entries: dict[Wanted, Borrowed] = field(default_factory=dict)
    _needs: dict[Position, tuple[Wanted, ...]] = field(default_factory=dict)
    _missing: dict[Position, tuple[str, ...]] = field(default_factory=dict)
    _called: dict[Position, frozenset[str]] = field(default_factory=dict)
    _lookups: dict[tuple[Position, str], Lookups] = field(default_factory=dict)

    def usable(self, position: Position) -> bool:
        """Whether a definition may be borrowed: what is not run, or must fail, may not."""
        settings = self.definitions.code(position).chunk.settings
        return position in self.saved or (settings.run and settings.raises is None)

    def with_company(self, position: Position, name: str, before: Position) -> Iterator[Wanted]:
        """A definition with what is added to it: submodules to an import, methods to a class.

        And, where it is taken as the statement itself, what changes in place the thing that it
        made, up to where it is needed.

        Args:
            position: where the definition stands.
            name: what it defines.
            before: where it is needed.
        """
        if self.definitions.imports(position, name):
            imports = self.definitions.plain_imports(position, name)
            yield from ((entry, name) for entry in imports if self.usable(entry))
            return
        if position in self.saved:
            yield position, name
            return
        yield position, ""
        yield from self._before_it(position, name)
        patches = self.definitions.units[position.unit].patches.get(name, ())
        for patch in (Position(position.unit, *at) for at in patches):
            if patch > position and self.usable(patch) and patch not in self.saved:
                yield patch, ""
        changes = self.definitions.changes(name, position, before)
        yield from ((change, "") for change in changes if self._changes_it(change, name))

    def _before_it(self, position: Position, name: str) -> Iterator[Wanted]:
        """The definitions that a statement replaces only perhaps: it may leave the name alone."""
        while self._leaves(self.definitions.statement(position), name):
            use = Use(name=name, line=0, column=0, deferred=False)
            found = self.definitions.within(use, position, self.usable)
            if found is None or found in self.saved or self.definitions.imports(found, name):
                if found is not None:
                    yield found, name
                return
            yield found, ""
            position = found

    @staticmethod
    def _leaves(statement: Statement, name: str) -> bool:
        """Whether a statement that defines a name may leave it as it was."""
        return name not in statement.binds or not surely_binds(statement.node, name)

    def _changes_it(self, change: Position, name: str) -> bool:
        """Whether a statement that seems to change a thing is one to borrow."""
        numbered = self.definitions.units[change.unit].numbered
        statement = self.definitions.statement(change)
        defines = name in statement.binds  # then it is the definition itself
        return numbered and not defines and self.usable(change) and change not in self.saved

    def needs(self, position: Position, name: str) -> tuple[Wanted, ...]:
        """What a statement needs at once, or when its functions are called."""
        if name:
            return ()
        if position not in self._needs:
            with self.definitions.looking() as self._lookups[position, "needs"]:
                self._work_out(position)
        self.definitions.looked.add(self._lookups[position, "needs"])
        return self._needs[position]

    def _work_out(self, position: Position) -> None:
        found: dict[Wanted, None] = {}
        missing: list[str] = []
        statement = self.definitions.statement(position)
        for use in statement.uses:
            if use.deferred and use.name in statement.binds:
                continue
            source = self._source(position, use)
            if source is not None:
                # What a function needs, it finds as it is when the unit has run.
                before = Position(position.unit, _LAST, 0) if use.deferred else position
                found.update(dict.fromkeys(self.with_company(source, use.name, before)))
                if not use.deferred:
                    found.update(dict.fromkeys(self._for_calls(source, position)))
            elif use.name not in GIVEN and not use.quoted:
                missing.append(use.name)
        self._needs[position] = tuple(found)
        self._missing[position] = tuple(missing)

    def _for_calls(self, function: Position, position: Position) -> Iterator[Wanted]:
        """What a function finds when it is called at a place: not what is defined only later."""
        for name in self.when_called(function):
            use = Use(name=name, line=0, column=0, deferred=False)
            source = self._source(position, use)
            if source is not None:
                yield from self.with_company(source, name, position)

    def when_called(self, function: Position) -> frozenset[str]:
        """Names of its module's scope that a function, or a class, may need once it is called."""
        if function not in self._called:
            with self.definitions.looking() as self._lookups[function, "called"]:
                self._called[function] = frozenset(self._names_when_called(function))
        self.definitions.looked.add(self._lookups[function, "called"])
        return self._called[function]

    def _names_when_called(self, function: Position) -> set[str]:
        found: set[str] = set()
        todo = [function]
        seen = {function}
        while todo:
            position = todo.pop()
            for use in self.definitions.statement(position).uses:
                if not use.deferred or use.name in GIVEN or use.name in found:
                    continue
                found.add(use.name)
                source = self._source(position, use)
                if source is not None and source not in seen:
                    seen.add(source)
                    todo.append(source)
        return found

    def missing(self, position: Position, name: str) -> tuple[str, ...]:
        """Names that a statement needs, and that nothing defines for it."""
        self.needs(position, name)
        return self._missing.get(position, ()) if not name else ()

    def _source(self, position: Position, use: Use) -> Position | None:
        """The statement that defines a name for the one at a position.

        For a name that is needed at a call alone, the last one of its unit: the call comes later.
        """
        found = self.definitions.within(use, position, self.usable, last=True)
        if found is None and use.name not in GIVEN:
            found = self.definitions.earlier(use.name, position.unit, self.usable)
        return found

    def entry(self, position: Position, name: str) -> Borrowed:
        """A statement as it is borrowed."""
        self.definitions.looked.units.add(position.unit)
        key = (position, name)
        if key not in self._entries:
            self._entries[key] = self._by_name(position, name) if name else self._whole(position)
        return self._entries[key]

    def _whole(self, position: Position) -> Borrowed:
        code, statement = self.definitions.code(position), self.definitions.statement(position)
        return Borrowed(
            kind="statement",
            names=statement.binds,
            lines=code.lines(statement),
            plain=code.plain(statement),
            takes=tuple(asked_of_package([statement], self.name, self.module_names[position.unit])),
            price=price(statement.node),
            section=self.definitions.units[position.unit].unit.name,
            place=self.definitions.place(position),
            cache=code.chunk.settings.cache,
            reads=code.chunk.settings.reads,
        )

    def future(self, position: Position) -> Iterator[Borrowed]:
        """The imports from `__future__` that hold for a statement where it stands."""
        unit = self.definitions.units[position.unit]
        for at, code in enumerate(unit.chunks[: position.chunk + 1]):
            for row, statement in enumerate(code.statements):
                for feature in future_features(statement):
                    place = self.definitions.place(Position(position.unit, at, row))
                    text = f"from __future__ import {feature}"
                    yield Borrowed(
                        kind="future",
                        names=(),
                        lines=(CodeLine(text=text, place=place),),
                        plain=(text,),
                        takes=(),
                        price="",
                        section=unit.unit.name,
                        place=place,
                    )

    def _by_name(self, position: Position, name: str) -> Borrowed:
        place = self.definitions.place(position)
        imports = self.definitions.imports(position, name)
        texts = tuple(dict.fromkeys(entry.text for entry in imports))
        texts = texts or (f"from {self.name} import {name}",)
        takes = (e.attribute for e in imports if from_module(e, self.name) and e.attribute)
        return Borrowed(
            kind="import" if imports else "saved",
            names=(name,),
            lines=tuple(CodeLine(text=text, place=place) for text in texts),
            plain=texts,
            takes=tuple(takes) if imports else (name,),
            price="",
            section=self.definitions.units[position.unit].unit.name,
            place=place,
            cache=bool(imports) or self.definitions.code(position).chunk.settings.cache,
            reads=() if imports else self.definitions.code(position).chunk.settings.reads,
        )
