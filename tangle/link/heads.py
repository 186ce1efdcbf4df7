"""Units but for their chunks: what they need, and the order that follows from it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from tangle.link.sections import read_number
from tangle.model import PagePath, Problem, Section, SectionName

PageNamed = Callable[[str], PagePath | None]
"""Finds the page of a title."""

_LINK: Final = re.compile(r"\[\[(.+)\]\]")


class UnitHead(Struct, frozen=True, kw_only=True):
    """A unit but for its chunks.

    Attributes:
        section, parts, needs: as in `Unit`.
        pages: those on which its chunks take part, in reading order.
        faults: the faulty properties in its sections.
    """

    section: Section
    parts: tuple[Section, ...]
    pages: tuple[PagePath, ...]
    faults: tuple[Problem, ...]
    needs: tuple[SectionName, ...] = ()


def with_needs(units: Sequence[UnitHead], page_named: PageNamed) -> tuple[UnitHead, ...]:
    """Units with the names of those that they need, in an order in which these come first.

    Sections of a book stay where they are; a page comes before the first unit that needs it.

    Args:
        units: in reading order; their needs are as they are written.
        page_named: finds the page of a title.
    """
    if not any(unit.needs for unit in units):
        return tuple(units)
    names = _Names(units, page_named)
    return _pages_first([replace(unit, needs=names.needed_by(unit)) for unit in units])


class _Names:
    """What `tangle.needs` can name."""

    def __init__(self, units: Sequence[UnitHead], page_named: PageNamed) -> None:
        self._page_named = page_named
        self._units = {unit.section.name for unit in units}
        self._on_page: defaultdict[PagePath, list[SectionName]] = defaultdict(list)
        self._numbered: defaultdict[tuple[int, ...], dict[str, SectionName]] = defaultdict(dict)
        for unit in units:
            for path in unit.pages:
                self._on_page[path].append(unit.section.name)
            if unit.section.number:
                self._numbered[unit.section.number][unit.section.book] = unit.section.name

    def needed_by(self, unit: UnitHead) -> tuple[SectionName, ...]:
        """The units that a unit needs; a name that none has stays as it is written."""
        found = (name for text in unit.needs for name in self._meant(text, unit) or (text,))
        return tuple(name for name in dict.fromkeys(found) if name != unit.section.name)

    def _meant(self, text: SectionName, unit: UnitHead) -> Iterable[SectionName]:
        if match := _LINK.fullmatch(text):
            return self._on(match[1])
        if number := read_number(text):
            having = self._numbered.get(number, {})
            own = having.get(unit.section.book) if unit.section.number else None
            if own is not None or len(having) == 1:
                return (own or next(iter(having.values())),)
        return (text,) if text in self._units else self._on(text)

    def _on(self, title: str) -> Iterable[SectionName]:
        path = self._page_named(title)
        return self._on_page.get(path, ()) if path is not None else ()


def _pages_first(units: Sequence[UnitHead]) -> tuple[UnitHead, ...]:
    """Units with the pages that they need before them; where needs run in a circle, as they are."""
    by_name = {unit.section.name: unit for unit in units}
    done: dict[SectionName, UnitHead] = {}
    entered: set[SectionName] = set()
    for unit in units:
        stack = [] if unit.section.name in entered else [unit]
        entered.add(unit.section.name)
        while stack:
            top = stack[-1]
            waiting = (by_name[name] for name in top.needs if name in by_name)
            pages = (need for need in waiting if not need.section.number)
            need = next((page for page in pages if page.section.name not in entered), None)
            if need is not None:
                entered.add(need.section.name)
                stack.append(need)
            else:
                done[top.section.name] = stack.pop()
    return tuple(done.values())
