"""The plan of the notes: the package and the sessions, worked out as they are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

from tangle.analyse import Package, Session
from tangle.model import Problem, SectionName
from tangle.notes import pages, units
from tangle.notes.core import Core
from tangle.notes.notes import all_problems, rows
from tangle.notes.units import UnitRow


class Plan:
    """What the notes come to, known without running a line of them.

    It is of the notes as they are in the store now: what is asked for after they have changed there
    is of those.
    """

    def __init__(self, core: Core) -> None:
        """Take the plan of these notes."""
        self.core = core

    @cached_property
    def rows(self) -> tuple[UnitRow, ...]:
        """The facts about every unit, in reading order."""
        return rows(self.core)

    @cached_property
    def package(self) -> Package:
        """The generated package."""
        return units.package(self.core, "").package

    @cached_property
    def problems(self) -> tuple[Problem, ...]:
        """The problems of the notes that can be read, in order."""
        return all_problems(self.core, "")

    @cached_property
    def sessions(self) -> tuple[Session, ...]:
        """One session a unit, in reading order."""
        return tuple(self.by_name.values())

    @cached_property
    def by_name(self) -> Mapping[SectionName, Session]:
        """Sessions by the name of their unit; only those that are asked for are worked out."""
        places = range(pages.unit_count(self.core, ""))
        return _Sessions(
            self.core, {row.name: place for place, row in zip(places, self.rows, strict=True)}
        )


class _Sessions(Mapping[SectionName, Session]):
    """Sessions by name."""

    def __init__(self, core: Core, places: Mapping[SectionName, int]) -> None:
        self._core = core
        self._places = places
        self._known: dict[SectionName, Session] = {}

    def __getitem__(self, name: SectionName) -> Session:
        found = self._known.get(name)
        if found is None:
            found = self._known[name] = units.session(self._core, self._places[name])
        return found

    def __iter__(self) -> Iterator[SectionName]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)
