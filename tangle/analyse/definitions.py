"""Where names are defined, over all units in reading order."""

from __future__ import annotations

import difflib
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from typing import Final

from tangle.analyse.code import ChunkCode, Position, UnitCode
from tangle.analyse.names import Import, Statement, Use
from tangle.model import Place

MAX_NEAR: Final = 50
"""Names for which a likely one is looked up: comparing with all names of a graph takes its time."""

Wanted = Callable[[Position], bool]


def _any(_: Position) -> bool:
    return True


@dataclass(slots=True, kw_only=True)
class Lookups:
    """What was looked up to work something out: while all of it is the same, so is what came of it.

    Attributes:
        units: indices of the units whose code was looked at.
        names: names that were looked for in other units.
        near: names for which a likely one was looked for.
        package: what was asked of the package; `*` for all of it.
    """

    units: set[int] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    near: set[str] = field(default_factory=set)
    package: set[str] = field(default_factory=set)

    def add(self, other: Lookups) -> None:
        """Count in what something else looked up that was used."""
        self.units.update(other.units)
        self.names.update(other.names)
        self.near.update(other.near)
        self.package.update(other.package)


class Definitions:
    """An index of the units by the names that they define.

    Attributes:
        looked: what is being looked up, here and by those who ask; see `looking`.
    """

    def __init__(self, units: Sequence[UnitCode]) -> None:
        """Index the units."""
        self.units = tuple(units)
        self._by_name: defaultdict[str, list[int]] = defaultdict(list)
        self._changing: defaultdict[str, list[int]] = defaultdict(list)
        self._lost: dict[str, int] = {}
        self._near: dict[str, tuple[str, ...]] = {}
        self.looked = Lookups()
        for index, code in enumerate(self.units):
            for name in code.names.defines:
                self._by_name[name].append(index)
            for name in code.names.changes:
                self._changing[name].append(index)
            for name in code.names.lost:
                self._lost.setdefault(name, index)

    @contextmanager
    def looking(self) -> Iterator[Lookups]:
        """Notes what is looked up meanwhile, for this alone."""
        outer, self.looked = self.looked, Lookups()
        try:
            yield self.looked
        finally:
            self.looked = outer

    def code(self, position: Position) -> ChunkCode:
        """The chunk in which a statement stands."""
        self.looked.units.add(position.unit)
        return self.units[position.unit].chunks[position.chunk]

    def statement(self, position: Position) -> Statement:
        """The statement at a position."""
        return self.code(position).statements[position.statement]

    def place(self, position: Position) -> Place:
        """Where the statement at a position stands in the notes."""
        return self.code(position).start(self.statement(position))

    def defines(self, name: str, unit: int) -> bool:
        """Whether a unit defines a name."""
        return name in self.units[unit].names.defines

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
        self.looked.units.add(position.unit)
        found = self.units[position.unit].binders.get(use.name, ())
        at = bisect_left(found, here)
        before: Iterator[tuple[int, int]] = (found[i] for i in reversed(range(at)))
        after = (found[i] for i in reversed(range(at, len(found))) if found[i] != here)
        if use.deferred:
            before = chain(after, before) if last else chain(before, after)
        return self._first(position.unit, before, wanted)

    def earlier(self, name: str, unit: int, wanted: Wanted = _any) -> Position | None:
        """The last definition of a name in the nearest numbered unit before a numbered one."""
        if not self.units[unit].numbered:
            return None
        having = self._having(name)
        for at in reversed(range(bisect_left(having, unit))):
            index = having[at]
            if self.units[index].numbered:
                candidates = reversed(self.units[index].binders[name])
                if (found := self._first(index, candidates, wanted)) is not None:
                    return found
        return None

    def has_earlier(self, name: str, unit: int) -> bool:
        """Whether a numbered unit before a numbered one defines a name."""
        having = self._having(name)
        before = having[: bisect_left(having, unit)]
        return self.units[unit].numbered and any(self.units[index].numbered for index in before)

    def changes(self, name: str, after: Position, before: Position) -> Iterator[Position]:
        """The statements between two places that change in place what a name means."""
        self.looked.names.add(name)
        having = self._changing.get(name, [])
        for at in range(bisect_left(having, after.unit), len(having)):
            if having[at] > before.unit:
                return
            self.looked.units.add(having[at])
            for entry in self.units[having[at]].changers[name]:
                position = Position(having[at], *entry)
                if after < position < before:
                    yield position

    def _having(self, name: str) -> list[int]:
        """The units that define a name."""
        self.looked.names.add(name)
        return self._by_name.get(name, [])

    def _first(
        self, unit: int, candidates: Iterable[tuple[int, int]], wanted: Wanted
    ) -> Position | None:
        self.looked.units.add(unit)
        positions = (Position(unit, *entry) for entry in candidates)
        return next((entry for entry in positions if wanted(entry)), None)

    def elsewhere(self, name: str, after: int = -1, wanted: Wanted = _any) -> Position | None:
        """The first definition of a name in a unit behind `after`, for a hint."""
        having = self._having(name)
        for at in range(bisect_left(having, after + 1), len(having)):
            candidates = self.units[having[at]].binders[name]
            if (found := self._first(having[at], candidates, wanted)) is not None:
                return found
        return None

    def plain_imports(self, position: Position, name: str) -> Iterator[Position]:
        """The statement at a position, and before it those that add to the same plain import.

        `import a.b` and `import a.c` both bind `a`, and code that uses `a` may need either.
        """
        yield position
        if any(entry.plain for entry in self.imports(position, name)):
            here = (position.chunk, position.statement)
            for entry in self.units[position.unit].binders[name]:
                other = Position(position.unit, *entry)
                if entry < here and any(found.plain for found in self.imports(other, name)):
                    yield other

    def imports(self, position: Position, name: str) -> tuple[Import, ...]:
        """How the import statement at a position binds a name; nothing where it is none."""
        return tuple(entry for entry in self.statement(position).imports if entry.bound == name)

    def lost(self, name: str, before: int | None = None) -> bool:
        """Whether a chunk that does not parse seems to define the name, in a unit before one."""
        self.looked.names.add(name)
        index = self._lost.get(name)
        return index is not None and (before is None or index < before)

    def nearest(self, name: str, reachable: Callable[[str], bool]) -> str | None:
        """The reachable name that the given one is most likely a misspelling of."""
        self.looked.near.add(name)
        if name not in self._near:
            if len(self._near) == MAX_NEAR:
                return None
            known = sorted(n for n in self._by_name if n != name and abs(len(n) - len(name)) <= 2)
            self._near[name] = tuple(difflib.get_close_matches(name, known, n=5, cutoff=0.75))
        return next((entry for entry in self._near[name] if reachable(entry)), None)
