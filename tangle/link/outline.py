"""The sections of one page, and the properties that apply in them."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from tangle.link.books import Book
from tangle.link.sections import numbered_blocks, numbered_section, section_number
from tangle.link.settings import PageSettings
from tangle.model import Page, Section, SectionName


class Outline(Struct, frozen=True, kw_only=True):
    """A page's sections and the settings of its blocks.

    Attributes:
        title: of the page.
        page_section: the section that the page itself is, numbered by its title or not.
        found: the sections among its blocks, in the order in which they stand.
        around: index into `found` of the innermost section around each block, -1 for the page.
    """

    title: str
    page_section: Section
    found: tuple[Section, ...]
    around: tuple[int, ...]
    settings: PageSettings

    @property
    def sections(self) -> tuple[Section, ...]:
        """Return the page's own section, then those found in it."""
        return (self.page_section, *self.found)

    def section_at(self, block: int) -> Section:
        """Return the innermost section around a block."""
        index = self.around[block]
        return self.page_section if index < 0 else self.found[index]


def outline(page: Page, title: str, *, dated: bool = False) -> Outline:
    """Find a page's sections, as if it belonged to a book.

    Args:
        page: the page.
        title: its title.
        dated: whether the title is a date, whose digits number nothing.
    """
    numbered = tuple(numbered_blocks(page))
    found = tuple(numbered_section(page, index, number, words) for index, number, words in numbered)
    own = {section.block: at for at, section in enumerate(found)}
    around: list[int] = []
    for index, block in enumerate(page.blocks):
        inherited = around[block.parent] if block.parent >= 0 else -1
        around.append(own.get(index, inherited))
    page_number = None if dated else section_number(title, heading=True)
    if page_number is not None and all(page_number[0] != number for _, number, _ in numbered):
        page_section = numbered_section(page, -1, *page_number)
    else:
        page_section = _whole(page, title, SectionName(title))
    return Outline(
        title=title,
        page_section=page_section,
        found=found,
        around=tuple(around),
        settings=PageSettings(page, frozenset(own)),
    )


def _whole(page: Page, title: str, name: SectionName) -> Section:
    return Section(name=name, number=(), title=title, page=page.path, block=-1, line=1)


def placed(page: Page, found: Outline, name: SectionName, book: Book | None) -> Outline:
    """The outline of a page where it belongs: outside of a book all of it is one section.

    Args:
        page: the page.
        found: its outline, as if it belonged to a book.
        name: what the page is addressed by where it is no numbered section.
        book: the one that it belongs to.
    """
    whole = _whole(page, found.title, name)
    if book is None:
        return replace(found, page_section=whole, found=(), around=(-1,) * len(found.around))

    def within(section: Section) -> Section:
        named = SectionName(book.prefix + section.name)
        return replace(section, name=named, book=book.name)

    own = found.page_section
    return replace(
        found,
        page_section=within(own) if own.number else whole,
        found=tuple(map(within, found.found)),
    )
