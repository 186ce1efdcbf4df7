"""What a borrowed statement needs in turn: worked out once for all that borrow it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Final

from msgspec import Struct

from tangle.analyse.code import GIVEN, Position
from tangle.analyse.definitions import Definitions
from tangle.analyse.mutations import price
from tangle.analyse.names import Statement, Use, future_features
from tangle.analyse.plan import Borrowed
from tangle.analyse.reachability import asked_of_package, from_module
from tangle.analyse.scopes import surely_binds
from tangle.model import CodeLine, PackageName

_LAST: Final = sys.maxsize

Wanted = tuple[Position, str]
"""A statement and, where it is borrowed by name (an import, something saved), that name."""


class Needs(Struct, frozen=True, kw_only=True):
    """What a statement needs at once, or when its functions are called.

    Attributes:
        missing: names that nothing defines for it.
    """

    wanted: tuple[Wanted, ...]
    missing: tuple[str, ...]


class Lender(Struct, frozen=True, kw_only=True):
    """Hands out the statements of all units.

    Attributes:
        saved: whether the package has a statement.
        module_names: the names that mean the generated module in a unit.
        needs_of: what `work_out` says of a statement, which does not change.
        when_called: the same of `names_when_called`: names of its module's scope that a function,
            or a class, may need once it is called.
        entry_of: the same of `whole`.
        features_of: the same of `future`, for a unit and a chunk.
    """

    definitions: Definitions
    name: PackageName
    saved: Callable[[Position], bool]
    module_names: Callable[[int], frozenset[str]]
    needs_of: Callable[[Position], Needs]
    when_called: Callable[[Position], frozenset[str]]
    entry_of: Callable[[Position], Borrowed]
    features_of: Callable[[tuple[int, int]], tuple[Borrowed, ...]]

    def usable(self, position: Position) -> bool:
        """Whether a definition may be borrowed: what is not run, or must fail, may not."""
        settings = self.definitions.code(position).chunk.settings
        return self.saved(position) or (settings.run and settings.raises is None)

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
        if self.saved(position):
            yield position, name
            return
        yield position, ""
        yield from self._before_it(position, name)
        patches = self.definitions.units.code(position.unit).patches.get(name, ())
        for patch in (Position(position.unit, *at) for at in patches):
            if patch > position and self.usable(patch) and not self.saved(patch):
                yield patch, ""
        changes = self.definitions.changes(name, position, before)
        yield from ((change, "") for change in changes if self._changes_it(change, name))

    def _before_it(self, position: Position, name: str) -> Iterator[Wanted]:
        """The definitions that a statement replaces only perhaps: it may leave the name alone."""
        while self._leaves(self.definitions.statement(position), name):
            use = Use(name=name, line=0, column=0, deferred=False)
            found = self.definitions.within(use, position, self.usable)
            if found is None or self.saved(found) or self.definitions.imports(found, name):
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
        statement = self.definitions.statement(change)
        defines = name in statement.binds  # then it is the definition itself
        return not defines and self.usable(change) and not self.saved(change)

    def needs(self, position: Position, name: str) -> tuple[Wanted, ...]:
        """What a statement needs at once, or when its functions are called."""
        if name:
            return ()
        return self.needs_of(position).wanted

    def work_out(self, position: Position) -> Needs:
        """What a statement needs, and what of it nothing defines."""
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
        return Needs(wanted=tuple(found), missing=tuple(missing))

    def _for_calls(self, function: Position, position: Position) -> Iterator[Wanted]:
        """What a function finds when it is called at a place: not what is defined only later."""
        for name in self.when_called(function):
            use = Use(name=name, line=0, column=0, deferred=False)
            source = self._source(position, use)
            if source is not None:
                yield from self.with_company(source, name, position)

    def names_when_called(self, function: Position) -> frozenset[str]:
        """Names of its module's scope that a function, or a class, may need once it is called."""
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
        return frozenset(found)

    def missing(self, position: Position, name: str) -> tuple[str, ...]:
        """Names that a statement needs, and that nothing defines for it."""
        return self.needs_of(position).missing if not name else ()

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
        return self._by_name(position, name) if name else self.entry_of(position)

    def whole(self, position: Position) -> Borrowed:
        """A statement as it is borrowed as such, not by a name."""
        code, statement = self.definitions.code(position), self.definitions.statement(position)
        return Borrowed(
            kind="statement",
            names=statement.binds,
            lines=code.lines(statement),
            plain=code.plain(statement),
            takes=tuple(asked_of_package([statement], self.name, self.module_names(position.unit))),
            price=price(statement.node),
            section=self.definitions.units.name(position.unit),
            place=self.definitions.place(position),
            cache=code.chunk.settings.cache,
            reads=code.chunk.settings.reads,
        )

    def future(self, unit: int, chunk: int) -> Iterator[Borrowed]:
        """The imports from `__future__` that hold for the statements of a chunk."""
        code_of_unit = self.definitions.units.code(unit)
        for at, code in enumerate(code_of_unit.chunks[: chunk + 1]):
            for row, statement in enumerate(code.statements):
                for feature in future_features(statement):
                    place = self.definitions.place(Position(unit, at, row))
                    text = f"from __future__ import {feature}"
                    yield Borrowed(
                        kind="future",
                        names=(),
                        lines=(CodeLine(text=text, place=place),),
                        plain=(text,),
                        takes=(),
                        price="",
                        section=code_of_unit.unit.name,
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
            section=self.definitions.units.name(position.unit),
            place=place,
            cache=bool(imports) or self.definitions.code(position).chunk.settings.cache,
            reads=() if imports else self.definitions.code(position).chunk.settings.reads,
        )
