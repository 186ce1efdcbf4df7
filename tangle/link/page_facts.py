"""What other pages can notice of a page, in plain values that outlive the page itself."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from msgspec import Struct

from tangle.link.books import TITLE, PageNumbers
from tangle.link.chunks import LinkedPage
from tangle.link.config import GraphConfig
from tangle.link.embeds import above_all
from tangle.link.expand import references_in
from tangle.link.outline import Outline
from tangle.link.settings import OUTPUT, PREFIX, WRITTEN, book_of_page
from tangle.link.titles import other_names, title_key
from tangle.model import Page, Problem, Uuid

_SAVE: Final = re.compile(r"#\s*@save\b")


class PageFacts(Struct, frozen=True, kw_only=True):
    """What others can notice of a page, the places of its lines and blocks aside.

    Attributes:
        title: as Logseq shows it.
        others: what else the page may be called, in the form in which names compare.
        ids: of its blocks, in order.
        names: the `tangle.name` of its blocks with chunks, in order.
        asked: what the lines of its chunks that are only a reference name.
        coded: whether it has chunks that are not left out.
        part: whether it can have a part in a unit wherever it belongs: chunks, references that
            stand alone.
        numbers: what decides whether it belongs to a book; None where it cannot be of one.
        outputs: whether outputs of chunks may stand in it.
        adopted: whether it has a `tangle.` property, outputs included, or a `#@save`.
        quiet: whether it can have no problems, whatever stands on other pages.
        unread: why it cannot be read; then nothing else is known of it.
    """

    title: str
    others: tuple[str, ...] = ()
    ids: tuple[Uuid, ...] = ()
    names: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    coded: bool = False
    part: bool = False
    outputs: bool = False
    adopted: bool = False
    quiet: bool = False
    numbers: PageNumbers | None = None
    unread: Problem | None = None


class Anchors(Struct, frozen=True, kw_only=True):
    """The lines of a page that problems of other pages may name.

    Attributes:
        ids: block ids, each with the line that says it.
        aliases: its other names as they are written, each with its line.
        names: the names of its chunks, each with the line of the block's first chunk.
    """

    title: str
    ids: tuple[tuple[Uuid, int], ...] = ()
    aliases: tuple[tuple[str, int], ...] = ()
    names: tuple[tuple[str, int], ...] = ()


class BlockFacts(Struct, frozen=True, kw_only=True):
    """What is known of a block that has an id.

    Attributes:
        block: its index.
        coded: whether it has chunks that are not left out.
        above: whether a block below it has some.
    """

    block: int
    coded: bool
    above: bool


def page_facts(page: Page, linked: LinkedPage, title: str, config: GraphConfig) -> PageFacts:
    """The facts of a page.

    Args:
        page: the page.
        linked: its outline and chunks.
        title: what it is called.
        config: the graph's settings.
    """
    outline = linked.outline
    coded = tuple(dict.fromkeys(chunk.block for chunk in linked.chunks))
    alone = any(e.alone and e.block not in page.templates for e in page.references)
    return PageFacts(
        title=title,
        others=tuple(title_key(name) for name, _ in other_names(page, config)),
        ids=tuple(block.id for block in page.blocks if block.id is not None),
        names=tuple(name for name, _ in _names(outline, coded)),
        asked=tuple(_asked(page, {chunk.line for chunk in linked.chunks})),
        coded=any(not outline.settings[block].skip for block in coded),
        part=bool(coded or alone or outline.settings.faults),
        outputs=OUTPUT.encode() in page.data.lower(),
        adopted=_is_adopted(page, linked),
        quiet=not (page.problems or page.references or page.embeds or outline.settings.faults),
        numbers=_numbers(page, linked, coded=bool(coded) or alone),
    )


def _numbers(page: Page, linked: LinkedPage, *, coded: bool) -> PageNumbers | None:
    """What decides whether a page belongs to a book."""
    sections = tuple(entry for entry in linked.outline.sections if entry.number)
    book = book_of_page(page)
    if not sections and book is None:
        return None
    return PageNumbers(
        numbers=tuple(
            (entry.number, page.blocks[entry.block].heading if entry.block >= 0 else TITLE)
            for entry in sections
        ),
        book=book,
        asks=_has_settings(page) or any(_SAVE.search(c.code) for c in linked.chunks),
        coded=coded,
    )


def _is_adopted(page: Page, linked: LinkedPage) -> bool:
    return any(
        entry.key.startswith(PREFIX)
        for index, block in enumerate(page.blocks)
        if index not in page.templates
        for entry in block.properties
    ) or bool(
        linked.outline.settings.faults or any(_SAVE.search(chunk.code) for chunk in linked.chunks)
    )


def _has_settings(page: Page) -> bool:
    """Whether a page has a `tangle.` property other than those of outputs."""
    return any(
        entry.key.startswith(PREFIX) and entry.key not in WRITTEN
        for index, block in enumerate(page.blocks)
        if index not in page.templates
        for entry in block.properties
    )


def _asked(page: Page, lines: Iterable[int]) -> Iterator[str]:
    for fence in page.fences:
        if fence.line in lines:
            yield from references_in(fence.code)


def _names(outline: Outline, blocks: Iterable[int]) -> Iterator[tuple[str, int]]:
    for block in blocks:
        name = outline.settings[block].name
        if name is not None:
            yield name, block


def anchors(page: Page, linked: LinkedPage, title: str, config: GraphConfig) -> Anchors:
    """The anchors of a page; arguments as for `page_facts`."""
    first: dict[int, int] = {}
    for chunk in linked.chunks:
        first.setdefault(chunk.block, chunk.line)
    named = _names(linked.outline, first)
    return Anchors(
        title=title,
        ids=tuple(_id_lines(page)),
        aliases=tuple((n, entry.line if entry else 0) for n, entry in other_names(page, config)),
        names=tuple((name, first[block]) for name, block in named),
    )


def _id_lines(page: Page) -> Iterator[tuple[Uuid, int]]:
    for block in page.blocks:
        if block.id is not None:
            lines = [entry.line for entry in block.properties if entry.key == "id"]
            yield block.id, lines[-1] if lines else block.line


def blocks_with_ids(page: Page, linked: LinkedPage) -> Mapping[Uuid, BlockFacts]:
    """What is known of the blocks of a page that have ids; the first that has one counts.

    Args:
        page: as it was parsed.
        linked: the same page with its sections and chunks.
    """
    settings = linked.outline.settings
    coded = {c.block for c in linked.chunks if not settings[c.block].skip}
    above = above_all(page, coded)
    found: dict[Uuid, BlockFacts] = {}
    for index, block in enumerate(page.blocks):
        if block.id is not None and block.id not in found:
            found[block.id] = BlockFacts(block=index, coded=index in coded, above=index in above)
    return found
