"""What other pages can notice of a page, and which pages a page leans on by that."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from tangle.link.expand import references_in
from tangle.link.graph import PYTHON, Linked
from tangle.link.outline import Outline
from tangle.link.titles import title_key
from tangle.link.units import reading_order
from tangle.model import Page, PagePath, Uuid


class PageFacts(NamedTuple):
    """What other pages can notice of a page, lines aside.

    Attributes:
        title: as the page or its file's name says it.
        sections: number (empty where there is none) and title of each, in order.
        ids: of its blocks, each with whether the block has chunks.
        names: the `tangle.name` of its blocks with chunks.
        asked: what the lines of its chunks that are only a reference name.
    """

    title: str
    sections: tuple[tuple[str, str], ...]
    ids: tuple[tuple[Uuid, bool], ...]
    names: tuple[str, ...]
    asked: tuple[str, ...]


def page_facts(found: Linked, path: PagePath) -> PageFacts:
    """The facts of a page of a graph."""
    page, outline = found.graph.pages[path], found.outlines[path]
    coded = dict.fromkeys(
        fence.block
        for fence in page.fences
        if fence.nested is None and fence.language.lower() in PYTHON
    )
    return PageFacts(
        title=found.graph.titles[path],
        sections=tuple(
            (section.name if section.number else "", section.title) for section in outline.sections
        ),
        ids=tuple(
            (block.id, index in coded)
            for index, block in enumerate(page.blocks)
            if block.id is not None
        ),
        names=tuple(_names(outline, coded)),
        asked=tuple(_asked(page)) if coded else (),
    )


def _names(outline: Outline, coded: Iterable[int]) -> Iterator[str]:
    for block in coded:
        name = outline.settings[block].name
        if name is not None:
            yield name


def _asked(page: Page) -> Iterator[str]:
    for fence in page.fences:
        if fence.nested is None and fence.language.lower() in PYTHON:
            yield from references_in(fence.code)


def leanings(
    facts: Mapping[PagePath, PageFacts], outlines: Mapping[PagePath, Outline]
) -> Mapping[PagePath, frozenset[PagePath]]:
    """For each page those that it cannot be linked without, pages that lean on none left out.

    The page that has a title, an id, a number or a name first decides what becomes of the others
    that have it too, and their problems name its line; a chunk is made of those that it refers to.
    """
    found: defaultdict[PagePath, set[PagePath]] = defaultdict(set)
    for path, key in _taken(sorted(facts), facts, reading_order(outlines)):
        found[path].update(key)
    holders = _holders(facts)
    for path, page in facts.items():
        for name in page.asked:
            found[path].update(holders.get(name, ()))
    return {path: frozenset(others - {path}) for path, others in found.items() if others - {path}}


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
    for path in in_reading_order:
        keys = [("number", number) for number, _ in facts[path].sections if number]
        yield path, {first.setdefault(key, path) for key in keys}


def _holders(facts: Mapping[PagePath, PageFacts]) -> Mapping[str, set[PagePath]]:
    """The pages that a reference in code can mean."""
    found: defaultdict[str, set[PagePath]] = defaultdict(set)
    for path, page in facts.items():
        for name in page.names:
            found[name].add(path)
        for uuid, _ in page.ids:
            found[f"(({uuid}))"].add(path)
    return found
