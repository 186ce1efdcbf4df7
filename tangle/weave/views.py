"""What the templates of the site show. Every address is relative to the site's root."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from markupsafe import Markup

Feature = Literal["formulas", "mermaid"]
"""What a page needs beside the common style and script."""

FEATURES: Final[tuple[Feature, ...]] = ("formulas", "mermaid")


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A link to a page or to a block of it.

    Attributes:
        href: address, with `#anchor` where it leads to a block.
        text: plain text.
    """

    href: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TocEntry:
    """A heading of a page.

    Attributes:
        anchor: of its block.
        text: plain text, its number included.
        level: 1 for the outermost of the page.
    """

    anchor: str
    text: str
    level: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlinks:
    """The blocks of one page that link here.

    Attributes:
        page: the page that links.
        blocks: a link to each block, and what the block says: its first line, without links.
        more: how many blocks of the page are left out.
    """

    page: Link
    blocks: tuple[tuple[Link, Markup], ...]
    more: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PageView:
    """One page of the site.

    Attributes:
        href: its own address.
        number: of the section that the page is, empty for other pages.
        content: the blocks, as HTML that can be trusted.
        description: the first words, plain, at most 200 characters.
        properties: those of the page that readers see, each with its value as HTML.
        more_backlinks: how many pages that link here are left out.
        previous: the page before it in its book, or the day before it.
        journal: its day, where it is a page of the journal.
        features: what it needs beside the common style and script.
        downloads: the page's scripts and notebooks.
        card: address of its picture for social networks; empty if there is none.
    """

    href: str
    title: str
    content: Markup
    description: str = ""
    number: str = ""
    properties: tuple[tuple[str, Markup], ...] = ()
    toc: tuple[TocEntry, ...] = ()
    backlinks: tuple[Backlinks, ...] = ()
    more_backlinks: int = 0
    previous: Link | None = None
    next: Link | None = None
    journal: date | None = None
    features: frozenset[Feature] = frozenset()
    downloads: tuple[Link, ...] = ()
    card: str = ""

    @property
    def root(self) -> str:
        """The way from the page's folder to the site's root: empty, or `../` repeated."""
        return "../" * self.href.count("/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """An entry of the navigation: a chapter or section of a book.

    Attributes:
        number: as the notes write it, empty outside books.
        parts: the entries below it.
    """

    link: Link
    number: str = ""
    parts: tuple[Chapter, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteView:
    """What all pages of the site share.

    Attributes:
        title: of the site.
        language: BCP 47 tag of its prose, for `lang`.
        base: address under which it is published, with its `/`; empty where none is configured.
        home: the first page.
        chapters: the books, in reading order; empty where the graph has none.
        version: of the static files; it changes when one of them does.
        links: pages about the whole site for the navigation, such as all sections or all names.
        styles: addresses of the user's own style sheets, applied after the site's.
        feed: address of the Atom feed; empty if there is none.
        scripts: addresses of more scripts, which every page loads.
    """

    title: str
    language: str
    home: Link
    chapters: tuple[Chapter, ...] = ()
    base: str = ""
    version: str = ""
    links: tuple[Link, ...] = ()
    styles: tuple[str, ...] = ()
    feed: str = ""
    scripts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A page in a list.

    Attributes:
        day: where it is a page of the journal.
    """

    link: Link
    day: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeView:
    """The first page of a site that has none in its notes.

    Attributes:
        journals: days, the last first.
        features: what the introduction needs beside the common style and script.
    """

    journals: tuple[Listed, ...] = ()
    intro: Markup | None = None
    features: frozenset[Feature] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchEntry:
    """What the search knows of one page, or of one heading of it.

    Attributes:
        link: to the page or to the block of the heading.
        page: title of the page, where the entry is a heading of it.
        text: plain text of the blocks, without code.
        code: their code.
    """

    link: Link
    page: str = ""
    text: str = ""
    code: str = ""
