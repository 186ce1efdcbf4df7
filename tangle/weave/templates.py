"""Pages of the site as HTML: Jinja2 templates filled with views."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Final

from tangle.weave.views import (
    Chapter,
    Feature,
    HomeView,
    Link,
    Listed,
    PageView,
    SiteView,
    TocEntry,
)
from tangle.weave.words import is_chinese, script_words, words

if TYPE_CHECKING:
    from jinja2 import Environment

ALL_PAGES: Final = "all-pages.html"
SEARCH_PAGE: Final = "search.html"
HOME: Final = "index.html"
OWN_STYLE: Final = "static/own.css"
STATIC: Final = ("icon.svg", "mermaid-start.js", "search.js", "site.css", "site.js", "theme.js")

_LONGEST_LEVEL: Final = 40
"""Entries of one level of the navigation: it is on every page, and a book may have thousands."""

_LONGEST_CONTENTS: Final = 40
"""Entries of the contents of a page; a longer list leaves out a level, where it can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _NavItem:
    """An entry of the navigation as one page shows it.

    Attributes:
        current: it is the page itself.
        parts: those below it, where the page is among them or above them.
    """

    link: Link
    number: str
    current: bool
    parts: tuple[_NavItem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Letter:
    """The pages of the alphabetical list under one letter."""

    letter: str
    pages: tuple[Listed, ...]


def render_page(page: PageView, site: SiteView) -> str:
    """Return the HTML of a page of the notes."""
    return _render("page.html", page.href, site, page.features, page=page)


def render_home(home: HomeView, site: SiteView, href: str = HOME) -> str:
    """Return the HTML of the first page: the chapters of the books, and the journal.

    Args:
        home: what it shows beside the chapters.
        site: what all pages share.
        href: its address.
    """
    chapters = _outline(site.chapters)
    return _render("home.html", href, site, home.features, home=home, chapters=chapters)


def render_all_pages(pages: Iterable[Listed], site: SiteView, href: str = ALL_PAGES) -> str:
    """Return the HTML of the alphabetical list of pages.

    Args:
        pages: in the order in which each letter shows them.
        site: what all pages share.
        href: its address.
    """
    other = words(site.language)["other_letters"]
    return _render("all_pages.html", href, site, letters=_by_letter(pages, other))


def render_search(site: SiteView) -> str:
    """Return the HTML of the page that searches; the script fills it."""
    return _render("search.html", SEARCH_PAGE, site)


def static_files() -> dict[str, bytes]:
    """Return the style and the scripts of the site, by file name."""
    folder = resources.files("tangle.weave") / "static"
    return {name: (folder / name).read_bytes() for name in STATIC}


def _render(
    template: str,
    href: str,
    site: SiteView,
    features: frozenset[Feature] = frozenset(),
    **values: object,
) -> str:
    # `./` keeps a page called `javascript:...` from being read as a scheme.
    root = "../" * href.count("/") or "./"
    return (
        _environment()
        .get_template(template)
        .render(
            href=href,
            root=root,
            site=site,
            features=features,
            words=words(site.language),
            script_words=script_words(site.language),
            navigation=_around(site.chapters, href),
            all_pages=ALL_PAGES,
            search_page=SEARCH_PAGE,
            **values,
        )
    )


@lru_cache(maxsize=1)
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("tangle.weave", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters["contents"] = _contents
    environment.filters["day"] = _day
    environment.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "separators": (",", ":")}
    return environment


def _day(day: date, language: str) -> str:
    if is_chinese(language):
        return f"{day.year} 年 {day.month} 月 {day.day} 日"
    return f"{day.day} {day:%b} {day.year}"


# --- navigation ----------------------------------------------------------------------------------


def _around(chapters: Sequence[Chapter], href: str) -> tuple[_NavItem, ...]:
    """Show one level: all of it where it is short, else the part around the page."""
    holds = [_holds(chapter, href) for chapter in chapters]
    first, last = 0, len(chapters)
    if last > _LONGEST_LEVEL:
        middle = holds.index(True) if True in holds else 0
        first = max(0, min(middle - _LONGEST_LEVEL // 2, last - _LONGEST_LEVEL))
        last = first + _LONGEST_LEVEL
    shown = zip(chapters[first:last], holds[first:last], strict=True)
    return tuple(_item(chapter, href, inside) for chapter, inside in shown)


def _item(chapter: Chapter, href: str, inside: bool) -> _NavItem:
    chapter = _joined(chapter)
    return _NavItem(
        link=chapter.link,
        number=chapter.number,
        current=chapter.link.href == href,
        parts=_around(_sections(chapter), href) if inside else (),
    )


def _outline(chapters: Sequence[Chapter]) -> tuple[Chapter, ...]:
    """Show the whole book down to its sections."""
    joined = [_joined(chapter) for chapter in chapters]
    return tuple(replace(one, parts=_outline(_sections(one))) for one in joined)


def _sections(chapter: Chapter) -> tuple[Chapter, ...]:
    """The entries below, without headings inside a section: the contents of its page show those."""
    return tuple(
        part
        if any(_page(below) != _page(part) for below in part.parts)
        else replace(part, parts=())
        for part in chapter.parts
    )


def _joined(chapter: Chapter) -> Chapter:
    """Join a page with its only heading of the first level, which has its number."""
    if chapter.number or len(chapter.parts) != 1 or _page(chapter.parts[0]) != _page(chapter):
        return chapter
    return replace(chapter, number=chapter.parts[0].number, parts=chapter.parts[0].parts)


def _page(chapter: Chapter) -> str:
    return chapter.link.href.partition("#")[0]


def _holds(chapter: Chapter, href: str) -> bool:
    return _page(chapter) == href or any(_holds(part, href) for part in chapter.parts)


def _contents(toc: Sequence[TocEntry]) -> list[TocEntry]:
    """Show the outer levels, as many as fit beside a page; the outermost counts as 1."""
    outermost = min((entry.level for entry in toc), default=1)
    entries = [replace(entry, level=entry.level - outermost + 1) for entry in toc]
    for deepest in (3, 2, 1):
        shown = [entry for entry in entries if entry.level <= deepest]
        if 2 <= len(shown) <= _LONGEST_CONTENTS:
            return shown
    return [entry for entry in entries if entry.level <= 2]


# --- the alphabetical list -----------------------------------------------------------------------


def _by_letter(pages: Iterable[Listed], other: str) -> tuple[_Letter, ...]:
    """Group by the Latin letter that a title begins with; the rest is one group at the end."""
    groups: dict[str, list[Listed]] = {}
    for page in pages:
        groups.setdefault(_letter(page.link.text) or other, []).append(page)
    order = sorted(groups, key=lambda letter: (letter == other, letter))
    return tuple(_Letter(letter=letter, pages=tuple(groups[letter])) for letter in order)


def _letter(title: str) -> str:
    first = unicodedata.normalize("NFKD", title)[:1].upper()
    return first if "A" <= first <= "Z" else ""
