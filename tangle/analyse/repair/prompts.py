"""Remove list marks and line numbers before code, and comment out pasted output."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from tangle.analyse.repair.lexer import bare

_LIST: Final = re.compile(r"([-+*•·]|[0-9]{1,3}[.)])([ \t]+)(?=\S)")
_NUMBER: Final = re.compile(r"[ \t]*([0-9]{1,4})(?:[:|]?(?:[ \t]|$)|[:|])")
_TRACEBACK: Final = re.compile(r"Traceback \(most recent call last\):")
_OUTPUT: Final = re.compile(
    r"[ \t]*(?:Out ?\[[0-9]+\]:|Traceback \(most recent call last\):|\w*(?:Error|Exception)\b:"
    r"|\[\[? *-?[0-9.]+(?:e[+-]?[0-9]+)?(?: +-?[0-9.]+(?:e[+-]?[0-9]+)?)*"
    r"|[A-Za-z]+ [0-9]+\b[,:;]?(?: .*)?[0-9])"
)
_FEWEST_NUMBERS: Final = 2


def without_list_marks(lines: Sequence[str]) -> Iterator[list[str]]:
    """Remove list marks, if every unindented line has one."""
    full = [line for line in lines if line.strip()]
    outer = [line for line in full if not line[0].isspace()]
    marks = [_LIST.match(line) for line in outer]
    widths = {match.end() for match in marks if match}
    if not outer or not all(marks) or len(widths) != 1:
        return
    width = widths.pop()
    changed: list[str] = []
    for line in lines:
        if match := _LIST.match(line):
            changed.append(line[match.end() :])
        elif line[:width].isspace() and len(line) > width:
            changed.append(line[width:])
        elif line.strip():
            return
        else:
            changed.append(line)
    yield changed


def without_line_numbers(lines: Sequence[str]) -> Iterator[list[str]]:
    """Remove line numbers, if each line has one and they count up by one."""
    found = [_NUMBER.match(line) for line in lines if line.strip()]
    numbers = [int(match[1]) for match in found if match is not None]
    first = numbers[0] if numbers else 0
    if len(found) < _FEWEST_NUMBERS or numbers != list(range(first, first + len(found))):
        return
    yield [_NUMBER.sub("", line, count=1) for line in lines]


def without_output(lines: Sequence[str]) -> Iterator[list[str]]:
    """Output under code made a comment: what goes on a commented value, or cannot be code."""
    changed = list(lines)
    masked = bare(lines)
    row = 0
    while row < len(lines):
        end = _value_end(lines, row)
        if end is not None:
            for at in range(row + 1, end + 1):
                changed[at] = _comment(lines[at])
            row = end + 1
            continue
        if row and masked[row].strip() and _OUTPUT.match(lines[row]):
            end = _traceback_end(lines, row) or _value_from(lines, row)
            for at in range(row, end + 1):
                changed[at] = _comment(lines[at])
            row = end
        row += 1
    yield changed


def _traceback_end(lines: Sequence[str], row: int) -> int | None:
    """The line of the exception that ends a traceback which begins on a line; None for others."""
    if not _TRACEBACK.match(lines[row]):
        return None
    rest = range(row + 1, len(lines))
    return next((at for at in rest if lines[at][:1].strip()), None)


def _value_end(lines: Sequence[str], row: int) -> int | None:
    """Where a value ends whose first line was made a comment and whose others were forgotten."""
    if not lines[row].lstrip().startswith("#"):
        return None
    depth = _depth(lines[row])
    if depth <= 0:
        return None
    for at in range(row + 1, len(lines)):
        if lines[at].lstrip().startswith("#"):
            return None
        depth += _depth(lines[at])
        if depth <= 0:
            return at
    return None


def _value_from(lines: Sequence[str], row: int) -> int:
    """Where output that begins on a line ends: with its last bracket."""
    depth = _depth(lines[row])
    at = row
    while depth > 0 and at + 1 < len(lines):
        at += 1
        depth += _depth(lines[at])
    return at if depth <= 0 else row


def _depth(line: str) -> int:
    return sum(line.count(mark) for mark in "([{") - sum(line.count(mark) for mark in ")]}")


def _comment(line: str) -> str:
    return f"# {line}" if line.strip() else line
