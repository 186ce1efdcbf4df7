"""Report embeds that show code which does not run there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from tangle.link.titles import title_key
from tangle.model import Chunk, Page, PageEmbed, PagePath, Place, Problem, Reference, Uuid
from tangle.model.problems.graph import EMBED_SHOWS_CODE


@dataclass(frozen=True, slots=True, kw_only=True)
class Embeddable:
    """What embeds can show.

    Attributes:
        chunks: of the blocks that have some.
        names: the page of each title and alias, in the form in which names compare.
        ids: page and block index of every block id.
    """

    pages: Mapping[PagePath, Page]
    chunks: Mapping[tuple[PagePath, int], tuple[Chunk, ...]]
    names: Mapping[str, PagePath]
    ids: Mapping[Uuid, tuple[PagePath, int]]


def embed_problems(found: Embeddable) -> Iterator[Problem]:
    """Yield a problem for each embed that shows code of blocks it does not stand for.

    An embed that is alone in its block stands for the chunks of the block that it names, not for
    those below it, and an embed of a page stands for none.
    """
    coded: dict[PagePath, set[int]] = {}
    for (path, block), chunks in found.chunks.items():
        if not chunks[0].settings.skip:
            coded.setdefault(path, set()).add(block)
    above = cache(lambda path: above_all(found.pages[path], coded.get(path, ())))

    def shows_code(reference: Reference) -> bool:
        target = found.ids.get(reference.target)
        if target is None:
            return False
        path, block = target
        own = not reference.alone and block in coded.get(path, ())
        return own or block in above(path)

    for page in found.pages.values():
        embeds: list[Reference | PageEmbed] = [
            entry for entry in page.references if entry.kind == "embed" and shows_code(entry)
        ]
        embeds += [e for e in page.embeds if found.names.get(title_key(e.title)) in coded]
        for embed in embeds:
            if embed.block not in page.templates:
                yield _shows_code(Place(path=page.path, line=embed.line, column=embed.column))


def above_all(page: Page, blocks: Iterable[int]) -> frozenset[int]:
    """Return the blocks that are above any of some blocks.

    Args:
        page: that has the blocks.
        blocks: their indices.
    """
    found: set[int] = set()
    for block in blocks:
        parent = page.blocks[block].parent
        while parent >= 0 and parent not in found:
            found.add(parent)
            parent = page.blocks[parent].parent
    return frozenset(found)


def _shows_code(place: Place) -> Problem:
    return EMBED_SHOWS_CODE.at(
        place,
        (
            "code that this embed shows does not run here: an embed stands only for the chunks of "
            "the block that it names, in a block by itself"
        ),
    )
