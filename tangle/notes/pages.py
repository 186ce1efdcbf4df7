"""Queries about pages, and about the graph that they make together."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

import msgspec
from msgspec.structs import replace

from tangle.activity import step
from tangle.analyse import located, page_lines
from tangle.link import (
    Anchors,
    BlockFacts,
    Book,
    Books,
    Expansion,
    GraphConfig,
    GraphIndex,
    LinkedPage,
    PageFacts,
    Skeleton,
    Spots,
    UnitHead,
    anchors,
    blocks_with_ids,
    books,
    clashes,
    embed_problems,
    expanded,
    faults_around,
    graph_index,
    is_excluded,
    journal_day,
    linked_page,
    made_unit,
    near_id,
    number_text,
    occurrences,
    page_facts,
    page_spots,
    page_title,
    placed,
    skeleton,
    tags_around,
    title_key,
    unit_name,
    unresolved,
    without_part,
)
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
    Unit,
    Uuid,
)
from tangle.model.problems.graph import UNCLEAR_BOOK
from tangle.model.problems.page import NOT_UTF8
from tangle.notes.core import Core, book_pages, config, listing, page_digest
from tangle.notes.engine import query
from tangle.notes.plain import is_plain, plain_facts
from tangle.parse import NotUtf8, check_python, merge_conflict, parse
from tangle.typed_json import msgpack_decoder

# --- one page -------------------------------------------------------------------------------------


@query()
def reading(core: Core, path: PagePath) -> Page | Problem:
    """A page, or why it cannot be read.

    One with an unresolved merge conflict cannot: two versions of it stand there at once.
    """
    try:
        found = parse(core.data(path), path)
    except NotUtf8 as error:
        return _not_utf8(path, error)
    return merge_conflict(found) or found


def _not_utf8(path: PagePath, error: NotUtf8) -> Problem:
    message, _, hint = str(error).removeprefix(f"{path}:{error.line}: ").partition("; ")
    return NOT_UTF8.at(Place(path=path, line=error.line), message, hint=hint or None)


@query()
def page(core: Core, path: PagePath) -> Page:
    """A page that can be read."""
    found = reading(core, path)
    if isinstance(found, Problem):
        raise TypeError(found)
    return found


@query()
def own_outline(core: Core, path: PagePath) -> LinkedPage:
    """A page's sections and chunks, as if no other page had its title."""
    settings = config(core, "")
    found = page(core, path)
    title = page_title(found, settings)
    dated = journal_day(title, settings.journal_format) is not None
    return linked_page(found, title, dated=dated)


@query(kept=PageFacts)
def facts(core: Core, path: PagePath) -> PageFacts:
    """What others can notice of a page."""
    settings = config(core, "")
    if is_plain(core.data(path)):
        check_python()  # as parsing would: no pattern can be trusted before
        plain = plain_facts(path, settings)
        return without_part(plain) if is_excluded(path, None, settings) else plain
    found = reading(core, path)
    if isinstance(found, Problem):
        return PageFacts(title="", unread=found)
    own = page_facts(found, own_outline(core, path), page_title(found, settings), settings)
    return without_part(own) if is_excluded(path, found, settings) else own


@query(kept=bool)
def excluded(core: Core, path: PagePath) -> bool:
    """Whether the configuration keeps a page from taking part."""
    settings = config(core, "")
    if not (settings.include or settings.exclude or settings.exclude_tags):
        return False
    found = reading(core, path)
    return is_excluded(path, None if isinstance(found, Problem) else found, settings)


@query(kept=Anchors)
def page_anchors(core: Core, path: PagePath) -> Anchors:
    """The lines that problems of other pages may name."""
    settings, found = config(core, ""), page(core, path)
    return anchors(found, own_outline(core, path), page_title(found, settings), settings)


@query(kept=dict[Uuid, BlockFacts])
def id_blocks(core: Core, path: PagePath) -> dict[Uuid, BlockFacts]:
    """What is known of the blocks that have ids."""
    return dict(blocks_with_ids(page(core, path), own_outline(core, path)))


def work_out_facts(core: Core, paths: Iterable[PagePath]) -> bytes:
    """The facts of pages, as `adopt_facts` takes them in a store of the same pages."""
    return msgspec.msgpack.encode({path: facts(core, path) for path in paths})


def adopt_facts(core: Core, found: bytes) -> None:
    """Take the facts of pages that another process worked out."""
    answers = msgpack_decoder(dict[PagePath, PageFacts]).decode(found)
    core.adopt(facts, answers, lambda path: ((config, ""), (page_digest, path)))


# --- all pages ------------------------------------------------------------------------------------


