"""Queries about the pages of the site: what a template shows of each, and the page as a file."""

from __future__ import annotations

from datetime import date
from typing import Final

from markupsafe import Markup

from tangle.link import number_text
from tangle.model import PagePath
from tangle.notes import Core, pages, query
from tangle.weave.cards import FOLDER as CARDS
from tangle.weave.cards import Card, is_drawable
from tangle.weave.code_pages import code_links, code_view
from tangle.weave.content import content, excerpts, shows
from tangle.weave.feeds import ENTRIES, FEED, FeedEntry, absolute, feed
from tangle.weave.graph import (
    concepts,
    href_of_page,
    left_out,
    referrers_of,
    site_language,
    sketch,
    texts,
    woven_pages,
)
from tangle.weave.inputs import site_settings
from tangle.weave.openings import opening
from tangle.weave.page_code import page_downloads
from tangle.weave.templates import (
    OWN_STYLE,
    render_all_pages,
    render_home,
    render_page,
    render_search,
)
from tangle.weave.urls import INDEX, ROOT
from tangle.weave.views import (
    FEATURES,
    Backlinks,
    Chapter,
    Feature,
    HomeView,
    Link,
    Listed,
    PageView,
    SiteView,
)

SITE_CARD: Final = f"{CARDS}/site.png"

_LONGEST_ENTRY: Final = 100_000
"""Characters of a day of the journal that the feed holds."""
_REFERRERS: Final = 100
_EXCERPTS: Final = 20
"""Pages, and blocks of each, that a page lists as those that name it."""


# --- order ----------------------------------------------------------------------------------------


@query(kept=tuple[Chapter, ...])
def chapters(core: Core, _: str) -> tuple[Chapter, ...]:
    """The books of the site in reading order, as far as they are woven."""
    return tuple(chapter(core, path) for path in book_order(core, ""))


@query(kept=tuple[PagePath, ...])
def book_order(core: Core, _: str) -> tuple[PagePath, ...]:
    """The pages of books in reading order."""
    of = pages.all_books(core, "").of
    found = [path for path in woven_pages(core, "") if path in of]
    return tuple(sorted(found, key=lambda path: (of[path].name, _first_number(core, path), path)))


def _first_number(core: Core, path: PagePath) -> tuple[int, ...]:
    sections = pages.outlined(core, path).outline.sections
    return min((section.number for section in sections if section.number), default=())


@query(kept=Chapter)
def chapter(core: Core, path: PagePath) -> Chapter:
    """A page of a book, with its sections."""
    href = href_of_page(core, path) or ""
    blocks = texts(core, path)
    sections = [s for s in pages.outlined(core, path).outline.sections if s.number]
    title = next((s for s in sections if s.block < 0), None)
    below = [
        (s.number, Link(href=f"{href}#{blocks[s.block].anchor}", text=s.title))
        for s in sections
        if s.block >= 0 and s.block not in left_out(core, path)
    ]
    number = number_text(title.number) if title is not None else ""
    parts = _nested(below)
    begins = opening(core, path)
    if begins is not None and len(parts) == 1:
        number, parts = begins[1], parts[0].parts
    return Chapter(link=Link(href=href, text=sketch(core, path).title), number=number, parts=parts)


def _nested(entries: list[tuple[tuple[int, ...], Link]]) -> tuple[Chapter, ...]:
    """Sections as a tree, by their numbers."""
    found: list[Chapter] = []
    at = 0
    while at < len(entries):
        number, link = entries[at]
        end = at + 1
        while end < len(entries) and len(entries[end][0]) > len(number):
            end += 1
        parts = _nested(entries[at + 1 : end])
        found.append(Chapter(link=link, number=number_text(number), parts=parts))
        at = end
    return tuple(found)


@query(kept=tuple[tuple[date, PagePath], ...])
def journals(core: Core, _: str) -> tuple[tuple[date, PagePath], ...]:
    """The pages of the journal by day."""
    found = ((sketch(core, path).day, path) for path in woven_pages(core, ""))
    return tuple(sorted((day, path) for day, path in found if day is not None))


