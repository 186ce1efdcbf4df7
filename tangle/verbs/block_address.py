"""Resolve the address of one block: `Page:LINE`, `pages/a.md:LINE` or `((id))`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from msgspec import Struct

from tangle.errors import UsageError
from tangle.model import Page, PagePath, Uuid
from tangle.notes import UnitRow, pages
from tangle.verbs.addresses import BlockOf, LineOf, readings
from tangle.verbs.lookup import page_called
from tangle.verbs.notes import Notes

_OUTPUT: Final = "tangle.output"
_NEAREST: Final = 3


class NoChunkThere(UsageError):
    """An address leads to a block that has no chunk to run."""

    def __init__(self, wanted: str, near: Sequence[str]) -> None:
        """Say which address, and which chunks are nearest."""
        hint = f"nearest: {', '.join(near)}" if near else "`tangle list` shows what has code"
        super().__init__(f"{wanted!r}: no chunk that runs stands there; {hint}")


class UnknownBlock(UsageError):
    """No page of the graph has a block with that id, or a line of that number."""

    def __init__(self, wanted: str, what: str, hint: str) -> None:
        """Say which address, what is wrong with it, and the way out."""
        super().__init__(f"{wanted!r}: {what}; {hint}")


class BlockChunks(Struct, frozen=True, kw_only=True):
    """The chunks of one block, in a unit.

    Attributes:
        chunks: their places among those of the unit.
    """

    row: UnitRow
    chunks: tuple[int, ...]


def chunks_at(notes: Notes, wanted: str) -> tuple[BlockChunks, ...] | None:
    """Return the chunks of the block that an address names; None if it is no such address.

    A line may be one of the block's text, of its code or of its output. An id may also be that of
    a block without chunks: then it stands for all chunks below it.

    Args:
        notes: the notes.
        wanted: as it was typed.

    Raises:
        UnknownBlock: there is no such block.
        NoChunkThere: nothing there runs.
    """
    for address in readings(wanted, notes.config):
        if isinstance(address, BlockOf):
            return _by_id(notes, wanted, address.uuid)
        if isinstance(address, LineOf) and (path := page_called(notes, address.page)) is not None:
            return _by_line(notes, wanted, path, address.line)
    return None


def _by_id(notes: Notes, wanted: str, uuid: Uuid) -> tuple[BlockChunks, ...]:
    path = pages.index(notes.core, "").ids.get(uuid)  # as in `page_of_title`
    if path is None:
        hint = "copy the reference from Logseq again, or write Page:LINE"
        raise UnknownBlock(wanted, "no block of this graph has that id", hint)
    page = notes.pages[path]
    block = _host(page, next(i for i, block in enumerate(page.blocks) if block.id == uuid))
    own = _chunks_under(notes, path, {block}) or _chunks_under(
        notes, path, set(_below(page, block))
    )
    if not own:
        raise NoChunkThere(wanted, _near(notes, path, page.blocks[block].line))
    return own


def _by_line(notes: Notes, wanted: str, path: PagePath, line: int) -> tuple[BlockChunks, ...]:
    page = notes.pages[path]
    blocks = [index for index, block in enumerate(page.blocks) if block.line <= line]
    if not blocks or line > _last_line(page):
        hint = f"its last line is {_last_line(page)}"
        raise UnknownBlock(wanted, f"{notes.project.shown(path)} has no line {line}", hint)
    found = _chunks_under(notes, path, {_host(page, blocks[-1])})
    if not found:
        raise NoChunkThere(wanted, _near(notes, path, line))
    return found


def _host(page: Page, block: int) -> int:
    """The block under which a block's output belongs: itself, unless it is an output."""
    while block >= 0 and any(entry.key == _OUTPUT for entry in page.blocks[block].properties):
        block = page.blocks[block].parent
    return block


def _below(page: Page, block: int) -> Iterator[int]:
    level = page.blocks[block].level
    for index in range(block + 1, len(page.blocks)):
        if page.blocks[index].level <= level:
            return
        yield index


def _last_line(page: Page) -> int:
    return page.data.count(b"\n") + (not page.data.endswith(b"\n"))


def _chunks_under(notes: Notes, path: PagePath, hosts: set[int]) -> tuple[BlockChunks, ...]:
    found = []
    for row in notes.rows:
        here = tuple(
            index
            for index, chunk in enumerate(row.chunks)
            if chunk.page == path and chunk.host in hosts and chunk.runs
        )
        if here:
            found.append(BlockChunks(row=row, chunks=here))
    return tuple(found)


def _near(notes: Notes, path: PagePath, line: int) -> list[str]:
    """The addresses of the chunks nearest to a line of a page, in order."""
    page = notes.pages[path]
    found = (chunk for row in notes.rows for chunk in row.chunks)
    hosts = {chunk.host for chunk in found if chunk.page == path and chunk.runs}
    fences = {fence.block: fence.line for fence in reversed(page.fences)}
    lines = [fences.get(host, page.blocks[host].line) for host in hosts]
    nearest = sorted(lines, key=lambda other: (abs(other - line), other))[:_NEAREST]
    return [f"{notes.project.shown(path)}:{other}" for other in sorted(nearest)]