@query(kept=GraphIndex)
def index(core: Core, _: str) -> GraphIndex:
    """What is found by its name over all pages."""
    paths = listing(core, "")
    found = {}
    for number, path in enumerate(paths):
        step("looking for code", number, len(paths))
        found[path] = facts_alone(core, path)
    return graph_index({path: entry for path, entry in found.items() if entry.unread is None})


def facts_alone(core: Core, path: PagePath) -> PageFacts:
    """The facts of a page; the page itself is kept in memory only where more is asked of it."""
    found = facts(core, path)
    if found.quiet and not found.part:
        core.release(((reading, path), (page, path), (own_outline, path)))
    return found


@query(kept=tuple[PagePath, ...])
def adopted(core: Core, _: str) -> tuple[PagePath, ...]:
    """The pages that are adopted by what they hold, or by belonging to a book."""
    asking = {path for path in listing(core, "") if facts(core, path).adopted}
    return tuple(sorted(asking.union(all_books(core, "").of)))


@query(kept=tuple[Problem, ...])
def unread(core: Core, _: str) -> tuple[Problem, ...]:
    """Why pages cannot be read."""
    found = (facts(core, path) for path in listing(core, ""))
    return tuple(entry.unread for entry in found if entry.unread is not None)


@query(kept=PagePath | None)
def page_named(core: Core, name: str) -> PagePath | None:
    """The page of a title or alias."""
    return index(core, "").names.get(title_key(name))


@query(kept=PagePath | None)
def page_of_id(core: Core, uuid: Uuid) -> PagePath | None:
    """The page of the block that has an id."""
    return index(core, "").ids.get(uuid)


@query(kept=bool)
def by_path(core: Core, path: PagePath) -> bool:
    """Whether a page is addressed by its path, as another has its title."""
    return path in index(core, "").by_path


@query(kept=bool)
def is_coded(core: Core, path: PagePath) -> bool:
    """Whether a page has chunks that are not left out."""
    return path in index(core, "").coded


@query(kept=bool)
def is_involved(core: Core, path: PagePath) -> bool:
    """Whether references in code stand on a page, or can mean it."""
    return path in index(core, "").involved


@query(kept=frozenset[str])
def code_tags(core: Core, path: PagePath) -> frozenset[str]:
    """The tags under which the code of a page stands; none where it has no code."""
    if not is_coded(core, path):
        return frozenset()
    return tags_around(page(core, path), [chunk.block for chunk in own_outline(core, path).chunks])


@query(kept=tuple[PagePath, ...])
def pages_tagged(core: Core, tag: str) -> tuple[PagePath, ...]:
    """The pages with code under a tag, which is in the form in which titles compare."""
    return tuple(
        path for path in listing(core, "") if is_coded(core, path) and tag in code_tags(core, path)
    )


@query(kept=tuple[Problem, ...])
def clash_problems(core: Core, _: str) -> tuple[Problem, ...]:
    """The problems of titles, aliases, ids and names that stand twice."""
    found = index(core, "").clashing
    return tuple(clashes({path: page_anchors(core, path) for path in found}))


@query(kept=Books)
def all_books(core: Core, _: str) -> Books:
    """The books of the graph."""
    return books(index(core, "").numbers, book_pages(core, ""))


@query(kept=Book | None)
def book_of(core: Core, path: PagePath) -> Book | None:
    """The book that a page belongs to."""
    return all_books(core, "").of.get(path)


@query(kept=bool)
def is_section(core: Core, name: SectionName) -> bool:
    """Whether a unit of a book has a name."""
    return name in all_books(core, "").units


def pages_with_heading(core: Core, number: tuple[int, ...]) -> tuple[PagePath, ...]:
    """The pages outside of books that have code and a heading, or a title, of that number."""
    return tuple(
        path
        for path, page_numbers in index(core, "").numbers.items()
        if page_numbers.coded
        and book_of(core, path) is None
        and any(found == number and level != 0 for found, level in page_numbers.numbers)
    )


@query(kept=tuple[PagePath, ...])
def taking_part(core: Core, _: str) -> tuple[PagePath, ...]:
    """The pages that can have a part in a unit."""
    return tuple(sorted({*index(core, "").part, *all_books(core, "").of}))


def clashes_with(core: Core, paths: Collection[PagePath]) -> Iterator[Problem]:
    """The problems on other pages of what these pages have, too."""
    found = {path: page_anchors(core, path) for path in index(core, "").clashing}
    own = {path for path in found if path in paths}
    for path in found if own else ():
        if path not in own:
            some = {p: entry for p, entry in found.items() if p == path or p in own}
            alone = {problem.place for problem in clashes({path: found[path]})}
            here = (p for p in clashes(some) if p.place.path == path)
            yield from (problem for problem in here if problem.place not in alone)


