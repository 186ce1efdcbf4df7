"""Parse pages of a Logseq graph: bytes to `Page`, lossless, as Logseq's own parser reads them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Final

from tangle.model import Block, Page, PagePath, Property

from .blocks import blocks_of, templates_in
from .conflicts import may_conflict, merge_conflict
from .constructs import Constructs
from .errors import MisreadsPages, NotUtf8
from .fences import FenceReader
from .languages import Info, Kind, info_of, kind_of, names_python
from .probe import reads_as_known
from .problems import problems_of
from .properties import normal_key, properties_of
from .property_lines import (
    has_lost_bullet,
    is_property_like,
    may_be_written,
    moved_lines,
    written_lines,
)
from .references import links_of
from .scan import Layout, scan
from .show import outline, outline_text
from .source import Source
from .text import Places

__all__ = [
    "Info",
    "Kind",
    "MisreadsPages",
    "NotUtf8",
    "check_python",
    "has_lost_bullet",
    "info_of",
    "is_property_like",
    "kind_of",
    "may_be_written",
    "may_conflict",
    "merge_conflict",
    "moved_lines",
    "names_python",
    "outline",
    "outline_text",
    "parse",
    "render",
    "written_lines",
]


_NONE: Final = frozenset[int]()
_UNNAMED = PagePath("page.md")


def parse(data: bytes, path: PagePath = _UNNAMED, *, errors: str = "strict") -> Page:
    """Read a page.

    Args:
        data: the file, UTF-8; a byte order mark and either line end are kept as they are.
        path: named in problems and errors.
        errors: what to do about bytes that are not UTF-8, as for `bytes.decode`.

    Raises:
        MisreadsPages: this Python cannot read pages; the first call finds that out.
        NotUtf8: if `errors` is `strict` and the file is not UTF-8.
    """
    check_python()
    _check_utf8(data, path, errors)
    return _read(data, path, errors)


@cache
def check_python() -> None:
    """Refuse a Python that cannot read pages; the first call finds that out.

    Raises:
        MisreadsPages: this one cannot.
    """
    if not reads_as_known(_read):
        raise MisreadsPages


def _read(data: bytes, path: PagePath, errors: str = "strict") -> Page:
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


def _check_utf8(data: bytes, path: PagePath, errors: str) -> None:
    if data.isascii():
        return
    try:
        data.decode("utf-8", errors)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise NotUtf8(path, error.start, line) from None


def render(page: Page) -> bytes:
    """The file that a page was read from: its blocks' spans, one after the other."""
    return b"".join([page.data[b.span.start : b.span.end] for b in page.blocks])
