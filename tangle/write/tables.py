"""Tables of a note: at most so many rows and columns, and what was left out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from tangle.write.html_forms import column_names
from tangle.write.markup import cell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tangle.write.html_forms import HtmlTable

MOST_ROWS: Final = 20
MOST_COLUMNS: Final = 12
MOST_CHARACTERS: Final = 4_000
"""Of a table: two of them fit into a block that Logseq lets people edit."""

_WIDEST: Final = 80
_LEFT_OUT: Final = "\u2026"
_GAPS: Final = frozenset({"", "...", "\u2026", "⋮", "⋱", "⋯"})
_SHAPE: Final = re.compile(
    r"(?P<rows>[0-9][0-9,]*) rows? [×x] [0-9][0-9,]* columns?"
    r"|shape: \((?P<height>[0-9][0-9_]*),.*?\)"
)


def table_lines(table: HtmlTable, caption: str = "") -> tuple[tuple[str, ...], str]:
    """Return the lines of a Markdown table, and a sentence about what they leave out.

    Args:
        table: the table.
        caption: what its maker says of its size, if anything.
    """
    width = max(map(len, (*table.head, *table.body)), default=0)
    names = column_names(table.head, width)
    columns = _chosen(width, MOST_COLUMNS)
    head = _line([names[at] if at >= 0 else _LEFT_OUT for at in columns])
    rows, count = [], MOST_ROWS
    while count:
        rows = [
            _line([table.body[at][column] if at >= 0 and column >= 0 else _LEFT_OUT
                   for column in columns])
            for at in _chosen(len(table.body), count)
        ]  # fmt: skip
        if len(head) + sum(map(len, rows)) <= MOST_CHARACTERS:
            break
        count -= 1 if count < 4 else count // 4
    lines = (head, "|" + "---|" * len(columns), *rows)
    return lines, _said(table, (count, len(columns)), caption)


def _chosen(number: int, most: int) -> list[int]:
    """Which of so many rows or columns are shown: the first and the last, -1 for those between."""
    if number <= most:
        return list(range(number))
    first = (most + 1) // 2
    last = most - 1 - first
    return [*range(first), *([-1] if most > 1 else []), *range(number - last, number)][:most]


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell(_brief(text)) or " " for text in cells) + " |"


def _brief(text: str) -> str:
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 1]}{_LEFT_OUT}"


def _said(table: HtmlTable, shown: tuple[int, int], caption: str) -> str:
    """What is left out, by the maker of the table or here."""
    rows = sum(not _GAPS.issuperset(row) for row in table.body)
    width = max(map(len, (*table.head, *table.body)), default=0)
    cut = len(table.body) > shown[0] or width > shown[1]
    size = _SHAPE.search(caption)
    height = re.sub("[,_]", "", size["rows"] or size["height"]) if size is not None else "0"
    if not cut and int(height) <= rows:
        return caption
    kept = min(rows, shown[0] - (len(table.body) > shown[0]))
    columns = shown[1] - (width > shown[1])
    if size is not None:
        some = f"{kept} rows and {columns} columns" if width > shown[1] else f"{kept} rows"
        return f"{size[0]}: {some} are shown, the others left out"
    parts = [f"{kept} of {len(table.body)} rows"] if len(table.body) > shown[0] else []
    parts += [f"{columns} of {width} columns"] if width > shown[1] else []
    return f"{' and '.join(parts)} are shown, the others left out"