def block_of(core: Core, uuid: Uuid) -> tuple[PagePath, BlockFacts] | None:
    """Where the block is that has an id."""
    path = page_of_id(core, uuid)
    if path is None:
        return None
    found = id_blocks(core, path).get(uuid)
    return (path, found) if found is not None else None


@query(kept=str)
def about_id(core: Core, uuid: Uuid) -> str:
    """What is known of an id that no block with code has, as a hint; empty for nothing."""
    found = block_of(core, uuid)
    if found is not None:
        path, block = found
        line = page(core, path).blocks[block.block].line
        return f"the block with this id is at {path}:{line}, and holds no Python"
    for problem in unread(core, ""):
        path = problem.place.path
        if f"id:: {uuid}".encode() in core.data(path).lower():
            return f"the block may be on {path}, which cannot be read: correct that page first"
    near = near_id(uuid, index(core, "").ids)
    return f"did you mean {near}?" if near is not None else ""


@query(kept=tuple[Problem, ...])
def book_problems(core: Core, _: str) -> tuple[Problem, ...]:
    """The numbers that keep pages from being a book, the first on each page."""
    first = {path: (n, other) for n, other, path in reversed(all_books(core, "").doubles)}

    def line(path: PagePath, number: tuple[int, ...], at: int) -> int:
        sections = own_outline(core, path).outline.sections
        return [section.line for section in sections if section.number == number][at]

    return tuple(
        UNCLEAR_BOOK.at(
            Place(path=path, line=line(path, number, 1 if path == other else 0)),
            f"section {number_text(number)} already exists at {other}:{line(other, number, 0)}, "
            "so section numbers count within each page only",
        )
        for path, (number, other) in first.items()
    )


# --- chunks ---------------------------------------------------------------------------------------


@query()
def outlined(core: Core, path: PagePath) -> LinkedPage:
    """A page's sections and chunks, references in them as they are written."""
    own = own_outline(core, path)
    title = SectionName(own.outline.title)
    taken = by_path(core, path) or is_section(core, title)
    name = SectionName(path) if taken else title
    return replace(own, outline=placed(page(core, path), own.outline, name, book_of(core, path)))


@query(hashed=True)
def expansion(core: Core, _: str) -> Expansion:
    """The chunks of all pages that references in code bear upon."""
    found = index(core, "").involved
    ids = {}
    for path in found:
        for uuid, block in id_blocks(core, path).items():
            if page_of_id(core, uuid) == path:
                ids[uuid] = (path, block.block)
    coded = {path: outlined(core, path).chunks for path in found}
    return expanded(coded, ids, lambda uuid: about_id(core, uuid))


@query()
def chunks(core: Core, path: PagePath) -> tuple[Chunk, ...]:
    """The chunks of a page, references in them expanded."""
    if not is_involved(core, path):
        return outlined(core, path).chunks
    return expansion(core, "").chunks[path]


@query()
def occurring(core: Core, path: PagePath) -> tuple[Occurrence, ...]:
    """The chunks that take part where a page stands."""

    def meant(reference: Reference) -> Iterable[Chunk]:
        found = block_of(core, reference.target)
        if found is None:
            return ()
        other, block = found
        return [chunk for chunk in chunks(core, other) if chunk.block == block.block]

    outline = outlined(core, path).outline
    return tuple(occurrences(page(core, path), outline, chunks(core, path), meant))


# --- units ----------------------------------------------------------------------------------------


@query(kept=Spots)
def spots(core: Core, path: PagePath) -> Spots:
    """The part that a page has in units."""
    return page_spots(outlined(core, path).outline, occurring(core, path))


@query(kept=Skeleton)
def units(core: Core, _: str) -> Skeleton:
    """The units of the graph, but for their chunks."""
    return skeleton(
        {path: spots(core, path) for path in taking_part(core, "")},
        lambda title: page_named(core, title),
    )


@query()
def heads(core: Core, _: str) -> dict[SectionName, UnitHead]:
    """The units by their names."""
    return {unit.section.name: unit for unit in units(core, "").units}


@query()
def sections(core: Core, _: str) -> dict[PagePath, dict[int, Section]]:
    """The sections that belong to units, by page and block."""
    found: dict[PagePath, dict[int, Section]] = {}
    for entry in units(core, "").units:
        for part in (*entry.parts, entry.section):
            found.setdefault(part.page, {})[part.block] = part
    return found


@query()
def titles(core: Core, _: str) -> dict[SectionName, str]:
    """The titles of sections."""
    found = (part for u in units(core, "").units for part in (u.section, *u.parts))
    return {part.name: part.title for part in found}


