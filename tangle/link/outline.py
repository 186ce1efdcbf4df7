"""The sections of one page, and the properties that apply in them."""

from __future__ import annotations

from dataclasses import dataclass

from tangle.link.sections import numbered_blocks, numbered_section, section_number
from tangle.link.settings import PageSettings
from tangle.model import Page, Section, SectionName


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """A page's sections and the settings of its blocks.

    Attributes:
        page_section: the section that the page itself is, numbered by its title or not.
        found: the sections among its blocks, in the order in which they stand.
        around: index into `found` of the innermost section around each block, -1 for the page.
    """

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


def outline(page: Page, title: str, name: SectionName, *, dated: bool = False) -> Outline:
    """Find a page's sections.

    Args:
        page: the page.
        title: its title.
        name: what it is addressed by where its title has no number.
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
    if page_number is not None:
        page_section = numbered_section(page, -1, *page_number)
    else:
        page_section = Section(name=name, number=(), title=title, page=page.path, block=-1, line=1)
    return Outline(
        page_section=page_section,
        found=found,
        around=tuple(around),
        settings=PageSettings(page, frozenset(own)),
    )