@query(kept=tuple[Link | None, Link | None])
def beside(core: Core, path: PagePath) -> tuple[Link | None, Link | None]:
    """The page before a page and the one after it, in its book or in the journal."""
    order: tuple[PagePath, ...] = ()
    if sketch(core, path).day is not None:
        order = tuple(other for _, other in journals(core, ""))
    elif pages.book_of(core, path) is not None:
        order = book_order(core, "")
    if path not in order:
        return None, None
    at = order.index(path)
    before = _link(core, order[at - 1]) if at > 0 else None
    return before, _link(core, order[at + 1]) if at + 1 < len(order) else None


def _link(core: Core, path: PagePath) -> Link:
    return Link(href=href_of_page(core, path) or "", text=sketch(core, path).title)


# --- views ----------------------------------------------------------------------------------------


@query(kept=SiteView)
def site_view(core: Core, _: str) -> SiteView:
    """What all pages share."""
    settings = site_settings(core, "")
    return SiteView(
        title=settings.title,
        language=site_language(core, ""),
        home=Link(href=INDEX, text=settings.title),
        chapters=chapters(core, ""),
        base=settings.base,
        feed=FEED if settings.base and journals(core, "") else "",
        version=settings.version,
        styles=(OWN_STYLE,) if settings.own_style else (),
        scripts=settings.scripts,
        links=code_links(core, ""),
    )


@query()
def page_view(core: Core, path: PagePath) -> PageView:
    """A page as its template shows it."""
    href = href_of_page(core, path)
    assert href is not None
    found = content(core, path)
    known = sketch(core, path)
    root = "../" * href.count("/")
    before, after = beside(core, path)
    lists = backlinks(core, href)
    return PageView(
        href=href,
        title=known.title,
        number=chapter(core, path).number if pages.book_of(core, path) is not None else "",
        content=_markup(found.html, root),
        description=found.description,
        properties=tuple((name, _markup(value, root)) for name, value in found.properties),
        toc=found.toc,
        backlinks=lists,
        more_backlinks=max(0, len(referrers_of(core, href)) - _REFERRERS),
        previous=before,
        next=after,
        journal=known.day,
        card=card_of(core, path)[0],
        downloads=tuple(Link(href=href, text=text) for text, href in page_downloads(core, path)),
        features=_features(found.features, lists),
    )


def _features(own: frozenset[str], lists: tuple[Backlinks, ...]) -> frozenset[Feature]:
    """What a page needs, for its own text and for what it shows of others."""
    features = own
    if any('class="katex"' in shown for group in lists for _, shown in group.blocks):
        features |= {"formulas"}
    return frozenset(f for f in FEATURES if f in features)


@query(kept=tuple[str, Card | None])
def card_of(core: Core, path: PagePath) -> tuple[str, Card | None]:
    """The address of the picture that social networks show for a page, and its own one.

    Each page of a book has its own; all others share that of the site.
    """
    settings = site_settings(core, "")
    wide = bool(settings.card_font)
    if not settings.base or not is_drawable(settings.title, wide=wide):
        return "", None
    title = sketch(core, path).title if pages.book_of(core, path) is not None else ""
    if not title or not is_drawable(title, wide=wide):
        return SITE_CARD, None
    href = href_of_page(core, path) or ""
    card = Card(title=title, site=settings.title, number=chapter(core, path).number)
    return f"{CARDS}/{href.removesuffix('.html')}.png", card


@query(hashed=True)
def feed_file(core: Core, _: str) -> bytes:
    """The journal as an Atom feed; empty if there is none, or no address of the site."""
    settings = site_settings(core, "")
    newest = list(reversed(journals(core, "")))[:ENTRIES] if settings.base else []
    if not newest:
        return b""
    entries = [_feed_entry(core, day, path) for day, path in newest]
    return feed(settings.title, settings.base, site_language(core, ""), entries)


