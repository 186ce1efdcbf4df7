"""Remove Markdown's emphasis marks that an editor put into code."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from tangle.analyse.repair.lexer import bare

# Neither an operator (an operand stands on both sides) nor an unpacking (nothing closes it).
_PAIR: Final = re.compile(r"(?<![\w)\]}*])(\*{1,3})(?=[^\s*])([^*]*?[^\s*])(\1)(?![\w(\[{*])")
_AT_END: Final = re.compile(r"(?<=[^\s*])(\*{1,3})[ \t]*$")
_AT_START: Final = re.compile(r"^[ \t]*(\*{1,3})(?=[^\s*])")

_Spans = dict[int, set[tuple[int, int]]]


def without_emphasis(lines: Sequence[str]) -> Iterator[list[str]]:
    """The marks taken out: those that stand in pairs; then those at the ends of lines as well.

    A mark that is closed on another line leaves one at the end of this and one at the start of
    that. What stands at a line's end with a blank before it is an operator.
    """
    pairs: _Spans = {}
    ends: _Spans = {}
    starts: _Spans = {}
    for row, code in enumerate(bare(lines, string="x")):
        for match in _PAIR.finditer(code):
            pairs.setdefault(row, set()).update((match.span(1), match.span(3)))
        if last := _AT_END.search(code):
            ends.setdefault(row, set()).add(last.span(1))
        if first := _AT_START.search(code):
            starts.setdefault(row, set()).add(first.span(1))
    for chosen in ((pairs,), (pairs, ends), (pairs, starts), (pairs, ends, starts)):
        yield _removed(lines, chosen)


def _removed(lines: Sequence[str], chosen: Sequence[_Spans]) -> list[str]:
    changed = list(lines)
    for row in {row for spans in chosen for row in spans}:
        for start, end in sorted({span for spans in chosen for span in spans.get(row, ())})[::-1]:
            changed[row] = changed[row][:start] + changed[row][end:]
    return changed
