"""The table of `tangle list`: on a terminal in colour, and no wider than it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from tangle_cli.columns import GAP, display_width, fitted, table
from tangle_cli.messages import _
from tangle_cli.style import Span, Styled
from tangle_cli.text import count, no_python_line

if TYPE_CHECKING:
    from tangle.verbs.reports.values import SectionRow, State

_COLOURS: Final[dict[State, str]] = {
    "fresh": "green",
    "stale": "yellow",
    "not-run": "dim",
    "failed": "error",
    "broken": "error",
    "no-code": "dim",
    "ready": "cyan",
    "needs-names": "yellow",
    "needs-packages": "yellow",
    "sketch": "dim",
}

HEADING: Final = ("section", "chunks", "borrowed", "state", "title")
_SECTION, _CHUNKS, _BORROWED, _STATE, _TITLE = range(5)

_LEAST_TITLE: Final = 12
"""Columns below which a title gives way to nothing: other columns are left out first."""


def section_lines(
    rows: Sequence[SectionRow], width: int | None = None, org_pages: int = 0
) -> Iterator[str]:
    """Yield the table of `tangle list`.

    Args:
        rows: the sections.
        width: columns of the terminal; None for any number.
        org_pages: how many pages are in Org's format.
    """
    if not rows:
        yield no_python_line(org_pages)
        return
    body = [_cells(row) for row in rows]
    kept = list(range(5)) if width is None else _kept([[*map(_, HEADING)], *body], width)
    lines = [[cells[at] for at in kept] for cells in ([*_heading()], *body)]
    if width is not None:
        _fit(lines, kept, width)
    yield from table(lines)
    coded = sum(row.chunks > 0 for row in rows)
    yield _(f"{count(coded, 'section')} with code, {count(sum(r.chunks for r in rows), 'chunk')}")


def _cells(row: SectionRow) -> list[str]:
    title = "" if row.title == row.name else row.title
    state = Styled.of(Span(_(row.state), _COLOURS[row.state]))
    return [row.name, str(row.chunks), str(row.borrowed or ""), state, title]


def _heading() -> Iterator[str]:
    return (Styled.of(Span(_(name), "bold")) for name in HEADING)


def _kept(lines: Sequence[Sequence[str]], width: int) -> list[int]:
    """The columns that a terminal has room for: on a narrow one those that identify sections."""
    kept = list(range(5))
    wanted = min(_widest(lines[1:], _TITLE), _LEAST_TITLE)
    if not wanted:
        kept.remove(_TITLE)
    for column in (_BORROWED, _CHUNKS, _TITLE):
        others = sum(_widest(lines, at) + GAP for at in kept if at != _TITLE)
        room = width - others + (GAP if _TITLE not in kept else 0)
        if room >= (wanted if _TITLE in kept else 0):
            break
        if column in kept:
            kept.remove(column)
    return kept


def _fit(lines: Sequence[list[str]], kept: Sequence[int], width: int) -> None:
    """Cut the last column, or if there is no title the names of sections."""
    cut = kept.index(_TITLE) if _TITLE in kept else kept.index(_SECTION)
    others = sum(_widest(lines, at) + GAP for at in range(len(kept)) if at != cut)
    for cells in lines:
        if display_width(cells[cut]) > max(width - others, 1):
            cells[cut] = fitted(cells[cut], max(width - others, 1))


def _widest(lines: Sequence[Sequence[str]], column: int) -> int:
    return max(display_width(cells[column]) for cells in lines)
