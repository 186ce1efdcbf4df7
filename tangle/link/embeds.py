"""Embeds that show code which does not run where they stand."""

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
    """The embeds that show code of other blocks than the one that they stand for.

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
    """The blocks of a page that any of some blocks is below."""
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
