"""Read past callouts: the marks by which a book refers to lines of its code."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from tangle.analyse.repair.lexer import bare

CALLOUTS: Final = "callouts stand in the code"

_CIRCLED: Final = "[\u2460-\u2473\u24f5-\u24fe\u2776-\u2793\u24eb-\u24f4]"
_MAY_HAVE: Final = re.compile(rf"{_CIRCLED}|\S[ \t]{{2,}}[0-9]{{1,2}}$")
_BEFORE: Final = re.compile(rf"([ \t]*){_CIRCLED}([ \t]*)(?=\S)")
_AFTER: Final = re.compile(rf"(?:[ \t]*{_CIRCLED})+[ \t]*$")
_DIGIT: Final = re.compile(r"(?<=\S)[ \t]{2,}[0-9]{1,2}$")


def without_callouts(lines: Sequence[str]) -> Iterator[list[str]]:
    """Remove circled digits at the edges of lines; then digits behind two blanks as well.

    What stands behind a mark at the beginning may be a blank that belongs to it, or all of it
    indentation.
    """
    if not any(_MAY_HAVE.search(line) for line in lines):
        return
    for digits in (False, True):
        for width in (1, None):
            yield [
                _plain(line, code, digits=digits, width=width)
                for line, code in zip(lines, bare(lines, string="x"), strict=True)
            ]


def _plain(line: str, code: str, *, digits: bool, width: int | None) -> str:
    for pattern in (_AFTER, _DIGIT) if digits else (_AFTER,):
        if (match := pattern.search(code)) is not None:
            line = line[: match.start()] + line[len(code) :]
            code = code[: match.start()]
    if (match := _BEFORE.match(code)) is not None:
        blanks = match[2][width:] if width is not None else f" {match[2]}"
        line = match[1] + blanks + line[match.end() :]
    return line
