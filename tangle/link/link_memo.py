"""What the last linking of the same pages has found out, for the next one."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from tangle.link.outline import Outline
from tangle.model import Chunk, Page, PagePath, SectionName


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A page, and what others say of it."""

    page: Page
    title: str
    name: SectionName
    dated: bool

    def is_as(self, other: Named) -> bool:
        """Whether it is the very same page, under the same names."""
        return self.page is other.page and (self.title, self.name, self.dated) == (
            *(other.title, other.name, other.dated),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedPage:
    """A page's outline, and its chunks with their references as they are written."""

    outline: Outline
    chunks: tuple[Chunk, ...]


class KnownPages:
    """Outlines and chunks of pages that were linked before; of each, the last."""

    def __init__(self) -> None:
        """Knows nothing yet."""
        self._pages: dict[PagePath, tuple[Named, LinkedPage]] = {}

    def page(self, named: Named, make: Callable[[Named], LinkedPage]) -> LinkedPage:
        """What was made of the same page, or what `make` makes of it."""
        before = self._pages.get(named.page.path)
        if before is not None and before[0].is_as(named):
            return before[1]
        made = make(named)
        self._pages[named.page.path] = (named, made)
        return made

    def keep_only(self, paths: Collection[PagePath]) -> None:
        """Forgets pages that are not there any more."""
        self._pages = {path: found for path, found in self._pages.items() if path in paths}
