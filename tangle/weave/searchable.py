"""Queries about what the search knows of pages."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from tangle.model import PagePath
from tangle.notes import Core, query
from tangle.weave.block_text import BlockText
from tangle.weave.graph import concepts, href_of_page, shown_texts, sketch, woven_pages
from tangle.weave.markdown import tokens_of
from tangle.weave.plain_words import plain_text
from tangle.weave.search import divide, index_file, segment_files
from tangle.weave.views import Link, SearchEntry

_CHARACTERS: Final = 20_000
"""Of an entry's text or code: what is longer is data."""


@query(kept=tuple[SearchEntry, ...])
def search_entries(core: Core, path: PagePath) -> tuple[SearchEntry, ...]:
    """What the search knows of a page: what is above its first heading, and each heading."""
    href = href_of_page(core, path) or ""
    title = sketch(core, path).title
    found: list[SearchEntry] = []
    blocks: list[BlockText] = []
    link, above = Link(href=href, text=title), ""
    for block in shown_texts(core, path):
        if block.heading and block.text:
            found.append(_entry(link, above, blocks))
            first, _, rest = block.text.partition("\n")
            words = " ".join(plain_text(tokens_of(first)).split())
            link, above = Link(href=f"{href}#{block.anchor}", text=words), title
            blocks = [_without_heading(block, rest)]
        else:
            blocks.append(block)
    found.append(_entry(link, above, blocks))
    return tuple(found)


def _without_heading(block: BlockText, rest: str) -> BlockText:
    return replace(block, text=rest)


def _entry(link: Link, page: str, blocks: list[BlockText]) -> SearchEntry:
    words = (plain_text(tokens_of(block.text)) for block in blocks if block.text)
    code = (code.text for block in blocks for code in block.codes)
    return SearchEntry(
        link=link,
        page=page,
        text=" ".join(" ".join(words).split())[:_CHARACTERS],
        code="".join(code)[:_CHARACTERS],
    )


@query(kept=tuple[tuple[str, ...], ...])
def segments(core: Core, _: str) -> tuple[tuple[str, ...], ...]:
    """The addresses of the pages of each segment of the index."""
    parts = divide(SearchEntry(link=Link(href=href, text="")) for href in _hrefs(core))[2]
    return tuple(tuple(e.link.href for e in parts[number]) for number in range(len(parts)))


def _hrefs(core: Core) -> list[str]:
    return [*(href_of_page(core, p) or "" for p in woven_pages(core, "")), *concepts(core, "")]


@query(kept=tuple[str, ...])
def segment(core: Core, number: int) -> tuple[str, ...]:
    """The addresses of the pages of a segment of the index."""
    found = segments(core, "")
    return found[number] if number < len(found) else ()


@query(kept=int)
def text_count(core: Core, _: str) -> int:
    """How many files of texts the index has."""
    return divide(SearchEntry(link=Link(href=href, text="")) for href in _hrefs(core))[1]


@query(kept=dict[str, PagePath])
def pages_by_href(core: Core, _: str) -> dict[str, PagePath]:
    """The pages of the notes by their addresses."""
    return {href_of_page(core, path) or "": path for path in woven_pages(core, "")}


@query(kept=PagePath | None)
def page_at_href(core: Core, href: str) -> PagePath | None:
    """The page of the notes that has an address."""
    return pages_by_href(core, "").get(href)


@query(hashed=True)
def segment_made(core: Core, number: int) -> dict[str, bytes]:
    """The files of a segment of the index."""
    entries: list[SearchEntry] = []
    for href in segment(core, number):
        path = page_at_href(core, href)
        if path is not None:
            entries += search_entries(core, path)
        else:
            entries.append(SearchEntry(link=Link(href=href, text=concepts(core, "")[href])))
    return segment_files(number, entries, text_count(core, ""))


@query(hashed=True)
def search_index(core: Core, _: str) -> bytes:
    """The file of the index that says how many segments there are."""
    return index_file(len(segments(core, "")))


@query(kept=tuple[str, ...])
def names_of_segment(core: Core, number: int) -> tuple[str, ...]:
    """The names of the files of a segment."""
    return tuple(segment_made(core, number))
