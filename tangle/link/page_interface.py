"""What other pages can notice of a page, and which pages a page leans on by that."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tangle.link.config import GraphConfig
from tangle.link.embeds import above_all
from tangle.link.expand import references_in
from tangle.link.graph import Linked, chunk_fences
from tangle.link.outline import Outline
from tangle.link.titles import other_names, title_key
from tangle.link.units import reading_order
from tangle.model import Page, PagePath, Uuid


class PageFacts(NamedTuple):
    """What other pages can notice of a page, lines aside.

    Attributes:
        title: as Logseq shows it.
        others: what else the page may be called, in the form in which names compare.
        sections: number (empty where there is none) and title of each, in order.
        ids: of its blocks, each with whether the block has chunks, whether they are left out, and
            whether there are others below it.
        names: the `tangle.name` of its blocks with chunks.
        asked: what the lines of its chunks that are only a reference name, and what it embeds.
        coded: whether it has chunks that are not left out.
    """

    title: str
    others: tuple[str, ...]
    sections: tuple[tuple[str, str], ...]
    ids: tuple[tuple[Uuid, tuple[bool, bool, bool]], ...]
    names: tuple[str, ...]
    asked: tuple[str, ...]
    coded: bool


def page_facts(found: Linked, path: PagePath, config: GraphConfig) -> PageFacts:
    """The facts of a page of a graph with these settings."""
    page, outline = found.graph.pages[path], found.outlines[path]
    coded = dict.fromkeys(fence.block for fence, _ in chunk_fences(page, outline))
    running = [block for block in coded if not outline.settings[block].skip]
    above = above_all(page, running)
    return PageFacts(
        title=found.graph.titles[path],
        others=tuple(title_key(name) for name, _ in other_names(page, config)),
        sections=tuple(
            (section.name if section.number else "", section.title) for section in outline.sections
        ),
        ids=tuple(
            (
                block.id,
                (index in coded, outline.settings[index].skip, index in above),
            )
            for index, block in enumerate(page.blocks)
            if block.id is not None
        ),
        names=tuple(_names(outline, coded)),
        asked=(*(_asked(page, outline) if coded else ()), *_embedded(page)),
        coded=bool(running),
    )


def _names(outline: Outline, coded: Iterable[int]) -> Iterator[str]:
    for block in coded:
        name = outline.settings[block].name
        if name is not None:
            yield name


def _asked(page: Page, outline: Outline) -> Iterator[str]:
    for fence, _ in chunk_fences(page, outline):
        yield from references_in(fence.code)


def _embedded(page: Page) -> Iterator[str]:
    """The blocks and pages that a page shows, by the names under which they are looked for."""
    for reference in page.references:
        if reference.kind == "embed":
            yield f"(({reference.target}))"
    for embed in page.embeds:
        yield f"[[{title_key(embed.title)}]]"


def page_anchors(found: Linked, path: PagePath) -> Sequence[object]:
    """The lines of a page that problems of other pages may name.

    They are those of what it may have first: its sections, its ids, its chunks with names.
    """
    page, outline = found.graph.pages[path], found.outlines[path]
    return (
        [section.line for section in outline.sections],
        [(block.line, block.properties) for block in page.blocks if block.id is not None],
        [fence.line for fence in page.fences if outline.settings[fence.block].name is not None],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaning:
    """The pages without which one cannot be linked.

    Attributes:
        takes: those that the references in its code, and its embeds, can mean.
        yields: those that have something first which it has too: a title, an id, a number.
    """

    takes: frozenset[PagePath] = frozenset()
    yields: frozenset[PagePath] = frozenset()


def leanings(
    facts: Mapping[PagePath, PageFacts], outlines: Mapping[PagePath, Outline]
) -> Mapping[PagePath, Leaning]:
    """On which others each page leans, pages that lean on none left out.

    The page that has a title, an id, a number or a name first decides what becomes of the others
    that have it too, and their problems name its line; a chunk is made of those that it refers to.
    """
    takes: defaultdict[PagePath, set[PagePath]] = defaultdict(set)
    yields: defaultdict[PagePath, set[PagePath]] = defaultdict(set)
    for path, firsts in _taken(sorted(facts), facts, reading_order(outlines)):
        yields[path].update(firsts)
    holders = _holders(facts)
    for path, page in facts.items():
        for name in page.asked:
            takes[path].update(holders.get(name, ()))
    found = {
        path: Leaning(
            takes=frozenset(takes[path] - {path}), yields=frozenset(yields[path] - {path})
        )
        for path in facts
    }
    return {path: leaning for path, leaning in found.items() if leaning.takes or leaning.yields}


def _taken(
    by_path: Sequence[PagePath],
    facts: Mapping[PagePath, PageFacts],
    in_reading_order: Sequence[PagePath],
) -> Iterator[tuple[PagePath, set[PagePath]]]:
    """Pages, and the one that has something first which they have too."""
    first: dict[tuple[str, str], PagePath] = {}
    for path in by_path:
        keys = [("title", facts[path].title), ("key", title_key(facts[path].title))]
        keys += [("id", uuid) for uuid, _ in facts[path].ids]
        keys += [("name", name) for name in facts[path].names]
        yield path, {first.setdefault(key, path) for key in keys}
    for path in by_path:  # an alias gives way to every title
        keys = [("key", name) for name in facts[path].others]
        yield path, {first.setdefault(key, path) for key in keys}
    for path in in_reading_order:
        keys = [("number", number) for number, _ in facts[path].sections if number]
        yield path, {first.setdefault(key, path) for key in keys}


def _holders(facts: Mapping[PagePath, PageFacts]) -> Mapping[str, set[PagePath]]:
    """The pages that a reference in code, or an embed, can mean."""
    found: defaultdict[str, set[PagePath]] = defaultdict(set)
    for path, page in facts.items():
        for name in page.names:
            found[name].add(path)
        for uuid, _ in page.ids:
            found[f"(({uuid}))"].add(path)
        for name in (title_key(page.title), *page.others):
            found[f"[[{name}]]"].add(path)
    return found
