"""Read the cells of a script in percent format that tangle exported."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from msgspec import Struct

from tangle.weave.notebook_cells import SETUP_TAG
from tangle.write.foreign_cells import CELL_HEAD, script_cell

_ID: Final = re.compile(r'\bid="([\w-]{1,40})"')
_BLOCK: Final = re.compile(r'\bblock="([\w-]{1,40})"')


class ScriptCell(Struct, frozen=True, kw_only=True):
    """A cell of a script.

    Attributes:
        source: its text, without line feeds at the end; that of code as the script has it.
        foreign: its text as a notebook has it, magics included.
        id: that the export gave it; empty for one that was added.
        block: the `id::` of the block that it is from; empty where that has none.
        setup: whether it is the first cell, which tangle makes.
    """

    kind: str
    source: str
    foreign: str
    id: str
    block: str
    setup: bool


def script_cells(body: str, known: Mapping[str, str]) -> Iterator[ScriptCell]:
    """Yield the cells, from the first head on.

    Args:
        body: the script below the lines that say what it is.
        known: what the cells said when they were exported, by id. A line of theirs that looks like
            the head of a cell is none.
    """
    head, lines, own = "", list[str](), frozenset[str]()
    for line in body.split("\n"):
        if CELL_HEAD.fullmatch(line) is None or line in own:
            lines.append(line)
            continue
        yield from _cell(head, lines)
        head, lines = line, []
        found = _ID.search(line)
        own = frozenset(known.get(found[1], "").split("\n")) if found else frozenset()
    yield from _cell(head, lines)


def _cell(head: str, lines: list[str]) -> Iterator[ScriptCell]:
    text = "\n".join(lines).strip("\n")
    if not head and not text:
        return
    cell = script_cell(head, text)
    found, block = _ID.search(head), _BLOCK.search(head)
    yield ScriptCell(
        kind=cell.kind,
        source=(text if cell.kind == "code" else cell.text).rstrip("\n"),
        foreign=cell.text,
        id=found[1] if found else "",
        block=block[1] if block else "",
        setup=SETUP_TAG in head,
    )
