"""What a borrowed statement needs in turn: worked out once, whoever borrows it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from tangle.analyse.code import GIVEN, Position
from tangle.analyse.definitions import Definitions, Lookups
from tangle.analyse.names import Use
from tangle.analyse.plan import Borrowed
from tangle.analyse.reach import asked_of_package, from_module
from tangle.model import CodeLine, PackageName

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
    _lookups: dict[Position, Lookups] = field(default_factory=dict)

    def usable(self, position: Position) -> bool:
        """Whether a definition may be borrowed: what is not run, or must fail, may not."""
        settings = self.definitions.code(position).chunk.settings
        return position in self.saved or (settings.run and settings.raises is None)

    def with_company(self, position: Position, name: str) -> Iterator[Wanted]:
        """A definition with what its unit adds: submodules to an import, methods to a class."""
        if self.definitions.imports(position, name):
            for entry in self.definitions.plain_imports(position, name):
                if self.usable(entry):
                    yield entry, name
            return
        if position in self.saved:
            yield position, name
            return
        yield position, ""
        for at in self.definitions.units[position.unit].patches.get(name, ()):
            patch = Position(position.unit, *at)
            if patch > position and self.usable(patch) and patch not in self.saved:
                yield patch, ""

    def needs(self, position: Position, name: str) -> tuple[Wanted, ...]:
        """What a statement needs at once, or when its functions are called."""
        if name:
            return ()
        if position not in self._needs:
            with self.definitions.looking() as self._lookups[position]:
                self._work_out(position)
        self.definitions.looked.add(self._lookups[position])
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
                found.update(dict.fromkeys(self.with_company(source, use.name)))
            elif use.name not in GIVEN:
                missing.append(use.name)
        self._needs[position] = tuple(found)
        self._missing[position] = tuple(missing)

    def missing(self, position: Position, name: str) -> tuple[str, ...]:
        """Names that a statement needs, and that nothing defines for it."""
        self.needs(position, name)
        return self._missing.get(position, ()) if not name else ()

    def _source(self, position: Position, use: Use) -> Position | None:
        found = self.definitions.within(use, position, self.usable)
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
            section=self.definitions.units[position.unit].unit.name,
            place=self.definitions.place(position),
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
            section=self.definitions.units[position.unit].unit.name,
            place=place,
        )
