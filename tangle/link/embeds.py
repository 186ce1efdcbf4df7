"""Report embeds that show code which does not run there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from tangle.model import Page, PageEmbed, Place, Problem, Reference
from tangle.model.problems.graph import EMBED_SHOWS_CODE


def embed_problems(
    page: Page,
    shows_code: Callable[[Reference], bool],
    is_coded: Callable[[str], bool],
) -> Iterator[Problem]:
    """The embeds of a page that show code of other blocks than the one that they stand for.

    An embed that is alone in its block stands for the chunks of the block that it names, not for
    those below it, and an embed of a page stands for none.

    Args:
        page: the page.
        shows_code: whether an embed of a block shows code that does not run there.
        is_coded: whether the page of a title has code.
    """
    embeds: list[Reference | PageEmbed] = [
        entry for entry in page.references if entry.kind == "embed" and shows_code(entry)
    ]
    embeds += [entry for entry in page.embeds if is_coded(entry.title)]
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
