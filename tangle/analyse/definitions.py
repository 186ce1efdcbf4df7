"""Where names are defined, over all units in reading order."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import Final, Protocol

from msgspec import Struct

from tangle.analyse.code import ChunkCode, Position, UnitCode
from tangle.analyse.names import Import, Statement, Use
from tangle.model import Place, SectionName

MAX_NEAR: Final = 50
"""Names for which a likely one is looked up: comparing with all names of a graph takes its time."""

NEAR_LENGTHS: Final = 2
"""By how many letters a name and its misspelling may differ in length."""

_ALIKE: Final = 0.75

Wanted = Callable[[Position], bool]


def _any(_: Position) -> bool:
    return True


class Bound(Struct, frozen=True, kw_only=True):
    """A statement that binds a name.

    Attributes:
        chunk, statement: where it stands in its unit.
        imports: how it binds the name, where it is an import.
    """

    chunk: int
    statement: int
    imports: tuple[Import, ...]
    place: Place


class Units(Protocol):
    """The units of a graph, by index in reading order; what answers also notes what was asked."""

    def code(self, unit: int) -> UnitCode:
        """The code of a unit."""

    def name(self, unit: int) -> SectionName:
        """What a unit is called."""

    def book(self, unit: int) -> str | None:
        """The book in which a unit has its place; None for a page outside of one."""

    def needed(self, unit: int) -> Sequence[int]:
        """The units before one that it names as needed, with all those that lend to these."""

    def defining(self, name: str) -> Sequence[int]:
        """The units that define a name."""

    def changing(self, name: str) -> Sequence[int]:
        """The units that change in place what a name means."""

    def lost(self, name: str) -> Sequence[int]:
        """The units in which a chunk that does not parse seems to define a name."""

    def bound(self, unit: int, name: str) -> Sequence[Bound]:
        """The statements of a unit that bind a name, in order."""


def bound_in(code: UnitCode, name: str) -> Iterator[Bound]:
    """The statements of a unit that bind a name, in order.

    Args:
        code: of the unit.
        name: as the code writes it.
    """
    for chunk, row in code.binders.get(name, ()):
        entry = code.chunks[chunk]
        statement = entry.statements[row]
        yield Bound(
            chunk=chunk,
            statement=row,
            imports=tuple(found for found in statement.imports if found.bound == name),
            place=entry.start(statement),
        )


class Definitions:
    """Where names are defined."""

    def __init__(self, units: Units) -> None:
        """Look it up in these units."""
        self.units = units

    def code(self, position: Position) -> ChunkCode:
        """The chunk in which a statement stands."""
        return self.units.code(position.unit).chunks[position.chunk]

    def statement(self, position: Position) -> Statement:
        """The statement at a position."""
        return self.code(position).statements[position.statement]

    def place(self, position: Position) -> Place:
        """Where the statement at a position stands in the notes."""
        code = self.code(position)
        return code.start(code.statements[position.statement])

    def defines(self, name: str, unit: int) -> bool:
        """Whether a unit defines a name."""
        return unit in self.units.defining(name)

    def within(
        self, use: Use, position: Position, wanted: Wanted = _any, *, last: bool = False
    ) -> Position | None:
        """The statement of the same unit that defines a name for the one at `position`.

        The last one before it; or, for a name needed only when a function is called, where there is
        none, the last one behind it.

        Args:
            use: the name.
            position: where it is used.
            wanted: which statements count.
            last: whether for a name needed at a call those behind it go before.
        """
        here = (position.chunk, position.statement)
        found = self._bound(position.unit, use.name)
        at = bisect_left(found, here)
        before: Iterator[tuple[int, int]] = (found[i] for i in reversed(range(at)))
        after = (found[i] for i in reversed(range(at, len(found))) if found[i] != here)
        if use.deferred:
            before = chain(after, before) if last else chain(before, after)
        return self._first(position.unit, before, wanted)

    def earlier(self, name: str, unit: int, wanted: Wanted = _any) -> Position | None:
        """The last definition of a name in the nearest of the units that lend to one."""
        if self.units.book(unit) is None and not self.units.needed(unit):
            return None
        having = self.units.defining(name)
        for at in reversed(range(bisect_left(having, unit))):
            index = having[at]
            if self.lends(index, unit):
                candidates = reversed(self._bound(index, name))
                if (found := self._first(index, candidates, wanted)) is not None:
                    return found
        return None

    def has_earlier(self, name: str, unit: int) -> bool:
        """Whether a unit that lends to one defines a name."""
        return any(self.lends(index, unit) for index in self.units.defining(name))

    def lends(self, lender: int, unit: int) -> bool:
        """Whether a unit's names may be borrowed by another.

        Those of earlier sections of its book may, and those of units that it needs.
        """
        if lender >= unit:
            return False
        book = self.units.book(unit)
        same = book is not None and self.units.book(lender) == book
        return same or lender in self.units.needed(unit)

    def changes(self, name: str, after: Position, before: Position) -> Iterator[Position]:
        """The statements between two places that change in place what a name means there."""
        having = self.units.changing(name)
        for at in range(bisect_left(having, after.unit), len(having)):
            unit = having[at]
            if unit > before.unit:
                return
            if unit != before.unit and not self.lends(unit, before.unit):
                continue
            for entry in self.units.code(unit).changers[name]:
                position = Position(unit, *entry)
                if after < position < before:
                    yield position

    def _bound(self, unit: int, name: str) -> list[tuple[int, int]]:
        return [(entry.chunk, entry.statement) for entry in self.units.bound(unit, name)]

    @staticmethod
    def _first(unit: int, candidates: Iterable[tuple[int, int]], wanted: Wanted) -> Position | None:
        positions = (Position(unit, *entry) for entry in candidates)
        return next((entry for entry in positions if wanted(entry)), None)

    def elsewhere(self, name: str, wanted: Wanted = _any) -> Position | None:
        """The first definition of a name in any unit, for a hint."""
        return self._first_of(self.units.defining(name), name, wanted)

    def later(self, name: str, unit: int) -> Position | None:
        """The first definition of a name in a later section of a unit's book, for a hint."""
        book = self.units.book(unit)
        if book is None:
            return None
        having = self.units.defining(name)
        behind = (having[at] for at in range(bisect_left(having, unit + 1), len(having)))
        return self._first_of((i for i in behind if self.units.book(i) == book), name)

    def _first_of(self, units: Iterable[int], name: str, wanted: Wanted = _any) -> Position | None:
        for unit in units:
            if (found := self._first(unit, self._bound(unit, name), wanted)) is not None:
                return found
        return None

    def plain_imports(self, position: Position, name: str) -> Iterator[Position]:
        """The statement at a position, and before it those that add to the same plain import.

        `import a.b` and `import a.c` both bind `a`, and code that uses `a` may need either.
        """
        yield position
        if any(entry.plain for entry in self.imports(position, name)):
            here = (position.chunk, position.statement)
            for entry in self._bound(position.unit, name):
                other = Position(position.unit, *entry)
                if entry < here and any(found.plain for found in self.imports(other, name)):
                    yield other

    def imports(self, position: Position, name: str) -> tuple[Import, ...]:
        """How the import statement at a position binds a name; nothing where it is none."""
        here = position[1:]
        bound = self.units.bound(position.unit, name)
        return next((e.imports for e in bound if (e.chunk, e.statement) == here), ())

    def bound_at(self, position: Position, name: str) -> Place:
        """Where the statement at a position stands that binds a name."""
        here = position[1:]
        bound = self.units.bound(position.unit, name)
        return next(e.place for e in bound if (e.chunk, e.statement) == here)

    def lost(self, name: str, unit: int) -> bool:
        """Whether a chunk that does not parse seems to define a name, in one that lends to it."""
        return any(self.lends(index, unit) for index in self.units.lost(name))


def likely(name: str, known: Iterable[str]) -> tuple[str, ...]:
    """The names of which the given one may be a misspelling, the most likely one first.

    Args:
        name: one that nothing defines.
        known: the names that are defined.
    """
    letters = Counter(name)
    found = [
        other
        for other in known
        if other != name
        and abs(len(other) - len(name)) <= NEAR_LENGTHS
        and _may_be(letters, len(name), other)
    ]
    if not found:
        return ()
    import difflib

    return tuple(difflib.get_close_matches(name, sorted(found), n=5, cutoff=_ALIKE))


def _may_be(letters: Counter[str], length: int, other: str) -> bool:
    """Whether two names have enough letters in common to be alike; `difflib` is slow to say no."""
    common = sum(min(count, other.count(letter)) for letter, count in letters.items())
    return 2 * common >= _ALIKE * (length + len(other))
