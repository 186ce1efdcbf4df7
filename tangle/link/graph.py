"""Pages to graph: titles, ids, chunks with their settings, sections and units."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from tangle.link.config import GraphConfig
from tangle.link.embeds import Embeddable, embed_problems
from tangle.link.expand import ChunkKey, Names, expand
from tangle.link.journals import journal_day
from tangle.link.link_memo import KnownPages, LinkedPage, Named
from tangle.link.outline import Outline, outline
from tangle.link.settings import reading
from tangle.link.titles import other_names, page_title, title_key
from tangle.link.units import Contents, units
from tangle.model import (
    Chunk,
    CodeLine,
    Fence,
    Graph,
    Page,
    PagePath,
    Place,
    Problem,
    ProblemKind,
    SectionName,
    Settings,
    Uuid,
)
from tangle.model.problems.graph import (
    DUPLICATE_ALIAS,
    DUPLICATE_ID,
    DUPLICATE_NAME,
    DUPLICATE_TITLE,
    UNRESOLVED_REFERENCE,
)
from tangle.parse import Info, moved_lines, written_lines


def link(pages: Iterable[Page], config: GraphConfig, *, known: KnownPages | None = None) -> Graph:
    """Link pages into a graph; every problem met is in it, none is raised.

    Args:
        pages: the pages.
        config: the graph's settings.
        known: what the last linking found out; its pages are taken over where they are the same.
    """
    return linked(pages, config, known=known).graph


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked:
    """A graph, and what it was made of.

    Attributes:
        outlines: of its pages.
        chunks: all of them, those that are left out too, by page and block.
    """

    graph: Graph
    outlines: Mapping[PagePath, Outline]
    chunks: Mapping[tuple[PagePath, int], tuple[Chunk, ...]]


def linked(
    pages: Iterable[Page],
    config: GraphConfig,
    *,
    elsewhere: AbstractSet[Uuid] = frozenset(),
    known: KnownPages | None = None,
) -> Linked:
    """Link pages into a graph, and tell their outlines too.

    Args:
        pages: the pages.
        config: the graph's settings.
        elsewhere: ids of blocks on pages that are not among these.
        known: what the last linking found out; its pages are taken over where they are the same.
    """
    by_path = {page.path: page for page in sorted(pages, key=lambda page: page.path)}
    titles = {path: page_title(page, config) for path, page in by_path.items()}
    sections = _page_names(titles)
    names, name_problems = _names(by_path, titles, config)
    ids, id_problems = _block_ids(by_path.values())
    known = known or KnownPages()
    entries = {
        path: known.page(
            Named(
                page=page,
                title=titles[path],
                name=sections[path],
                dated=journal_day(titles[path], config.journal_format) is not None,
            ),
            _linked,
        )
        for path, page in by_path.items()
    }
    known.keep_only(by_path)
    outlines = {path: entry.outline for path, entry in entries.items()}
    chunks, chunk_problems = _chunks(entries, ids)
    found, unit_problems = units(Contents(pages=by_path, outlines=outlines, chunks=chunks, ids=ids))
    graph = Graph(
        pages=by_path,
        titles=titles,
        names=names,
        ids=ids,
        units=found,
        problems=(
            *(problem for page in by_path.values() for problem in page.problems),
            *name_problems,
            *id_problems,
            *(problem for entry in outlines.values() for problem in entry.settings.problems),
            *chunk_problems,
            *_unresolved(by_path.values(), ids.keys() | elsewhere),
            *embed_problems(Embeddable(pages=by_path, chunks=chunks, names=names, ids=ids)),
            *unit_problems,
        ),
    )
    return Linked(graph=graph, outlines=outlines, chunks=chunks)


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
            lines_of_id = [entry.line for entry in block.properties if entry.key == "id"]
            line = lines_of_id[-1] if lines_of_id else block.line
            place = Place(path=page.path, line=line)
            if block.id in ids:
                problems.append(_twice(DUPLICATE_ID, place, f"id {block.id}", lines[block.id]))
                continue
            ids[block.id] = (page.path, index)
            lines[block.id] = place
    return ids, problems


def _page_names(titles: Mapping[PagePath, str]) -> dict[PagePath, SectionName]:
    """What each page is addressed by: its title, or its path where another has the title already.

    Two pages of one title are an error, but no reason to run the code of both as one section.
    """
    taken: set[str] = set()
    names: dict[PagePath, SectionName] = {}
    for path, title in titles.items():
        names[path] = SectionName(path if title in taken else title)
        taken.add(title)
    return names


def _names(
    pages: Mapping[PagePath, Page], titles: Mapping[PagePath, str], config: GraphConfig
) -> tuple[dict[str, PagePath], list[Problem]]:
    """The page that each name means; a title goes before an alias, the first page before others."""
    names: dict[str, PagePath] = {}
    problems: list[Problem] = []
    for path, title in titles.items():
        place = Place(path=path, line=1)
        if (first := names.setdefault(title_key(title), path)) != path:
            what = f"page title {title!r}"
            problems.append(_twice(DUPLICATE_TITLE, place, what, Place(path=first, line=1)))
    for path, page in pages.items():
        for name, entry in other_names(page, config):
            first = names.setdefault(title_key(name), path)
            if first != path and entry is not None:
                place, what = Place(path=path, line=entry.line), f"alias {name!r}"
                problems.append(_twice(DUPLICATE_ALIAS, place, what, Place(path=first, line=1)))
    return names, problems


def _twice(kind: ProblemKind, place: Place, what: str, other: Place) -> Problem:
    return kind.at(place, f"{what} is already used at {other}")


def _unresolved(pages: Iterable[Page], ids: AbstractSet[Uuid]) -> Iterator[Problem]:
    for page in pages:
        for reference in page.references:
            if reference.target not in ids and reference.block not in page.templates:
                yield UNRESOLVED_REFERENCE.at(
                    Place(path=page.path, line=reference.line, column=reference.column),
                    f"no block of this graph has the id {reference.target}",
                )


# --- chunks ---------------------------------------------------------------------------------------

BlockAt = tuple[PagePath, int]


def _linked(named: Named) -> LinkedPage:
    page = named.page
    around = outline(page, named.title, named.name, dated=named.dated)
    counts: defaultdict[int, int] = defaultdict(int)
    chunks: list[Chunk] = []
    for fence, info in chunk_fences(page, around):
        settings = around.settings[fence.block]
        if not info.runs:
            settings = replace(settings, run=False)
        session = info.kind == "session"
        chunks.append(_chunk(page, fence, counts[fence.block], settings, session=session))
        counts[fence.block] += 1
    return LinkedPage(outline=around, chunks=tuple(chunks))


def chunk_fences(page: Page, around: Outline) -> Iterator[tuple[Fence, Info]]:
    """The fences of a page that are chunks, and how each is read; none below a template is."""
    for fence in page.fences:
        if fence.block in page.templates:
            continue
        info = reading(fence, around.settings[fence.block])
        if info is not None:
            yield fence, info


def _chunks(
    pages: Mapping[PagePath, LinkedPage], ids: Mapping[Uuid, BlockAt]
) -> tuple[dict[BlockAt, tuple[Chunk, ...]], tuple[Problem, ...]]:
    """The chunks of every block that has some, references in them expanded."""
    found = [chunk for page in pages.values() for chunk in page.chunks]
    by_block: defaultdict[BlockAt, list[ChunkKey]] = defaultdict(list)
    for key, chunk in enumerate(found):
        by_block[chunk.page, chunk.block].append(ChunkKey(key))
    named: defaultdict[str, list[Sequence[ChunkKey]]] = defaultdict(list)
    for keys in by_block.values():
        name = found[keys[0]].settings.name
        if name is not None:
            named[name].append(keys)
    blocks = {str(uuid): by_block[at] for uuid, at in ids.items() if at in by_block}
    names = Names(named=named, blocks=blocks)
    broken = {ChunkKey(key) for key, chunk in enumerate(found) if not chunk.whole}
    expanded, problems = expand([chunk.lines for chunk in found], names, broken)
    whole = [
        chunk
        if lines == chunk.lines
        else replace(chunk, lines=lines or (), whole=lines is not None)
        for chunk, lines in zip(found, expanded, strict=True)
    ]
    result = {at: tuple(whole[key] for key in keys) for at, keys in by_block.items()}
    return result, (*problems, *_names_twice(found, named))


def _names_twice(
    chunks: Sequence[Chunk], named: Mapping[str, Sequence[Sequence[ChunkKey]]]
) -> Iterator[Problem]:
    for name, blocks in named.items():
        places = [Place(path=chunks[keys[0]].page, line=chunks[keys[0]].line) for keys in blocks]
        for place in places[1:]:
            yield DUPLICATE_NAME.at(
                place, f"the chunk name {name!r} is already used at {places[0]}"
            )


def _chunk(page: Page, fence: Fence, order: int, settings: Settings, *, session: bool) -> Chunk:
    """The chunk of a fence, as a person wrote it: without the lines that Logseq wrote into it."""
    texts = fence.code.split("\n")[:-1]
    block = page.blocks[fence.block]
    written = {line.row for line in written_lines(page.data, block, fence) if line.sure}
    moved = _place_of(page, next(moved_lines(page.data, block, fence), None))
    lines = tuple(
        CodeLine(
            text=text,
            place=Place(path=page.path, line=fence.line + 1 + row, column=fence.margins[row] + 1),
        )
        for row, text in enumerate(texts)
        if row not in written
    )
    return Chunk(
        page=page.path,
        block=fence.block,
        order=order,
        line=fence.line,
        lines=lines,
        settings=settings,
        whole=moved is None,
        moved=moved,
        session=session,
    )


def _place_of(page: Page, offset: int | None) -> Place | None:
    if offset is None:
        return None
    return Place(path=page.path, line=page.data.count(b"\n", 0, offset) + 1)
