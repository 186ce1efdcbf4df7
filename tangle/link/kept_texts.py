"""Find the fence right behind a chunk in which a writer may have kept what the chunk shows."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from itertools import takewhile
from typing import Final

from tangle.link.settings import OUTPUT
from tangle.model import CodeLine, Fence, KeptText, Page, Place
from tangle.parse import info_of

_TEXTS: Final = frozenset(
    {"", "text", "txt", "plain", "plaintext", "json", "console", "terminal"}
    | {"output", "outputs", "out", "result", "results", "stdout"}
)
"""Languages of fences that may hold what code shows."""

_ANNOUNCES: Final = re.compile(
    r"[*_`#>\s]*(?:(?:and|which|this|it|the)\s+)*"
    r"(?:expected\s+)?(?:outputs?|out|results?|prints?|printed|shows?|gives?|returns?|displays?"
    r"|(?:运行)?(?:输出|结果)(?:结果)?)"
    r"(?:\s+(?:is|are)|为|是)?[*_`\s]*(?:(?:[:：.…]|=>|->)[*_`\s]*)?",
    re.IGNORECASE,
)
"""Words that stand between code and its result."""

_BULLET: Final = re.compile(r"[ \t]*-(?=[ \t\n]|$)")
_PROPERTY: Final = re.compile(r"^[ \t]*[^\s:`]+:: .*$", re.MULTILINE)


def kept_behind(page: Page, at: int, chunks: Collection[int]) -> KeptText | None:
    """Return the fence behind a chunk that may hold what the chunk shows; None without one.

    It is the next fence of the block; or all that the next block holds, a child or a sibling.
    Output blocks do not count.

    Args:
        page: with the chunk.
        at: the chunk's fence, by its place among the page's fences.
        chunks: the places of the fences that are chunks. One of them may hold a result too, if
            only words that announce a result are between.
    """
    own = page.fences[at]
    place = next((i for i in range(at + 1, len(page.fences)) if not _written(page, i)), None)
    if place is None:
        return None
    behind = page.fences[place]
    language = info_of(" ".join((behind.language, *behind.options))).word
    if behind.nested is not None or (language not in _TEXTS and place not in chunks):
        return None
    if place in chunks and _has_output(page, place, chunks):
        return None
    words = _between(page, own, behind)
    announced = words is not None and (not words or _ANNOUNCES.fullmatch(words) is not None)
    if words is None or not (announced or (own.block == behind.block and place not in chunks)):
        return None
    beside = behind.block not in (own.block, *_children(page, own.block))
    if place in chunks and beside and not words:
        return None  # a block of literals in a list of snippets is one of them
    return KeptText(
        lines=tuple(_lines(page, behind)),
        language=language,
        announced=announced,
        chunk=behind.line if place in chunks else None,
    )


def _written(page: Page, fence: int) -> bool:
    """Whether a fence stands in an output block."""
    block = page.fences[fence].block
    return any(entry.key == OUTPUT for entry in page.blocks[block].properties)


def _children(page: Page, block: int) -> Iterator[int]:
    """The first child of a block, if it has one: a result belongs there."""
    if block + 1 < len(page.blocks) and page.blocks[block + 1].parent == block:
        yield block + 1


def _has_output(page: Page, place: int, chunks: Collection[int]) -> bool:
    """Whether the output of a chunk is in its block, as far as the number of outputs shows."""
    block = page.fences[place].block
    rest = (page.blocks[index] for index in range(block + 1, len(page.blocks)))
    outputs = sum(
        each.parent == block and any(e.key == OUTPUT for e in each.properties)
        for each in takewhile(lambda each: each.parent >= block, rest)
    )
    before = takewhile(lambda at: page.fences[at].block == block, range(place, -1, -1))
    return outputs >= sum(at in chunks for at in before)


def _between(page: Page, own: Fence, behind: Fence) -> str | None:
    """The words between a chunk and the fence behind it; None where that belongs elsewhere."""
    if own.block == behind.block:
        return _text(page, own.span.end, behind.span.start).strip()
    block, host = page.blocks[behind.block], page.blocks[own.block]
    if block.parent not in (own.block, host.parent) or block.kind == "heading":
        return None
    blocks = range(own.block + 1, behind.block)
    if not all(any(e.key == OUTPUT for e in page.blocks[index].properties) for index in blocks):
        return None
    if _text(page, behind.span.end, block.content).strip():
        return None
    before = _text(page, own.span.end, host.content).strip()
    inside = _text(page, block.span.start, behind.span.start)
    words = _PROPERTY.sub("", _BULLET.sub("", inside, count=1)).strip()
    return f"{before} {words}".strip()


def _text(page: Page, start: int, end: int) -> str:
    return page.data[start:end].decode("utf-8", "replace")


def _lines(page: Page, fence: Fence) -> Iterator[CodeLine]:
    for row, text in enumerate(fence.code.split("\n")[:-1]):
        place = Place(path=page.path, line=fence.line + 1 + row, column=fence.margins[row] + 1)
        yield CodeLine(text=text, place=place)
