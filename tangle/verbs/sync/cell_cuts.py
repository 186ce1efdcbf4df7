"""Decide what of a page goes when a cell of a notebook was deleted, or what moves with it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Final

from tangle.model import Page, PagePath
from tangle.notes import pages
from tangle.verbs.sync.section_view import View, blocks_of
from tangle.write import StoredOutput, stored_outputs
from tangle.write.block_moves import Cut, subtree

_MADE: Final = "tangle makes this cell of the section's title; change it in the notes"
_HEADS: Final = "other cells are below its heading, or below its block, in the notes"
_HIDDEN: Final = "below its block is one that the notebook does not show"
WITH_OTHERS: Final = "its block, or one below it, has other cells as well"
SPREAD: Final = "its blocks are not beside one another in the notes"


class NotPossible(ValueError):
    """The outline cannot express what was done to a cell; the message says why."""


def cut_of(view: View, number: int) -> Cut:
    """Return what goes with a cell.

    A block that says nothing else goes with all below it. One that has other text, other code or
    blocks of other cells below it loses only what the cell shows, and the output of its chunk.

    Args:
        view: the section.
        number: of the cell.

    Raises:
        NotPossible: the page would lose more than the cell.
    """
    cell = view.cells[number]
    if cell.page is None:
        raise NotPossible(_MADE)
    page = view.page(cell.page)
    shown = view.shown[cell.page]
    own = {block for block in blocks_of(cell) if shown[block] == (number,)}
    roots = {
        block
        for block in own
        if all(index in own or not shown.get(index) for index in subtree(page, block))
    }
    for root in roots:
        _check_hidden(page, root, {index for index in subtree(page, root) if index in own})
    gone = {index for root in roots for index in subtree(page, root)}
    lines: dict[int, frozenset[int]] = {}
    renumbered: tuple[tuple[StoredOutput, int], ...] = ()
    outputs: set[int] = set()
    for block in blocks_of(cell):
        if block in gone:
            continue
        if cell.kind == "markdown" and page.blocks[block].heading and block in own:
            raise NotPossible(_HEADS)
        lines[block] = _lines(view, page, number, block)
        if cell.chunk:
            outputs, renumbered = _outputs(view, page, number)
    tops = {root for root in roots if not any(root in subtree(page, o) for o in roots - {root})}
    return Cut(blocks=frozenset({*tops, *outputs}), lines=lines, renumbered=renumbered)


def _check_hidden(page: Page, root: int, own: Collection[int]) -> None:
    """Refuse to remove a block below another that the notebook does not show."""
    outputs = {stored.block for stored in stored_outputs(page)}
    for index in subtree(page, root):
        if index not in own and index not in outputs and not _is_blank(page, index):
            raise NotPossible(_HIDDEN)


def _is_blank(page: Page, index: int) -> bool:
    block = page.blocks[index]
    text = page.data[block.span.start : block.content].strip()
    return not block.properties and text in (b"", b"-")


def _lines(view: View, page: Page, number: int, block: int) -> frozenset[int]:
    """The lines of a block that stays which only the cell shows."""
    fence = view.fence(number)
    fences = {f.line: _rows(page, f.line) for f in page.fences if f.block == block}
    if fence is not None:
        return frozenset(fences[fence.line])
    entry = page.blocks[block]
    first, end = entry.line, entry.line + page.data.count(b"\n", entry.span.start, entry.content)
    kept = {line.line for line in (*entry.properties, *entry.ignored)}
    if view.cells[number].kind == "markdown":
        if any(n != number and not view.cells[n].chunk for n in view.shown[page.path][block]):
            raise NotPossible(WITH_OTHERS)
        others = {
            f.line
            for n in view.shown[page.path][block]
            if n != number and (f := view.fence(n)) is not None
        }
        kept |= {row for line in others for row in fences[line]}
    return frozenset(range(first, end + 1)) - kept


def _rows(page: Page, line: int) -> range:
    fence = next(each for each in page.fences if each.line == line)
    span = page.data[fence.span.start : fence.span.end]
    return range(line, line + span.rstrip(b"\r\n").count(b"\n") + 1)


def _outputs(
    view: View, page: Page, number: int
) -> tuple[set[int], tuple[tuple[StoredOutput, int], ...]]:
    """The output block that goes with a chunk, and those of other chunks with other numbers."""
    output = view.cells[number].output
    shown = view.shown[page.path]
    host = view.cells[number].parts[0].block
    others = [n for n in shown[host] if n != number and view.cells[n].chunk]
    stored = {each.block: each for each in stored_outputs(page)}
    gone = {output.block} if output is not None else set[int]()
    if not others:  # outputs of earlier code, too
        gone |= {at for at, each in stored.items() if each.host == host and not each.reworked}
    if any(shown.get(i) for block in gone for i in subtree(page, block)):
        raise NotPossible(_HEADS)
    found = []
    for at, other in enumerate(others, start=1):
        own = view.cells[other].output
        if own is not None and own.block in stored:
            found.append((stored[own.block], at if len(others) > 1 else 0))
    return gone, tuple(found)


def moving_roots(view: View, number: int, followers: Collection[int]) -> tuple[int, ...]:
    """Return the blocks that move with a cell, all below them included.

    Args:
        view: the section.
        number: of the cell.
        followers: the cells that may go along, as they follow it in the notebook, too.

    Raises:
        NotPossible: other cells would move as well.
    """
    cell = view.cells[number]
    if cell.page is None:
        raise NotPossible(_MADE)
    page, shown = view.page(cell.page), view.shown[cell.page]
    own = blocks_of(cell)
    inside = {index for block in own for index in subtree(page, block)}
    roots = tuple(b for b in own if not any(b != o and b in subtree(page, o) for o in own))
    if any({*shown.get(index, ())} - {number, *followers} for index in inside):
        raise NotPossible(WITH_OTHERS)
    if [*range(min(inside), max(inside) + 1)] != sorted(inside):
        raise NotPossible(SPREAD)
    if len({page.blocks[root].level for root in roots}) > 1:
        raise NotPossible(SPREAD)
    return roots


def last_block(view: View, number: int) -> int:
    """Return the last block that belongs to a cell: what it shows, its output, what is not shown.

    Args:
        view: the section.
        number: of the cell.
    """
    cell = view.cells[number]
    path = cell.page or PagePath("")
    page, shown = view.page(path), view.shown[path]
    own = last = max(blocks_of(cell))
    hosts: Mapping[int, int] = {stored.block: stored.host for stored in stored_outputs(page)}
    while last + 1 < len(page.blocks) and not shown.get(last + 1):
        below = page.blocks[last + 1].level > page.blocks[own].level
        if not (below or hosts.get(last + 1) == own):
            break
        last += 1
    return last


def objections(view: View, number: int, cut: Cut) -> Iterator[str]:
    """Yield why a cell that was deleted in a notebook should not go without a decision.

    Args:
        view: the section.
        number: of the cell.
        cut: what would go.
    """
    cell = view.cells[number]
    page = view.page(cell.page or PagePath(""))
    gone = {index for root in cut.blocks for index in subtree(page, root)}
    outputs = [stored for stored in stored_outputs(page) if stored.block in gone]
    if any(stored.edited or stored.titled for stored in outputs):
        yield "its output was edited in the notes"
    whole = gone.intersection(blocks_of(cell))
    ids = {page.blocks[index].id for index in whole} - {None}
    for uuid in sorted(filter(None, ids)):
        if _is_mentioned(view, page, uuid, gone):
            yield f"the notes refer to its block: (({uuid}))"
    if cell.chunk:
        yield from _names(view, number)


def _is_mentioned(view: View, page: Page, uuid: str, gone: Collection[int]) -> bool:
    """Whether anything but the blocks that go names an id."""
    wanted = uuid.lower().encode()
    rest = b"".join(
        page.data[block.span.start : block.span.end]
        for index, block in enumerate(page.blocks)
        if index not in gone
    )
    data = view.notes.sources.data
    others = (data[path] for path in data if path != page.path)
    return wanted in rest.lower() or any(wanted in text.lower() for text in others)


def _names(view: View, number: int) -> Iterator[str]:
    """The name of a chunk, where lines of other chunks ask for it."""
    fence, cell = view.fence(number), view.cells[number]
    if fence is None or cell.page is None:
        return
    page = view.page(cell.page)
    first = min(each.line for each in page.fences if each.block == fence.block)
    values = [e.value for e in page.blocks[fence.block].properties if e.key == "tangle.name"]
    if values and fence.line == first:
        core, name = view.notes.core, values[-1]
        if any(name in pages.facts(core, path).asked for path in view.notes.sources.data):
            yield f"other chunks refer to it: <<{name}>>"