def _feed_entry(core: Core, day: date, path: PagePath) -> FeedEntry:
    found = content(core, path)
    # Formulas need a style sheet, which programs that read feeds do not load.
    whole = "formulas" not in found.features and len(found.html) < _LONGEST_ENTRY
    root = absolute(site_settings(core, "").base, "")
    return FeedEntry(
        href=href_of_page(core, path) or "",
        title=sketch(core, path).title,
        day=day,
        summary=found.description,
        html=found.html.replace(ROOT, root) if whole else "",
    )


@query()
def concept_view(core: Core, href: str) -> PageView:
    """A page that is only named: it has no text, and lists who names it."""
    lists = backlinks(core, href)
    return PageView(
        href=href,
        title=concepts(core, "")[href],
        content=Markup(),
        backlinks=lists,
        more_backlinks=max(0, len(referrers_of(core, href)) - _REFERRERS),
        features=_features(frozenset(), lists),
    )


@query()
def backlinks(core: Core, href: str) -> tuple[Backlinks, ...]:
    """The blocks that name a page, by their pages."""
    root = "../" * href.count("/")
    found: list[Backlinks] = []
    for path in referrers_of(core, href)[:_REFERRERS]:
        page = _link(core, path)
        naming = [entry for entry in excerpts(core, path) if href in entry.targets]
        blocks = tuple(
            (_to_block(page, entry.anchor), _markup(entry.html, root))
            for entry in naming[:_EXCERPTS]
        )
        found.append(Backlinks(page=page, blocks=blocks, more=len(naming) - len(blocks)))
    return tuple(found)


def _to_block(page: Link, anchor: str) -> Link:
    return Link(href=f"{page.href}#{anchor}" if anchor else page.href, text=page.text)


def _markup(html: str, root: str) -> Markup:
    return Markup(html.replace(ROOT, root))


@query()
def home_view(core: Core, _: str) -> HomeView:
    """The first page of the site."""
    contents = pages.page_named(core, "contents")
    is_woven = contents is not None and href_of_page(core, contents) is not None
    intro = page_view(core, contents) if contents is not None and is_woven else None
    days = reversed(journals(core, ""))
    return HomeView(
        journals=tuple(Listed(link=_link(core, path), day=day) for day, path in days),
        intro=intro.content if intro is not None else None,
        features=intro.features if intro is not None else frozenset(),
    )


@query(kept=tuple[Listed, ...])
def all_pages(core: Core, _: str) -> tuple[Listed, ...]:
    """All pages of the site by title, those that are only named too."""
    found = [_link(core, path) for path in woven_pages(core, "")]
    found += [Link(href=href, text=title) for href, title in concepts(core, "").items()]
    return tuple(Listed(link=x) for x in sorted(found, key=lambda x: (x.text.casefold(), x.href)))


# --- files ----------------------------------------------------------------------------------------


@query(hashed=True)
def page_file(core: Core, path: PagePath) -> str:
    """A page of the notes as a file of the site."""
    return render_page(page_view(core, path), site_view(core, ""))


@query(hashed=True)
def concept_file(core: Core, href: str) -> str:
    """A page that is only named as a file of the site."""
    return render_page(concept_view(core, href), site_view(core, ""))


@query(hashed=True)
def home_file(core: Core, _: str) -> str:
    """The first page as a file of the site."""
    return render_home(home_view(core, ""), site_view(core, ""))


@query(hashed=True)
def all_pages_file(core: Core, _: str) -> str:
    """The list of all pages as a file of the site."""
    return render_all_pages(all_pages(core, ""), site_view(core, ""))


@query(hashed=True)
def code_file(core: Core, href: str) -> str:
    """A page about all code of the site, as a file of the site."""
    return render_page(code_view(core, href), site_view(core, ""))


@query(hashed=True)
def search_file(core: Core, _: str) -> str:
    """The page that searches as a file of the site."""
    return render_search(site_view(core, ""))


def used_files(core: Core) -> tuple[str, ...]:
    """The files of the graph that pages show or link to, sorted."""
    return tuple(sorted({f for path in woven_pages(core, "") for f in shows(core, path).files}))
