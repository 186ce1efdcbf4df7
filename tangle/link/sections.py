"""Find sections by the number at the start of a block."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from tangle.model import Block, Page, Section, SectionName

# At most three digits each, so that dates and years are no section numbers.
_NUMBER: Final = re.compile(
    r"([0-9]{1,3}(?:\.[0-9]{1,3})*)([.:：、．]?)(?![0-9.])(\s*)(.*)", re.DOTALL
)
_ALONE: Final = re.compile(r"([0-9]+(?:\.[0-9]+)*)\.?", re.ASCII)
_LEADING_ZERO: Final = re.compile(r"(?:^|\.)0[0-9]")


def section_number(title: str, *, heading: bool) -> tuple[tuple[int, ...], str] | None:
    """Return the number at the start of a block's first line, and the words after it.

    A heading needs no more than a number that ends (`# 4`, `## 2.3.2.1.长度`); any other line must
    have a number of two parts at least, none of them with a zero before it, and words after it, or
    every list that someone numbered by hand, and every `0.01`, would be sections.

    Args:
        title: the first line.
        heading: whether it has heading marks.
    """
    match = _NUMBER.match(title)
    if match is None:
        return None
    digits, mark, space, words = match.groups()
    number = tuple(int(part) for part in digits.split("."))
    ends = bool(space) or not words or (bool(mark) and len(number) > 1)
    plain = len(number) > 1 and bool(words.strip()) and not _LEADING_ZERO.search(digits)
    return (number, words.strip()) if ends and (heading or plain) else None


def numbered_blocks(page: Page) -> Iterator[tuple[int, tuple[int, ...], str]]:
    """Yield index, number and title of every block that is a section on a page of a book.

    A line of one number without heading marks (`4 多层感知机`) counts only where a section below it
    carries the number on (`4.1`). Within a section (`3.6`), a line without heading marks counts
    only if it carries that number on (`3.6.1 Data`): `0.75 of them` there is no section.
    """
    plain: list[tuple[int, tuple[int, ...], str]] = []
    found: list[tuple[int, tuple[int, ...], str]] = []
    templates = page.templates
    for index, block in enumerate(page.blocks):
        if templates and index in templates:
            continue
        if numbered := _block_number(block):
            found.append((index, *numbered))
        elif lone := section_number(block.title, heading=True):
            plain.append((index, *lone))
    found = list(_without_strays(page.blocks, found))
    if plain:
        carried = _carried(page.blocks, {i: number for i, number, _ in plain}, found)
        found.extend(entry for entry in plain if entry[0] in carried)
        found.sort()
    yield from found


def _without_strays(
    blocks: Sequence[Block], found: Sequence[tuple[int, tuple[int, ...], str]]
) -> Iterator[tuple[int, tuple[int, ...], str]]:
    """Leave out the lines without heading marks that do not carry on the section around them."""
    if all(blocks[index].heading for index, _, _ in found):
        yield from found
        return
    entries = {entry[0]: entry for entry in found}
    around: list[tuple[int, ...]] = []
    for index, block in enumerate(blocks):
        above = around[block.parent] if block.parent >= 0 else ()
        if entry := entries.get(index):
            number = entry[1]
            if block.heading or number[: len(above)] == above != number:
                above = number
                yield entry
        around.append(above)


def _block_number(block: Block) -> tuple[tuple[int, ...], str] | None:
    return section_number(block.title, heading=block.heading > 0)


def _carried(
    blocks: Sequence[Block],
    candidates: dict[int, tuple[int, ...]],
    found: Sequence[tuple[int, tuple[int, ...], str]],
) -> set[int]:
    """The candidates with a section below them whose number begins with theirs."""
    carried: set[int] = set()
    seen: set[tuple[int, int]] = set()
    for index, number, _ in found:
        parent = blocks[index].parent
        while parent >= 0 and (parent, number[0]) not in seen:
            seen.add((parent, number[0]))
            if candidates.get(parent) == number[:1]:
                carried.add(parent)
            parent = blocks[parent].parent
    return carried


def read_number(text: str) -> tuple[int, ...]:
    """Return the section number that a text is: (3, 6) for `3.6` or `3.6.`; nothing for others."""
    match = _ALONE.fullmatch(text)
    return tuple(int(part) for part in match[1].split(".")) if match else ()


def number_text(number: Sequence[int]) -> SectionName:
    """Format a number: `3.6.5` for (3, 6, 5)."""
    return SectionName(".".join(str(part) for part in number))


def numbered_section(page: Page, block: int, number: tuple[int, ...], title: str) -> Section:
    """The section that a numbered block (or, with block -1, a numbered page) is.

    Args:
        page: that has the block.
        block: its index; -1 for the page.
        number: of the section.
        title: the words after the number.
    """
    return Section(
        name=number_text(number),
        number=number,
        title=title,
        page=page.path,
        block=block,
        line=page.blocks[block].line if block >= 0 else 1,
    )
