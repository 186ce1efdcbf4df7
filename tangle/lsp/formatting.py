"""Format the chunks of a page with ruff; every other byte stays as it is."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from lsprotocol import types

from tangle.engine.tool import run_tool
from tangle.lsp.names import units_on
from tangle.lsp.session import Session
from tangle.model import Fence, Page, PagePath
from tangle.notes import units
from tangle.parse import parse

_PATIENCE: Final = 10.0

_Edit = tuple[int, int, str]
"""A replacement in a page: first character, the one behind the last, and the new text."""


class CannotFormat(Exception):
    """Nothing is formatted; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """The chunks of a page that can be formatted, as they are now.

    Attributes:
        fences: of the chunks, in order.
    """

    session: Session
    page: Page
    fences: tuple[Fence, ...]


def draft(session: Session, path: PagePath, first: int, last: int) -> Draft | None:
    """Return the chunks on some lines of a page that can be formatted.

    Args:
        session: the notes.
        path: of the page.
        first: the first line, from 1.
        last: the last line.
    """
    page = session.page(path)
    if page is None:
        return None
    lines = set(_formattable(session, path))
    fences = tuple(
        fence
        for fence in page.fences
        if fence.line in lines
        and fence.line <= last
        and first <= fence.line + fence.code.count("\n") + 1
    )
    return Draft(session=session, page=page, fences=fences)


def _formattable(session: Session, path: PagePath) -> Iterator[int]:
    """The lines of the fences of programs that parse and are written where they are."""
    for unit in units_on(session.core, path):
        for code in units.code(session.core, unit).chunks:
            chunk, parsed = code.written, code.parsed
            other = parsed.rows or parsed.reading or parsed.foreign or chunk.session
            if chunk.page != path or code.broken or other or parsed.sketch:
                continue
            if chunk.is_as_written:
                yield chunk.line


async def formatted(made: Draft) -> list[types.TextEdit]:
    """Return the edits that format chunks.

    Args:
        made: the chunks.

    Raises:
        CannotFormat: ruff cannot, or is missing.
    """
    if not made.fences:
        return []
    codes = [fence.code.removesuffix("\n") for fence in made.fences]
    session, path = made.session, made.page.path
    text = session.text(path)
    new = await _by_ruff(session, path, codes)
    edits: list[_Edit] = []
    for fence, before, after in zip(made.fences, codes, new, strict=True):
        edits += _edits(made, fence, before.split("\n"), after.split("\n"))
    return [
        types.TextEdit(range=text.range(start, end, session.encoding), new_text=string)
        for start, end, string in edits
    ]


async def _by_ruff(session: Session, path: PagePath, codes: Sequence[str]) -> list[str]:
    """Code as ruff formats the cells of a notebook: magics and last semicolons stay."""
    cells: list[dict[str, Any]] = [
        {
            "cell_type": "code",
            "metadata": {},
            "outputs": [],
            "execution_count": None,
            "source": code,
        }
        for code in codes
    ]
    notebook = {
        "cells": cells,
        "metadata": {"language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 4,
    }
    name = str(session.project.graph / f"{path}.ipynb")
    output = await run_tool(
        *("ruff", "format", "--no-cache", "--stdin-filename", name, "-"),
        text=json.dumps(notebook),
        folder=session.project.root,
        patience=_PATIENCE,
    )
    if output is None:
        raise CannotFormat(
            "ruff cannot format this page: check that it is installed, and its settings"
        )
    return ["".join(_source(cell)) for cell in json.loads(output)["cells"]]


def _source(cell: dict[str, Any]) -> Sequence[str]:
    found: Sequence[str] = cell["source"]
    return found


def _edits(made: Draft, fence: Fence, before: Sequence[str], after: Sequence[str]) -> list[_Edit]:
    """The changed lines of a chunk; none where Logseq would read the page in another way then."""
    text = made.session.text(made.page.path)
    string = text.string
    starts = [text.line_span(fence.line + 1 + row)[0] for row in range(len(before) + 1)]
    row = next((row for row, line in enumerate(before) if line.strip()), 0)
    margin = string[starts[row] : starts[row] + fence.margins[row]]
    end = "\r\n" if string[: starts[0]].endswith("\r\n") else "\n"
    found: list[_Edit] = []
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    for tag, first, last, start, stop in matcher.get_opcodes():
        if tag != "equal":
            lines = (f"{margin}{line}" if line.strip() else "" for line in after[start:stop])
            found.append((starts[first], starts[last], "".join(line + end for line in lines)))
    return found if found and _is_read_so(made, fence, found, after) else []


def _is_read_so(made: Draft, fence: Fence, edits: Sequence[_Edit], after: Sequence[str]) -> bool:
    """Whether the page has that code in place of a chunk's after the edits, and all else."""
    string = made.session.text(made.page.path).string
    for start, end, new in sorted(edits, reverse=True):
        string = string[:start] + new + string[end:]
    page = parse(string.encode(), made.page.path)
    wanted = [
        "".join(f"{line}\n" for line in after) if entry is fence else entry.code
        for entry in made.page.fences
    ]
    return [entry.code for entry in page.fences] == wanted and [
        block.title for block in page.blocks
    ] == [block.title for block in made.page.blocks]