@query(kept=UnitHead | None)
def head(core: Core, name: SectionName) -> UnitHead | None:
    """A unit but for its chunks; None where there is none of that name."""
    return heads(core, "").get(name)


@query(kept=SectionName | None)
def unit_at(core: Core, place: int) -> SectionName | None:
    """The name of the unit that has a place in reading order."""
    found = units(core, "").units
    return found[place].section.name if place < len(found) else None


@query(kept=int)
def unit_count(core: Core, _: str) -> int:
    """How many units there are."""
    return len(units(core, "").units)


@query(kept=str)
def section_title(core: Core, name: SectionName) -> str:
    """The title of a section; empty where there is none of that name."""
    return titles(core, "").get(name, "")


@query(kept=tuple[tuple[int, SectionName], ...])
def sections_on(core: Core, path: PagePath) -> tuple[tuple[int, SectionName], ...]:
    """The sections of a page that belong to units, with their blocks."""
    return tuple((block, part.name) for block, part in sections(core, "").get(path, {}).items())


@query(hashed=True)
def unit(core: Core, name: SectionName) -> Unit | None:
    """A unit with its chunks; None where there is none of that name."""
    own = head(core, name)
    if own is None:
        return None
    found: list[Occurrence] = []
    for path in own.pages:
        outline = outlined(core, path).outline
        found += (e for e in occurring(core, path) if unit_name(outline.section_at(e.host)) == name)

    def faults(path: PagePath, block: int) -> Iterator[Problem]:
        return faults_around(page(core, path), outlined(core, path).outline, block)

    return made_unit(own, found, faults)


def units_alone(
    found: Page, settings: GraphConfig, patterns: tuple[str, ...] | None = None
) -> tuple[Unit, ...]:
    """The units of a page as if there were no other.

    Args:
        found: the page.
        settings: of the graph.
        patterns: the globs of the configuration that name a book's pages.
    """
    title = page_title(found, settings)
    dated = journal_day(title, settings.journal_format) is not None
    linked = linked_page(found, title, dated=dated)
    numbers = page_facts(found, linked, title, settings).numbers
    book = books({found.path: numbers}, patterns).of.get(found.path) if numbers else None
    outline = placed(found, linked.outline, SectionName(title), book)
    own = tuple(occurrences(found, outline, linked.chunks, lambda _: ()))
    names = {id(entry): unit_name(outline.section_at(entry.host)) for entry in own}
    return tuple(
        made_unit(
            unit,
            (entry for entry in own if names[id(entry)] == unit.section.name),
            lambda _, block: faults_around(found, outline, block),
        )
        for unit in skeleton({found.path: page_spots(outline, own)}, lambda _: None).units
    )


# --- problems -------------------------------------------------------------------------------------


@query()
def lines(core: Core, path: PagePath) -> list[str]:
    """The lines of a page."""
    return page_lines(page(core, path))


def locate(core: Core, problem: Problem) -> Problem:
    """A problem with its section and its line, where it is in a page and has them not."""
    path = problem.place.path
    return located(
        problem,
        page(core, path),
        lambda: lines(core, path),
        lambda: dict(sections_on(core, path)),
    )


@query(kept=tuple[Problem, ...])
def page_problems(core: Core, path: PagePath) -> tuple[Problem, ...]:
    """The problems of a page's own text, and of what it refers to."""
    known = facts(core, path)
    if known.quiet or known.unread is not None:
        return ()
    found = page(core, path)
    problems = [*found.problems, *own_outline(core, path).outline.settings.problems]
    targets = dict.fromkeys(reference.target for reference in found.references)
    missing = [uuid for uuid in targets if page_of_id(core, uuid) is None]
    problems += unresolved(found, {uuid: about_id(core, uuid) for uuid in missing})

    def shows_code(reference: Reference) -> bool:
        target = block_of(core, reference.target)
        return target is not None and (target[1].above or (not reference.alone and target[1].coded))

    def shows_page(title: str) -> bool:
        meant = page_named(core, title_key(title))
        return meant is not None and is_coded(core, meant)

    problems += embed_problems(found, shows_code, shows_page)
    return tuple(locate(core, problem) for problem in problems)


@query(kept=tuple[Problem, ...])
def graph_problems(core: Core, _: str) -> tuple[Problem, ...]:
    """The problems of all pages, and of what they have in common."""
    found: list[Problem] = []
    for path in listing(core, ""):
        found += page_problems(core, path)
    of_all = [*clash_problems(core, ""), *book_problems(core, ""), *units(core, "").problems]
    if index(core, "").involved:
        of_all += expansion(core, "").problems
    return (*found, *(locate(core, p) for p in of_all if not excluded(core, p.place.path)))
