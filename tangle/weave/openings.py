"""The heading that a page of a book begins with, where it only says the page's title again."""

from __future__ import annotations

from tangle.link import number_text, title_key
from tangle.model import PagePath
from tangle.notes import Core, pages, query
from tangle.weave.graph import shown_texts, sketch


@query(kept=tuple[int, str] | None)
def opening(core: Core, path: PagePath) -> tuple[int, str] | None:
    """The block of that heading and its number; None if the page begins otherwise.

    The page's own heading then has the number, and the block shows only what else it says.
    """
    first = next((b for b in shown_texts(core, path) if b.kind != "pre" or b.text), None)
    if first is None or not first.heading or pages.book_of(core, path) is None:
        return None
    title = title_key(sketch(core, path).title)
    for section in pages.outlined(core, path).outline.sections:
        if section.block == first.index and section.number and title_key(section.title) == title:
            return first.index, number_text(section.number)
    return None
