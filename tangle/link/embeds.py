"""Embeds that show code which does not run where they stand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from tangle.model import Page, PageEmbed, Place, Problem, Reference


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
    """The blocks of a page that any of some blocks is below."""
    found: set[int] = set()
    for block in blocks:
        parent = page.blocks[block].parent
        while parent >= 0 and parent not in found:
            found.add(parent)
            parent = page.blocks[parent].parent
    return frozenset(found)


def _shows_code(place: Place) -> Problem:
    return Problem(
        code="embed-shows-code",
        severity="warning",
        place=place,
        message=(
            "code that this embed shows does not run here: an embed stands only for the chunks of "
            "the block that it names, in a block by itself"
        ),
        hint="embed each block that has code, by its id, in a block by itself",
    )
