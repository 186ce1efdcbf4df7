"""Pages to graph: titles, ids, chunks with their settings, sections and units."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from tangle.link.config import GraphConfig
from tangle.link.expand import ChunkKey, Names, expand
from tangle.link.sections import (
    number_text,
    numbered_blocks,
    numbered_section,
    section_number,
)
from tangle.link.settings import PageSettings
from tangle.link.titles import title_from_path, title_key
from tangle.model import (
    Chunk,
    CodeLine,
    Fence,
    Graph,
    Occurrence,
    Page,
    PagePath,
    Place,
    Problem,
    Section,
    SectionName,
    Unit,
    Uuid,
)

PYTHON: Final = frozenset({"python", "python3", "py"})
"""Languages, in lower case, whose fences are chunks."""


def link(pages: Iterable[Page], config: GraphConfig) -> Graph:
    """Link pages into a graph; every problem met is in it, none is raised."""
    by_path = {page.path: page for page in sorted(pages, key=lambda page: page.path)}
    titles = {
        path: page.title or title_from_path(path, config.name_format)
        for path, page in by_path.items()
    }
    ids, id_problems = _block_ids(by_path.values())
    outlines = {path: _outline(page, titles[path]) for path, page in by_path.items()}
    chunks, chunk_problems = _chunks(by_path, outlines, ids)
    units, unit_problems = _units(by_path, outlines, chunks, ids)
    return Graph(
        pages=by_path,
        titles=titles,
        ids=ids,
        units=units,
        problems=(
            *(problem for page in by_path.values() for problem in page.problems),
            *_title_problems(titles),
            *id_problems,
            *(problem for outline in outlines.values() for problem in outline.settings.problems),
            *chunk_problems,
            *_unresolved(by_path.values(), ids),
            *unit_problems,
        ),
    )


# --- names: ids and titles -----------------------------------------------------------------------


def _block_ids(
    pages: Iterable[Page],
) -> tuple[dict[Uuid, tuple[PagePath, int]], list[Problem]]:
    ids: dict[Uuid, tuple[PagePath, int]] = {}
    problems: list[Problem] = []
    lines: dict[Uuid, Place] = {}
    for page in pages:
        for index, block in enumerate(page.blocks):
            if block.id is None:
                continue
            line = next((entry.line for entry in block.properties if entry.key == "id"), block.line)
            place = Place(path=page.path, line=line)
            if block.id in ids:
                problems.append(_twice("duplicate-id", place, f"id {block.id}", lines[block.id]))
                continue
            ids[block.id] = (page.path, index)
            lines[block.id] = place
    return ids, problems


def _title_problems(titles: Mapping[PagePath, str]) -> Iterator[Problem]:
    first: dict[str, PagePath] = {}
    for path, title in titles.items():
        key = title_key(title)
        if key in first:
            place = Place(path=first[key], line=1)
            yield _twice("duplicate-title", Place(path=path, line=1), f"page title {title!r}", place)
        else:
            first[key] = path


def _twice(code: str, place: Place, what: str, other: Place) -> Problem:
    return Problem(
        code=code,
        severity="error" if code == "duplicate-title" else "warning",
        place=place,
        message=f"{what} is taken already at {other}",
        hint="rename one of the two" if code == "duplicate-title" else "remove one of the two ids",
    )


def _unresolved(
    pages: Iterable[Page], ids: Mapping[Uuid, tuple[PagePath, int]]
) -> Iterator[Problem]:
    for page in pages:
        for reference in page.references:
            if reference.target not in ids:
                yield Problem(
                    code="unresolved-reference",
                    severity="warning",
                    place=Place(path=page.path, line=reference.line, column=reference.column),
                    message=f"no block of this graph has the id {reference.target}",
                    hint="the block was deleted, or its page is not in this graph",
                )


# --- one page: its sections, and what holds where ------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outline:
    """A page's sections and the settings of its blocks.

    Attributes:
        page_section: the section that the page itself is, numbered by its title or not.
        sections: index into `found` of the innermost section around each block, -1 for the page.
    """

    page_section: Section
    found: tuple[Section, ...]
    sections: tuple[int, ...]
    settings: PageSettings

    def section_at(self, block: int) -> Section:
        index = self.sections[block] if block >= 0 else -1
        return self.page_section if index < 0 else self.found[index]


def _outline(page: Page, title: str) -> _Outline:
    numbered = tuple(numbered_blocks(page))
    found = tuple(numbered_section(page, index, number, words) for index, number, words in numbered)
    own = {section.block: at for at, section in enumerate(found)}
    around: list[int] = []
    for index, block in enumerate(page.blocks):
        inherited = around[block.parent] if block.parent >= 0 else -1
        around.append(own.get(index, inherited))
    if page_number := section_number(title, heading=True):
        page_section = numbered_section(page, -1, *page_number)
    else:
        page_section = Section(
            name=SectionName(title), number=(), title=title, page=page.path, block=-1, line=1
        )
    return _Outline(
        page_section=page_section,
        found=found,
        sections=tuple(around),
        settings=PageSettings(page, frozenset(own)),
    )


# --- chunks ---------------------------------------------------------------------------------------


def _chunks(
    pages: Mapping[PagePath, Page],
    outlines: Mapping[PagePath, _Outline],
    ids: Mapping[Uuid, tuple[PagePath, int]],
) -> tuple[dict[tuple[PagePath, int], tuple[Chunk, ...]], tuple[Problem, ...]]:
    """The chunks of every block that has some, references in them expanded."""
    found: list[Chunk] = []
    by_block: defaultdict[tuple[PagePath, int], list[ChunkKey]] = defaultdict(list)
    named: defaultdict[str, list[ChunkKey]] = defaultdict(list)
    for path, page in pages.items():
        for fence in page.fences:
            if fence.language.lower() not in PYTHON or fence.nested is not None:
                continue
            here = by_block[path, fence.block]
            chunk = _chunk(page, fence, len(here), outlines[path])
            key = ChunkKey(len(found))
            found.append(chunk)
            here.append(key)
            if chunk.settings.name is not None:
                named[chunk.settings.name].append(key)
    blocks: dict[str, Sequence[ChunkKey]] = {
        uuid: by_block[at] for uuid, at in ids.items() if at in by_block
    }
    expanded, problems = expand(
        [chunk.lines for chunk in found], Names(named=named, blocks=blocks)
    )
    whole = [
        replace(chunk, lines=entry.lines or (), whole=entry.lines is not None)
        for chunk, entry in zip(found, expanded, strict=True)
    ]
    result = {at: tuple(whole[key] for key in keys) for at, keys in by_block.items()}
    return result, (*problems, *_names_twice(found, named))


def _names_twice(
    chunks: Sequence[Chunk], named: Mapping[str, Sequence[ChunkKey]]
) -> Iterator[Problem]:
    for name, keys in named.items():
        places = [Place(path=chunks[key].page, line=chunks[key].line) for key in keys]
        for place in places[1:]:
            yield Problem(
                code="duplicate-name",
                severity="error",
                place=place,
                message=f"the chunk name {name!r} is taken already at {places[0]}",
                hint="give each chunk a name of its own; several chunks of one block share its name",
            )


def _chunk(page: Page, fence: Fence, order: int, outline: _Outline) -> Chunk:
    texts = fence.code.split("\n")[:-1]
    lines = tuple(
        CodeLine(
            text=text,
            place=Place(path=page.path, line=fence.line + 1 + row, column=fence.margins[row] + 1),
        )
        for row, text in enumerate(texts)
    )
    return Chunk(
        page=page.path,
        block=fence.block,
        order=order,
        line=fence.line,
        lines=lines,
        settings=outline.settings[fence.block],
    )


# --- units ----------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Draft:
    """A unit while it is being collected."""

    section: Section | None
    parts: list[Section]
    occurrences: list[Occurrence]


def _units(
    pages: Mapping[PagePath, Page],
    outlines: Mapping[PagePath, _Outline],
    chunks: Mapping[tuple[PagePath, int], tuple[Chunk, ...]],
    ids: Mapping[Uuid, tuple[PagePath, int]],
) -> tuple[tuple[Unit, ...], list[Problem]]:
    drafts: dict[SectionName, _Draft] = {}
    problems: list[Problem] = []
    seen: dict[SectionName, Section] = {}
    for path in _reading_order(pages, outlines):
        outline = outlines[path]
        for section in (outline.page_section, *outline.found):
            if section.number and section.name in seen:
                problems.append(_section_twice(section, seen[section.name]))
                continue
            seen[section.name] = section
            if len(section.number) >= 2:
                _draft_of(drafts, section).parts.append(section)
        for occurrence in _occurrences(pages[path], outline, chunks, ids):
            around = outline.section_at(occurrence.host)
            _draft_of(drafts, around).occurrences.append(occurrence)
    units = (_unit(name, draft) for name, draft in drafts.items())
    return tuple(sorted(units, key=_unit_order)), problems


def _reading_order(
    pages: Mapping[PagePath, Page], outlines: Mapping[PagePath, _Outline]
) -> list[PagePath]:
    """Pages by their first section number, those without by their path, at the end."""

    def key(path: PagePath) -> tuple[bool, tuple[int, ...], PagePath]:
        outline = outlines[path]
        numbers = [section.number for section in outline.found]
        if outline.page_section.number:
            numbers.append(outline.page_section.number)
        return (not numbers, min(numbers, default=()), path)

    return sorted(pages, key=key)


def _draft_of(drafts: dict[SectionName, _Draft], section: Section) -> _Draft:
    name = number_text(section.number[:2]) if section.number else section.name
    draft = drafts.setdefault(name, _Draft(section=None, parts=[], occurrences=[]))
    if section.name == name:
        draft.section = draft.section or section
    return draft


def _section_twice(section: Section, other: Section) -> Problem:
    return Problem(
        code="duplicate-section",
        severity="error",
        place=Place(path=section.page, line=section.line),
        section=section.name,
        message=f"section {section.name} stands already at {other.page}:{other.line}",
        hint="renumber one of the two",
    )


def _occurrences(
    page: Page,
    outline: _Outline,
    chunks: Mapping[tuple[PagePath, int], tuple[Chunk, ...]],
    ids: Mapping[Uuid, tuple[PagePath, int]],
) -> Iterator[Occurrence]:
    """The chunks of a page where they take part: at their block, or where a reference stands."""
    alone = {reference.block: reference for reference in page.references if reference.alone}
    for index in range(len(page.blocks)):
        here = chunks.get((page.path, index), ())
        if not here and (reference := alone.get(index)) and reference.kind != "labelled":
            target = ids.get(reference.target)
            here = chunks.get(target, ()) if target else ()
        section = outline.section_at(index).name
        for order, chunk in enumerate(here):
            skipped = chunk.settings.skip or outline.settings[index].skip
            if not skipped:
                yield Occurrence(
                    chunk=chunk, page=page.path, host=index, order=order, section=section
                )


def _unit(name: SectionName, draft: _Draft) -> Unit:
    needs: dict[SectionName, None] = {}
    for occurrence in draft.occurrences:
        needs.update(dict.fromkeys(occurrence.chunk.settings.needs))
    return Unit(
        section=draft.section or _implied(name, draft),
        parts=tuple(part for part in draft.parts if part.name != name),
        occurrences=tuple(draft.occurrences),
        needs=tuple(needs),
    )


def _implied(name: SectionName, draft: _Draft) -> Section:
    """The section 3.6 of a graph that has a 3.6.1 only."""
    part = draft.parts[0]
    return replace(part, name=name, number=part.number[:2], title="")


def _unit_order(unit: Unit) -> tuple[bool, tuple[int, ...], PagePath, int]:
    section = unit.section
    return (not section.number, section.number, section.page, section.line)
