"""Write cells that were added to an exported notebook into its page."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any, Final

from msgspec import Struct

from tangle.analyse import Session
from tangle.model import Page, PagePath, Span
from tangle.parse import parse
from tangle.verbs.exported_notebooks import Exported, ExportedCell
from tangle.verbs.sync.places import GeneratedLine
from tangle.weave.notebook_cells import NotebookCell
from tangle.write import Edit, apply
from tangle.write.foreign_cells import NotANotebook, cells_of_notebook
from tangle.write.layout import indentation, line_end
from tangle.write.new_page import new_page

TWICE: Final = "this cell was written into the notes, and edited since; edit it there"


class Added(Struct, frozen=True, kw_only=True):
    """Cells that were added behind an exported one.

    Attributes:
        behind: the number of exported cells before them.
        cells: those that are together.
    """

    behind: int
    cells: tuple[ExportedCell, ...]


def added_cells(notebook: Exported) -> tuple[Added, ...]:
    """Return the cells that were added, adjacent ones as one.

    Args:
        notebook: as it was edited.
    """
    found: list[Added] = []
    behind = 0
    for own, run in groupby(notebook.cells, key=lambda cell: cell.own):
        cells = tuple(run)
        if own:
            behind += len(cells)
        else:
            found.append(Added(behind=behind, cells=cells))
    return tuple(found)


def with_added(
    page: Page, block: int, added: Added, unit: str, about: Mapping[str, Any]
) -> bytes | None:
    """Return a page with cells as blocks below a block; None if that is not possible.

    They follow the block and all below it; below a heading they are children of it.

    Args:
        page: the page.
        block: index of the block.
        added: the cells.
        unit: one step of indentation.
        about: metadata of the notebook.
    """
    notebook = {"nbformat": 4, "metadata": about, "cells": [cell.raw for cell in added.cells]}
    try:
        cells = cells_of_notebook(json.dumps(notebook).encode())
    except NotANotebook:
        return None
    if any(cell.attachments for cell in cells):
        return None
    made = new_page(cells, unit, lambda _, target: target)
    last = block
    while last + 1 < len(page.blocks) and page.blocks[last + 1].level > page.blocks[block].level:
        last += 1
    margin = indentation(page, block)
    if page.blocks[block].heading:
        inner = indentation(page, block + 1) if last > block else margin + unit.encode()
        margin = inner
    end = line_end(page.data)
    lines = (margin + line.encode() if line else b"" for line in made.text.split("\n")[:-1])
    text = b"".join(line + end for line in lines)
    at = page.blocks[last].span.end
    if at and page.data[at - 1 : at] != b"\n":
        text = end + text.removesuffix(end)
    data = apply(page.data, [Edit(span=Span(start=at, end=at), data=text)])
    return data if _holds(page, last, parse(data, page.path)) else None


def _holds(before: Page, last: int, after: Page) -> bool:
    """Whether all blocks are as they were, but for those that were added."""
    count = len(after.blocks) - len(before.blocks)
    kept = [*after.blocks[: last + 1], *after.blocks[last + 1 + count :]]
    old, new = (
        [(b.kind, b.level, b.title, b.heading, b.id) for b in blocks]
        for blocks in (before.blocks, kept)
    )
    codes = [fence.code for fence in after.fences]
    return count > 0 and old == new and all(fence.code in codes for fence in before.fences)


def block_of(
    session: Session, cell: NotebookCell, lines: Sequence[GeneratedLine], page: Page | None
) -> tuple[PagePath, int] | None:
    """Return the page and block behind which a new cell goes; None if nothing says it.

    Args:
        session: the section.
        cell: the one before it.
        lines: of that cell.
        page: that it is in.
    """
    if cell.chunk:
        occurrence = session.chunks[cell.chunk - 1].occurrence
        return occurrence.page, occurrence.host
    own = lines[-1].own if lines else None
    if own is None or page is None:
        return None
    index = next(at for at, block in enumerate(page.blocks) if block.line == own.fence)
    return page.path, index
