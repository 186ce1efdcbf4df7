"""The pages of a graph that take part when findings are made anew for some of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from functools import cache

from tangle.analyse import ChunkCode, UnitCode, UnitNames, unit_code
from tangle.link import GraphConfig, linked, page_anchors, page_facts
from tangle.model import Page, PagePath, SectionName, Unit
from tangle.verbs.incremental.findings import Findings, UnitFindings, digest_of, section_of

Parse = Callable[[bytes, PagePath], Page]

FEW = 50
SHARE = 5
"""A part may have some pages, or one in so many of the graph's: else reading all is as quick."""


class GiveUp(Exception):
    """The whole graph has to be looked at."""


class Wanted(Exception):
    """The code of units is needed whose pages are not in the part."""

    def __init__(self, units: Iterable[int]) -> None:
        self.units = frozenset(units)


class Part:
    """The pages of a graph that take part; whoever is in it can be linked rightly.

    Attributes:
        changed: the pages that changed, with their digests.
        reported: those that can have other problems now, or other sections.
        pages: all in it, as they are now.
        stand_in: what is known of a unit by its index, for where it is not in the part.
    """

    def __init__(
        self,
        known: Findings,
        data: Mapping[PagePath, bytes],
        changed: Mapping[PagePath, str],
        parse: Parse,
    ) -> None:
        self.changed = changed
        self.config = GraphConfig(
            hidden=tuple(known.hidden),
            name_format=known.name_format,
            unit=known.unit,
            journal_format=known.journal_format,
        )
        self.pages: dict[PagePath, Page] = {}
        self._known = known
        self._read = cache(lambda path: parse(data[path], path))
        self._codes: dict[SectionName, UnitCode] = {}
        self.stand_in = cache(lambda index: _stand_in(index, known.units[index]))
        self._on_page: defaultdict[PagePath, list[int]] = defaultdict(list)
        for index, unit in enumerate(known.units):
            for path in unit.pages:
                self._on_page[path].append(index)
        self.reported = self._leaning(self._moved())
        self._add(self.reported)
        self._add(
            known.ids[reference.target]
            for path in self.reported
            for reference in self.pages[path].references
            if reference.alone and reference.target in known.ids
        )

    def _moved(self) -> frozenset[PagePath]:
        """The changed pages of which other pages' problems name other lines now.

        Raises:
            GiveUp: other pages notice more than that of a changed one.
        """
        alone = linked(map(self._read, self.changed), self.config)
        for path in self.changed:
            if digest_of(page_facts(alone, path, self.config)) != self._known.pages[path].facts:
                raise GiveUp
        return frozenset(
            path
            for path in self.changed
            if digest_of(page_anchors(alone, path)) != self._known.pages[path].anchors
        )

    def units_on(self, paths: Iterable[PagePath]) -> set[int]:
        """The units whose code or sections stand in pages."""
        return {unit for path in paths for unit in self._on_page.get(path, ())}

    def has(self, unit: int) -> bool:
        """Whether a unit is in the part, and so as a whole."""
        return all(path in self.pages for path in self._known.units[unit].pages)

    def code(self, unit: Unit, known: UnitNames | None) -> UnitCode:
        """A unit's code, which is the same whatever else joins the part."""
        if unit.name not in self._codes:
            self._codes[unit.name] = unit_code(unit, self.pages, known)
        return self._codes[unit.name]

    def add_units(self, units: Iterable[int]) -> None:
        """Bring in units that are not there yet."""
        self._add(path for unit in units for path in self._known.units[unit].pages)

    def _leaning(self, moved: frozenset[PagePath]) -> frozenset[PagePath]:
        """The changed pages, those made of them, through others too, and those that name lines."""
        made: defaultdict[PagePath, list[PagePath]] = defaultdict(list)
        found = set(self.changed)
        for path, page in self._known.pages.items():
            if not moved.isdisjoint(page.yields):
                found.add(path)
            for other in page.takes:
                made[other].append(path)
        todo = list(found)
        while todo:
            for path in made.get(todo.pop(), ()):
                if path not in found:
                    found.add(path)
                    todo.append(path)
        return frozenset(found)

    def _add(self, paths: Iterable[PagePath]) -> None:
        """Bring in pages, with those that they lean on and those that share units with them."""
        todo = list(paths)
        limit = max(FEW, len(self._known.pages) // SHARE)
        while todo:
            path = todo.pop()
            if path in self.pages:
                continue
            if len(self.pages) >= limit:
                raise GiveUp
            self.pages[path] = self._read(path)
            known = self._known.pages[path]
            todo.extend((*known.takes, *known.yields))
            for unit in self._on_page.get(path, ()):
                todo.extend(self._known.units[unit].pages)


def _stand_in(index: int, known: UnitFindings) -> UnitCode:
    """A unit outside the part: what is known of it, and a call for more if that is not enough."""

    def read() -> tuple[ChunkCode, ...]:
        raise Wanted([index])

    unit = Unit(section=section_of(known), parts=(), occurrences=(), needs=())
    return UnitCode(unit=unit, read=read, known=names_of(known))


def names_of(known: UnitFindings) -> UnitNames:
    """What other units ask about a unit first."""
    return UnitNames(
        defines=frozenset(known.defines),
        changes=frozenset(known.changes),
        lost=frozenset(known.lost),
        marked=known.marked,
    )
