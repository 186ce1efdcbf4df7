"""Read the bytes of a page: the parts of the parser put together.

This module imports all of them. `tangle.parse` imports it when the first page is parsed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tangle.model import Block, Page, PagePath, Property

from .blocks import blocks_of, templates_in
from .constructs import Constructs
from .fences import FenceReader
from .problems import problems_of
from .properties import normal_key, properties_of
from .references import links_of
from .scan import Layout, scan
from .source import Source
from .text import Places

_NONE: Final = frozenset[int]()


def read_page(data: bytes, path: PagePath, errors: str = "strict") -> Page:
    """Return a page, read in one pass over its lines and one over what they hold.

    Args:
        data: the file.
        path: named in problems.
        errors: what to do about bytes that are not UTF-8, as for `bytes.decode`.
    """
    source = Source(data)
    constructs = Constructs(source)
    places = Places(data, path, errors)
    layout = scan(source, constructs)
    blocks = blocks_of(layout, places)
    shift = len(blocks) - len(layout.starts)
    fences = FenceReader(source, constructs, places).read(layout, shift)
    links = links_of(layout, blocks, places, source)
    may_have = b"emplate::" in data or b"EMPLATE::" in data
    templates = templates_in(blocks) if may_have else _NONE
    return Page(
        path=path,
        data=data,
        blocks=blocks,
        fences=fences,
        references=links.references,
        links=links.titles,
        link_spans=links.spans,
        title=_title(blocks, layout, places),
        problems=problems_of(places, blocks, fences, constructs.unclosed, templates),
        embeds=links.embeds,
        templates=templates,
    )


def _title(blocks: Sequence[Block], layout: Layout, places: Places) -> str | None:
    """The page property `title`: of front matter or `#+TITLE:`, else of the text at the top."""
    found: Sequence[Property] = ()
    if layout.directives:
        named = [p for p in layout.directives if normal_key(places.text(p.key)) == "title"]
        found = properties_of(named, places)
    elif blocks and blocks[0].kind == "pre":
        found = blocks[0].properties
    return next((item.value for item in found if item.key == "title" and item.value), None)
