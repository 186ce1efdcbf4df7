"""Group chunks into units, in the order in which they run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

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
    Uuid,
)
from tangle.model.problems.graph import DUPLICATE_SECTION

_UNNUMBERED = (1000,)
"""Behind every number that a section can begin with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """The pages with what was found on them.

    Attributes:
        chunks: the chunks of each block that has some.
    """

    pages: Mapping[PagePath, Page]
    outlines: Mapping[PagePath, Outline]
    chunks: Mapping[tuple[PagePath, int], tuple[Chunk, ...]]
    ids: Mapping[Uuid, tuple[PagePath, int]]


@dataclass(slots=True)
class _Draft:
    """A unit while it is being collected."""

    section: Section | None = None
    parts: list[Section] = field(default_factory=list)
    occurrences: list[Occurrence] = field(default_factory=list)
    faults: dict[Problem, None] = field(default_factory=dict)


def units(contents: Contents) -> tuple[tuple[Unit, ...], tuple[Problem, ...]]:
    """The units of a graph in reading order, and the numbers that stand twice."""
    drafts: dict[SectionName, _Draft] = {}
    problems: list[Problem] = []
    seen: dict[SectionName, Section] = {}
    for path in reading_order(contents.outlines):
        outline = contents.outlines[path]
        for section in outline.sections:
            if section.number and section.name in seen:
                problems.append(_section_twice(section, seen[section.name]))
                continue
            seen[section.name] = section
            if len(section.number) >= 2:
                _draft_of(drafts, section).parts.append(section)
        for occurrence in _occurrences(contents, path):
            around = outline.section_at(occurrence.host)
            _draft_of(drafts, around).occurrences.append(occurrence)
    if any(outline.settings.faults for outline in contents.outlines.values()):
        _collect_faults(contents, drafts)
    found = (_unit(name, draft) for name, draft in drafts.items())
    return tuple(sorted(found, key=_unit_order)), tuple(problems)


def reading_order(outlines: Mapping[PagePath, Outline]) -> list[PagePath]:
    """Pages by their first section number, those without by their path, at the end."""

    def key(path: PagePath) -> tuple[tuple[int, ...], PagePath]:
        numbers = (section.number for section in outlines[path].sections if section.number)
        return (min(numbers, default=_UNNUMBERED), path)

    return sorted(outlines, key=key)


def _collect_faults(contents: Contents, drafts: Mapping[SectionName, _Draft]) -> None:
    """Give each unit the faulty properties of its sections, and those around its chunks."""
    for outline in contents.outlines.values():
        for block, problem in outline.settings.faults:
            draft = drafts.get(_unit_name(outline.section_at(block)))
            if draft is not None:
                draft.faults[problem] = None
    for draft in drafts.values():
        for entry in draft.occurrences:
            for path, block in ((entry.page, entry.host), (entry.chunk.page, entry.chunk.block)):
                draft.faults.update(dict.fromkeys(_faults_around(contents, path, block)))


def _faults_around(contents: Contents, path: PagePath, block: int) -> Iterator[Problem]:
    """The faulty properties of a block, of the blocks around it, and of its page."""
    faults = contents.outlines[path].settings.faults
    if not faults:
        return
    blocks = contents.pages[path].blocks
    around = {0} if blocks[0].kind == "pre" else set()
    while block >= 0:
        around.add(block)
        block = blocks[block].parent
    yield from (problem for at, problem in faults if at in around)


def _unit_name(section: Section) -> SectionName:
    return number_text(section.number[:2]) if section.number else section.name


def _draft_of(drafts: dict[SectionName, _Draft], section: Section) -> _Draft:
    name = _unit_name(section)
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


# --- chunks where they take part ------------------------------------------------------------------


def _occurrences(contents: Contents, path: PagePath) -> Iterator[Occurrence]:
    """The chunks of a page where they take part: at their block, or where a reference stands."""
    outline = contents.outlines[path]
    page = contents.pages[path]
    alone = {
        entry.block: entry
        for entry in page.references
        if entry.alone and entry.block not in page.templates
    }
    for index in range(len(page.blocks)):
        here = contents.chunks.get((path, index), ())
        if not here and index in alone:
            host = outline.settings[index]
            here = tuple(_taken(chunk, host) for chunk in _meant(contents, alone[index]))
        section = outline.section_at(index).name
        for order, chunk in enumerate(here):
            if not chunk.settings.skip:
                yield Occurrence(chunk=chunk, page=path, host=index, order=order, section=section)


def _meant(contents: Contents, reference: Reference) -> tuple[Chunk, ...]:
    target = contents.ids.get(reference.target)
    if target is None or reference.kind == "labelled":
        return ()
    return contents.chunks.get(target, ())


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


def _unit(name: SectionName, draft: _Draft) -> Unit:
    needs: dict[SectionName, None] = {}
    for occurrence in draft.occurrences:
        needs.update(dict.fromkeys(occurrence.chunk.settings.needs))
    needs.pop(name, None)
    # A unit's pages follow each other by the numbers that they have in it, not by those of other
    # units that stand there too.
    first: dict[PagePath, tuple[int, ...]] = {}
    for part in draft.parts:
        first[part.page] = min(first.get(part.page, part.number), part.number)
    occurrences = sorted(draft.occurrences, key=lambda entry: first.get(entry.page, _UNNUMBERED))
    parts = sorted(draft.parts, key=lambda part: first[part.page])
    return Unit(
        section=draft.section or _implied(name, parts[0]),
        parts=tuple(part for part in parts if part.name != name),
        occurrences=tuple(occurrences),
        needs=tuple(needs),
        faults=tuple(draft.faults),
    )


def _implied(name: SectionName, part: Section) -> Section:
    """The section 3.6 of a graph that has a 3.6.1 only."""
    return replace(part, name=name, number=part.number[:2], title="")


def _unit_order(unit: Unit) -> tuple[tuple[int, ...], PagePath, int]:
    section = unit.section
    return (section.number or _UNNUMBERED, section.page, section.line)
