"""Queries about the chunks of a page as the site shows them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from tangle.analyse import PlannedChunk
from tangle.model import OutputMark, PagePath, Place, SectionName
from tangle.notes import Core, pages, query, rows, units
from tangle.weave.inputs import results_on
from tangle.weave.names import ChunkName, SavedUse, chunk_names, uses_of

ChunkMark = Literal[OutputMark, "not-run", "skipped", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PageChunk:
    """A chunk of Python where it is in a page.

    Attributes:
        unit: the section or page that it runs in.
        first: whether it is the unit's first chunk on its page.
        host: the block that it is in.
        at: which chunk of that block it is, from 0.
        line: line of its fence.
        lines: the code as the note has it.
        names: those that have to do with other sections; rows are those of `lines`.
        stands_for: by row, the place of the chunk that a `<<name>>` stands for.
        uses: the uses of each name that it saves.
        refused: why nothing of it is run; empty where it is.
        runs: whether it is meant to run.
    """

    unit: SectionName
    first: bool
    host: int
    at: int
    line: int
    language: str
    lines: tuple[str, ...]
    names: tuple[ChunkName, ...]
    stands_for: tuple[tuple[int, Place], ...]
    uses: tuple[tuple[str, tuple[SavedUse, ...]], ...]
    refused: str
    runs: bool


@query(kept=dict[PagePath, tuple[int, ...]])
def all_units_on(core: Core, _: str) -> dict[PagePath, tuple[int, ...]]:
    """The places of the units that have chunks on each page."""
    found: defaultdict[PagePath, dict[int, None]] = defaultdict(dict)
    for place, row in enumerate(rows(core)):
        for chunk in row.chunks:
            found[chunk.page].setdefault(place)
    return {path: tuple(places) for path, places in found.items()}


@query(kept=dict[SectionName, int])
def places(core: Core, _: str) -> dict[SectionName, int]:
    """The place of each unit: one answer that all pages with code look up."""
    return dict(units.places(core, ""))


@query(kept=tuple[int, ...])
def units_on(core: Core, path: PagePath) -> tuple[int, ...]:
    """The places of the units that have chunks on a page."""
    return all_units_on(core, "").get(path, ())


@query()
def page_chunks(core: Core, path: PagePath) -> Mapping[int, PageChunk]:
    """The chunks that are on a page and take part, by the line of their fence."""
    found: dict[int, PageChunk] = {}
    for place in units_on(core, path):
        for chunk in _chunks_of(core, place, path):
            found.setdefault(chunk.line, chunk)
    return found


def mark_of(chunk: PageChunk, output: OutputMark | None, *, was_run: bool) -> tuple[ChunkMark, str]:
    """Return the state of a chunk, and why where that is not clear by itself.

    Args:
        chunk: the chunk.
        output: whether its output matches it; None if it has none.
        was_run: whether its unit has outputs: a chunk without one shows nothing then.
    """
    if output is not None:
        return output, ""
    if chunk.refused:
        return "skipped", chunk.refused
    return ("none", "") if was_run else ("not-run", "")


def _chunks_of(core: Core, place: int, path: PagePath) -> Iterator[PageChunk]:
    session = units.session(core, place)
    counts: defaultdict[tuple[PagePath, int], int] = defaultdict(int)
    first = True
    fault = session.unit.faults[0].message if session.unit.faults else ""
    for planned, names in zip(session.chunks, chunk_names(core, place), strict=True):
        occurrence = planned.occurrence
        host = occurrence.page, occurrence.host
        at, counts[host] = counts[host], counts[host] + 1
        if host != (path, occurrence.chunk.block) or occurrence.chunk.page != path:
            continue
        lines, language = _written(core, planned)
        own, stands_for = _rows(planned, len(lines))
        kept = tuple(_moved(planned, names, own, lines))
        saved = dict.fromkeys(name.name for name in kept if name.kind == "saved")
        yield PageChunk(
            unit=session.unit.name,
            first=first,
            host=occurrence.host,
            at=at,
            line=occurrence.chunk.line,
            language=language,
            lines=lines,
            names=kept,
            stands_for=tuple(stands_for.items()),
            uses=tuple((name, uses_of(core, name)) for name in saved),
            refused=fault or _refusal(planned),
            runs=planned.code.runs,
        )
        first = False


def _refusal(planned: PlannedChunk) -> str:
    code = planned.code
    if code.parsed.sketch:
        return code.parsed.sketch
    if not code.runs:
        return "tangle.run:: no"
    return code.obstacle.message if code.obstacle is not None else ""


def _written(core: Core, planned: PlannedChunk) -> tuple[tuple[str, ...], str]:
    """The lines of a chunk as the note has them, and the language of its fence."""
    chunk = planned.code.written
    for fence in pages.page(core, chunk.page).fences:
        if fence.line == chunk.line:
            return tuple(fence.code.removesuffix("\n").split("\n")), fence.language
    return tuple(line.text for line in chunk.lines), ""


def _rows(planned: PlannedChunk, count: int) -> tuple[dict[int, int], dict[int, Place]]:
    """The row in the note of each row of the code, and where other rows lead."""
    chunk = planned.code.chunk
    own: dict[int, int] = {}
    stands_for: dict[int, Place] = {}
    before = -1
    for row, line in enumerate(chunk.lines):
        at = line.place.line - chunk.line - 1
        if line.place.path == chunk.page and before <= at < count and at >= 0:
            own[row] = before = at
        else:
            stands_for.setdefault(before + 1, line.place)
    return own, {row: place for row, place in stands_for.items() if row < count}


def _moved(
    planned: PlannedChunk,
    names: tuple[ChunkName, ...],
    own: Mapping[int, int],
    lines: tuple[str, ...],
) -> Iterator[ChunkName]:
    """The names that are in the note itself, with their rows there."""
    texts = planned.code.chunk.lines
    for name in names:
        row = own.get(name.row)
        if row is not None and texts[name.row].text == lines[row]:
            yield replace(name, row=row)


@query(kept=frozenset[int])
def code_lines(core: Core, path: PagePath) -> frozenset[int]:
    """The lines of a page that are in chunks: they have anchors."""
    return frozenset(
        chunk.line + 1 + row
        for chunk in page_chunks(core, path).values()
        for row in range(len(chunk.lines))
    )


@query(kept=bool)
def has_outputs(core: Core, name: SectionName) -> bool:
    """Whether output blocks of a unit are in the notes."""
    row = units.row(core, places(core, "")[name])
    hosts = {(chunk.page, chunk.host) for chunk in row.chunks} if row is not None else set()
    shown = {page: results_on(core, page) for page, _ in hosts}
    return any((page, o.host) in hosts for page, found in shown.items() for o in found)
