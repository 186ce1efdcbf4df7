"""Text in columns of a terminal: widths, padding, cutting, tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tangle_cli.style import Span, Styled

GAP = 2
"""Columns between two columns of a table."""

_ELLIPSIS = "…"


def display_width(text: str) -> int:
    """Return the number of columns that a text takes on a terminal."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def padded(text: str, width: int) -> str:
    """Return a text with blanks behind it, so that it takes at least so many columns.

    Args:
        text: to pad.
        width: in columns.
    """
    return text + " " * (width - display_width(text))


def fitted(text: str, width: int) -> str:
    """Return a text that takes at most so many columns; an ellipsis replaces what is cut off.

    Args:
        text: to cut.
        width: in columns.
    """
    if display_width(text) <= width:
        return text
    return _beginning(text, width - 1) + _ELLIPSIS if width > 0 else ""


def _beginning(text: str, width: int) -> str:
    """The longest beginning of a text that takes at most so many columns."""
    used = 0
    for at, character in enumerate(text[: width + 1]):
        used += display_width(character)
        if used > width:
            return text[:at]
    return text[:width]


def fitted_line(line: str, width: int) -> str:
    """Return a line cut to so many columns, which keeps the styles of its parts.

    Args:
        line: to cut.
        width: in columns.
    """
    cut = fitted(line, width)
    if not isinstance(line, Styled) or cut == line:
        return line if cut == line else cut
    spans: list[Span] = []
    left = len(cut) - len(_ELLIPSIS)
    for span in line.spans:
        spans.append(span._replace(text=span.text[: max(left, 0)]))
        left -= len(span.text)
    return Styled.of(*spans, _ELLIPSIS if cut else "")


def table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield rows as lines with aligned columns; cells may be `Styled`."""
    if not rows:
        return
    widths = [max(display_width(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        last = max((at for at, cell in enumerate(row) if cell.strip()), default=-1)
        spans: list[Span] = []
        for at, cell in enumerate(row[: last + 1]):
            text = cell if at < last else cell.rstrip()
            spans += cell.spans if isinstance(cell, Styled) else (Span(text),)
            if at < last:
                spans.append(Span(" " * (widths[at] - display_width(cell) + GAP)))
        yield Styled.of(*spans)
