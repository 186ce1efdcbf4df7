"""Group chunks into units, in the order in which they run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from msgspec import Struct, field
from msgspec.structs import replace

from tangle.link.heads import PageNamed, UnitHead, with_needs
from tangle.link.outline import Outline
from tangle.link.sections import number_text
from tangle.model import (
    Chunk,
    Occurrence,
    Page,
    PagePath,
    Place,
    Problem,
    Reference,
    Section,
    SectionName,
    Settings,
    Unit,
)
from tangle.model.problems.graph import DUPLICATE_SECTION

_UNNUMBERED = (1000,)
"""Behind every number that a section can begin with."""

_UNIT_PARTS = 2
"""The parts of the number of a unit: what has more is in one."""


class Spots(Struct, frozen=True, kw_only=True):
    """The part that a page has in units.

    Attributes:
        sections: the page's own, then those found in it.
        hosting: those of them in which chunks take part, in order.
        needs: for each unit with chunks there what `tangle.needs` names.
        faults: the problems of `tangle.` properties, each with the unit around it.
    """

    sections: tuple[Section, ...]
    hosting: tuple[Section, ...] = ()
    needs: tuple[tuple[SectionName, tuple[SectionName, ...]], ...] = ()
    faults: tuple[tuple[SectionName, Problem], ...] = ()


class Skeleton(Struct, frozen=True, kw_only=True):
    """The units of a graph, but for their chunks.

    Attributes:
        units: in reading order.
        problems: of numbers that stand twice.
    """

    units: tuple[UnitHead, ...]
    problems: tuple[Problem, ...]


class _Draft(Struct):
    """A unit while it is being collected."""

    section: Section | None = None
    parts: list[Section] = field(default_factory=list)
    pages: dict[PagePath, None] = field(default_factory=dict)
    needs: dict[SectionName, None] = field(default_factory=dict)
    faults: dict[Problem, None] = field(default_factory=dict)


def page_spots(outline: Outline, occurrences: Iterable[Occurrence]) -> Spots:
    """The part that a page with that outline and these occurrences has in units.

    Args:
        outline: the sections of the page.
        occurrences: the chunks that take part, in order.
    """
    hosting: dict[Section, None] = {}
    needs: dict[SectionName, dict[SectionName, None]] = {}
    for entry in occurrences:
        section = outline.section_at(entry.host)
        hosting.setdefault(section)
        if entry.chunk.settings.needs:
            needs.setdefault(unit_name(section), {}).update(
                dict.fromkeys(entry.chunk.settings.needs)
            )
    return Spots(
        sections=outline.sections,
        hosting=tuple(hosting),
        needs=tuple((name, tuple(wanted)) for name, wanted in needs.items()),
        faults=tuple(
            (unit_name(outline.section_at(block)), problem)
            for block, problem in outline.settings.faults
        ),
    )


def skeleton(pages: Mapping[PagePath, Spots], page_named: PageNamed) -> Skeleton:
    """The units of a graph in reading order, and the numbers that stand twice.

    Args:
        pages: the parts of all pages that have some, in order of path.
        page_named: finds the page of a title.
    """
    drafts: dict[SectionName, _Draft] = {}
    problems: list[Problem] = []
    seen: dict[SectionName, Section] = {}
    for path in sorted(pages, key=lambda path: _reading_order(path, pages[path])):
        for section in pages[path].sections:
            if section.number and section.name in seen:
                problems.append(_section_twice(section, seen[section.name]))
                continue
            seen[section.name] = section
            if len(section.number) >= _UNIT_PARTS:
                _draft_of(drafts, section).parts.append(section)
        _take_part(drafts, path, pages[path])
    for name, problem in (fault for spots in pages.values() for fault in spots.faults):
        if name in drafts:
            drafts[name].faults[problem] = None
    found = sorted((_head(name, draft) for name, draft in drafts.items()), key=_unit_order)
    return Skeleton(units=with_needs(found, page_named), problems=tuple(problems))


def _take_part(drafts: dict[SectionName, _Draft], path: PagePath, spots: Spots) -> None:
    """Note the units whose chunks take part on a page, and what these need."""
    for section in spots.hosting:
        _draft_of(drafts, section).pages[path] = None
    for name, wanted in spots.needs:
        drafts[name].needs.update(dict.fromkeys(wanted))


def _reading_order(path: PagePath, spots: Spots) -> tuple[str, tuple[int, ...], PagePath]:
    """Pages by their book and first section number, those without by their path, at the end."""
    numbered = (section for section in spots.sections if section.number)
    return min(
        ((section.book, section.number, path) for section in numbered),
        default=("", _UNNUMBERED, path),
    )


def unit_name(section: Section) -> SectionName:
    """The name of the unit that a section is, or is in."""
    if len(section.number) <= _UNIT_PARTS:
        return section.name
    prefix = section.name.removesuffix(number_text(section.number))
    return SectionName(prefix + number_text(section.number[:_UNIT_PARTS]))


def _draft_of(drafts: dict[SectionName, _Draft], section: Section) -> _Draft:
    name = unit_name(section)
    draft = drafts.setdefault(name, _Draft())
    if section.name == name:
        draft.section = draft.section or section
    return draft


def _section_twice(section: Section, other: Section) -> Problem:
    return DUPLICATE_SECTION.at(
        Place(path=section.page, line=section.line),
        f"section {section.name} already exists at {other.page}:{other.line}",
        section=section.name,
    )


def _head(name: SectionName, draft: _Draft) -> UnitHead:
    # A unit's pages follow each other by the numbers that they have in it, not by those of other
    # units that stand there too.
    first = _first_numbers(draft.parts)
    parts = sorted(draft.parts, key=lambda part: first[part.page])
    return UnitHead(
        section=draft.section or _implied(name, parts[0]),
        parts=tuple(part for part in parts if part.name != name),
        needs=tuple(draft.needs),
        pages=tuple(sorted(draft.pages, key=lambda path: first.get(path, _UNNUMBERED))),
        faults=tuple(draft.faults),
    )


def _first_numbers(parts: Iterable[Section]) -> dict[PagePath, tuple[int, ...]]:
    first: dict[PagePath, tuple[int, ...]] = {}
    for part in parts:
        first[part.page] = min(first.get(part.page, part.number), part.number)
    return first


def _implied(name: SectionName, part: Section) -> Section:
    """The section 3.6 of a graph that has a 3.6.1 only."""
    return replace(part, name=name, number=part.number[:_UNIT_PARTS], title="")


def _unit_order(unit: UnitHead) -> tuple[bool, str, tuple[int, ...], PagePath, int]:
    section = unit.section
    return (not section.number, section.book, section.number, section.page, section.line)


# --- chunks where they take part ------------------------------------------------------------------

ChunksOf = Callable[[Reference], Iterable[Chunk]]
"""The chunks of the block that a reference means."""


def occurrences(
    page: Page, outline: Outline, chunks: Iterable[Chunk], meant: ChunksOf
) -> Iterator[Occurrence]:
    """The chunks of a page where they take part: at their block, or where a reference stands.

    Args:
        page: the page.
        outline: its sections and settings.
        chunks: its own chunks, references in them expanded.
        meant: finds those of other blocks.
    """
    own: dict[int, list[Chunk]] = {}
    for chunk in chunks:
        own.setdefault(chunk.block, []).append(chunk)
    alone = {
        entry.block: entry
        for entry in page.references
        if entry.alone and entry.block not in page.templates
    }
    for index in sorted({*own, *alone}):
        here = own.get(index, [])
        if not here and alone[index].kind != "labelled":
            host = outline.settings[index]
            here = [_taken(chunk, host) for chunk in meant(alone[index])]
        section = outline.section_at(index).name
        for order, chunk in enumerate(here):
            if not chunk.settings.skip:
                yield Occurrence(
                    chunk=chunk, page=page.path, host=index, order=order, section=section
                )


def _taken(chunk: Chunk, host: Settings) -> Chunk:
    """A chunk as the block that refers to it takes it: what holds there is added to its own."""
    own = chunk.settings
    settings = Settings(
        run=own.run and host.run,
        skip=own.skip or host.skip,
        raises=host.raises or own.raises,
        xfail=host.xfail or own.xfail,
        timeout=host.timeout or own.timeout,
        name=own.name,
        device=host.device or own.device,
        needs=tuple(dict.fromkeys((*own.needs, *host.needs))),
        borrow=own.borrow and host.borrow,
        rtol=own.rtol if host.rtol is None else host.rtol,
        atol=host.atol or own.atol,
        cache=own.cache and host.cache,
        reads=tuple(dict.fromkeys((*own.reads, *host.reads))),
    )
    return chunk if settings == own else replace(chunk, settings=settings)


# --- the unit -------------------------------------------------------------------------------------


def made_unit(
    head: UnitHead,
    found: Iterable[Occurrence],
    faults: Callable[[PagePath, int], Iterable[Problem]],
) -> Unit:
    """A unit with its chunks.

    Args:
        head: all of it but its chunks.
        found: its chunks in order.
        faults: the faulty properties of a block and of those around it.
    """
    entries = tuple(found)
    faulty = dict.fromkeys(head.faults)
    for entry in entries:
        chunk = entry.chunk
        faulty.update(dict.fromkeys(faults(entry.page, entry.host)))
        faulty.update(dict.fromkeys(faults(chunk.page, chunk.block)))
    return Unit(
        section=head.section,
        parts=head.parts,
        occurrences=entries,
        needs=head.needs,
        faults=tuple(faulty),
    )


def faults_around(page: Page, outline: Outline, block: int) -> Iterator[Problem]:
    """The faulty properties of a block, of the blocks around it, and of its page.

    Args:
        page: with the block.
        outline: the sections of the page.
        block: index of the block.
    """
    faults = outline.settings.faults
    if not faults:
        return
    around = {0} if page.blocks[0].kind == "pre" else set()
    while block >= 0:
        around.add(block)
        block = page.blocks[block].parent
    yield from (problem for at, problem in faults if at in around)
