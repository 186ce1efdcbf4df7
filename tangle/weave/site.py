"""The files of a site: each with a digest of what it is made of, and made when it is asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from tangle.activity import step
from tangle.notes import Core, Query
from tangle.weave import (
    chunks,
    content,
    graph,
    inputs,
    names,
    pages,
    reference,
    searchable,
    sections,
)
from tangle.weave.assets import RULES, is_cleaned
from tangle.weave.cards import RULES as CARD_RULES
from tangle.weave.cards import Card, draw, is_drawable
from tangle.weave.code_pages import code_links
from tangle.weave.content import excerpts, shows
from tangle.weave.feeds import FEED, ROBOTS, robots, sitemaps
from tangle.weave.formulas import KATEX_VERSION, formula_files
from tangle.weave.graph import asset_stamp, concepts, href_of_page, woven_pages
from tangle.weave.inputs import site_settings
from tangle.weave.pages import (
    SITE_CARD,
    all_pages,
    all_pages_file,
    card_of,
    code_file,
    concept_file,
    feed_file,
    home_file,
    journals,
    page_file,
    search_file,
)
from tangle.weave.searchable import (
    names_of_segment,
    search_entries,
    search_index,
    segment_made,
    segments,
)
from tangle.weave.templates import ALL_PAGES, HOME, SEARCH_PAGE, static_files
from tangle.weave.urls import asset_href
from tangle.weave.views import Feature

KEPT: Final[tuple[Query[Any, Any], ...]] = tuple(
    found
    for module in (
        *(inputs, graph, content, pages, searchable),
        *(chunks, names, reference, sections),
    )
    for found in vars(module).values()
    if isinstance(found, Query) and not found.passing
)
"""All queries of the site that are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteFile:
    """A file of the site.

    Attributes:
        digest: another one where the file is another one.
        make: its content.
    """

    digest: Callable[[], str]
    make: Callable[[], bytes]


def site_files(core: Core) -> dict[str, SiteFile]:
    """The files of the site but those of the search, and of the graph that it copies."""
    found = dict(_fixed(core))
    paths = woven_pages(core, "")
    for number, path in enumerate(paths):
        step("reading pages", number, len(paths))
        # One after the other, so that each text is read as Markdown once.
        core.check(shows, path)
        core.check(excerpts, path)
        core.check(search_entries, path)
    for number, path in enumerate(paths):
        step("weaving pages", number, len(paths))
        found[href_of_page(core, path) or ""] = _page(core, page_file, path)
    for href in concepts(core, ""):
        found[href] = _page(core, concept_file, href)
    return found


def search_files(core: Core) -> dict[str, SiteFile]:
    """The files of the search, by path from the site's root."""
    digest = partial(_digest, core, search_index, "")
    found = {"search/index.js": SiteFile(digest=digest, make=lambda: search_index(core, ""))}
    for number in range(len(segments(core, ""))):
        digest = partial(_digest, core, segment_made, number)
        for name in names_of_segment(core, number):
            make = partial(_of_segment, core, number, name)
            found[name] = SiteFile(digest=digest, make=make)
    return found


def _page(core: Core, made: Query[Any, str], key: str) -> SiteFile:
    return SiteFile(
        digest=partial(_digest, core, made, key),
        make=lambda: made(core, key).encode("utf-8", "replace"),
    )


def _digest(core: Core, made: Query[Any, Any], key: Any) -> str:
    return core.stamp(made, key).hex()


def _of_segment(core: Core, number: int, name: str) -> bytes:
    return segment_made(core, number)[name]


def _fixed(core: Core) -> Iterator[tuple[str, SiteFile]]:
    """The files that every site has."""
    yield HOME, _page(core, home_file, "")
    yield ALL_PAGES, _page(core, all_pages_file, "")
    yield SEARCH_PAGE, _page(core, search_file, "")
    for link in code_links(core, ""):
        yield link.href, _page(core, code_file, link.href)
    for name, data in static_files().items():
        yield f"static/{name}", given(data)
    if needs(core, "formulas"):
        for name, data in formula_files().items():
            yield f"static/{name}", given(data)
    if site_settings(core, "").base:
        yield from _published(core)
    yield ".nojekyll", given(b"")  # or GitHub Pages leaves out what begins with an underscore


def _published(core: Core) -> Iterator[tuple[str, SiteFile]]:
    """The files for programs, of a site whose address is known."""
    settings = site_settings(core, "")
    if journals(core, ""):
        stamp = partial(_digest, core, feed_file, "")
        yield FEED, SiteFile(digest=stamp, make=lambda: feed_file(core, ""))
    hrefs = [listed.link.href for listed in all_pages(core, "")]
    for name, data in sitemaps(settings.base, ["", *sorted(hrefs)]).items():
        yield name, given(data)
    rules = robots(settings.base)
    if rules is not None:
        yield ROBOTS, given(rules)
    if is_drawable(settings.title, wide=bool(settings.card_font)):
        yield SITE_CARD, _card(Card(title=settings.title, site=""), settings.card_font)
    for path in woven_pages(core, ""):
        href, card = card_of(core, path)
        if card is not None:
            yield href, _card(card, settings.card_font)


def _card(card: Card, font: str) -> SiteFile:
    words = repr((CARD_RULES, card.title, card.site, card.number, font))
    digest = hashlib.blake2b(words.encode("utf-8", "replace"), digest_size=16).hexdigest()
    return SiteFile(digest=lambda: digest, make=lambda: draw(card, font))


def given(data: bytes) -> SiteFile:
    """A file whose content is at hand."""
    return SiteFile(
        digest=lambda: hashlib.blake2b(data, digest_size=16).hexdigest(), make=lambda: data
    )


def needs(core: Core, feature: Feature) -> bool:
    """Whether a page of the site needs something beside the common style and script."""
    return any(feature in shows(core, path).features for path in woven_pages(core, ""))


def static_version(style: bytes) -> str:
    """A digest of the styles and the scripts.

    Args:
        style: the graph's; empty if it has none.
    """
    found = hashlib.blake2b(style + KATEX_VERSION.encode(), digest_size=5)
    for name, data in sorted(static_files().items()):
        found.update(name.encode() + data)
    return found.hexdigest()


def copied_files(core: Core) -> dict[str, str]:
    """The files of the graph that pages use, by their paths in it, with their addresses."""
    return {path: asset_href(path) for path in pages.used_files(core)}


def copied_stamp(core: Core, path: str) -> str:
    """The stamp of a file of the graph that is copied."""
    stamp = asset_stamp(core, path) or ""
    return f"{stamp}:{RULES}" if is_cleaned(path) else stamp


def roots(core: Core) -> Iterator[tuple[Query[Any, Any], Any]]:
    """What of the site is remembered for the next command."""
    for asked in inputs.INPUTS:
        yield asked, ""
    for path in woven_pages(core, ""):
        yield page_file, path
        yield shows, path
        yield excerpts, path
    for href in concepts(core, ""):
        yield concept_file, href
    for link in code_links(core, ""):
        yield code_file, link.href
    for number in range(len(segments(core, ""))):
        yield segment_made, number
        yield names_of_segment, number
    for fixed in (home_file, feed_file, all_pages_file, search_file, search_index):
        yield fixed, ""
