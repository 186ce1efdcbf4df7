"""The tags under which the code of a page stands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from tangle.link.titles import title_key
from tangle.model import Block, Page

_WRITTEN: Final = re.compile(
    r"(?<![^\s(])#(?:\[\[(?P<name>[^\]]+)\]\]|(?P<word>[^\s#,，。()\[\]]+))"
)
_LISTED: Final = re.compile(r"\s*\[\[(?P<name>.+?)\]\]|(?P<word>[^,，]+)")


def tags_of_page(page: Page) -> frozenset[str]:
    """Return the page property `tags`, in the form in which titles compare."""
    return frozenset(
        tag for block in page.blocks[:1] if block.kind == "pre" for tag in _listed(block)
    )


def tags_around(page: Page, blocks: Iterable[int]) -> frozenset[str]:
    """Return the tags of a page, of some of its blocks, and of the blocks around those.

    Args:
        page: the page.
        blocks: their indexes.
    """
    found = set(tags_of_page(page))
    known = {title_key(link) for link in page.links}
    seen: set[int] = set()
    for index in blocks:
        at = index
        while at >= 0 and at not in seen:
            seen.add(at)
            block = page.blocks[at]
            found.update(_listed(block))
            # What Logseq does not read as a tag, such as one in a code span, is no link.
            found.update(known.intersection(_written(block)))
            at = block.parent
    return frozenset(found)


def _listed(block: Block) -> Iterator[str]:
    for entry in block.properties:
        if entry.key == "tags":
            for match in _LISTED.finditer(entry.value):
                if name := (match["name"] or match["word"]).strip().removeprefix("#"):
                    yield title_key(name)


def _written(block: Block) -> Iterator[str]:
    for match in _WRITTEN.finditer(block.title):
        yield title_key(match["name"] or match["word"].rstrip(".;:!?"))
