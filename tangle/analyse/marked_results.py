"""Find results that a writer marked with a prompt below ordinary code: `>>> [1, 4]`.

They are results kept by hand: the chunk is read as if they were in comments (`#=> [1, 4]`).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from tangle.analyse.kept_fences import is_literal
from tangle.analyse.source import readable
from tangle.analyse.statements import statements

_PROMPT: Final = re.compile(r">>> ?")
_ARROW: Final = re.compile(r"(?:>{1,2}|=>|-{1,2}>|→)[ \t]*(?=\S)")
_LONGEST_RESULT: Final = 50
"""Lines that one result may go over."""


class _Result(Struct, frozen=True, kw_only=True):
    """A result in a chunk: the rows from `start` up to `end`."""

    start: int
    end: int
    text: str


def with_results_as_comments(
    lines: Sequence[str], prompts: Sequence[int]
) -> tuple[str, ...] | None:
    """Return code whose marked results are comments; None if the prompts mark code.

    Args:
        lines: of a chunk.
        prompts: the rows that begin with a prompt.
    """
    results: list[_Result] = []
    for row in prompts:
        if results and row < results[-1].end:
            continue
        result = _result(lines, row)
        if result is None:
            return None
        results.append(result)
    found = list(lines)
    for result in results:
        found[result.start] = f"#=> {_PROMPT.sub('', lines[result.start], count=1)}"
        for row in range(result.start + 1, result.end):
            found[row] = f"# {lines[row]}"
    tree = readable("".join(f"{line}\n" for line in found))
    if tree is None or not _are_results(results, tree) or not _all_code(found, results):
        return None
    return tuple(found)


def with_arrows_as_comments(lines: Sequence[str]) -> tuple[str, ...] | None:
    """Return code whose results behind `>>`, `>`, `=>`, `-->` or `→` are comments; None without.

    Only a literal below whole statements is one; with anything else, the marks may be code.

    Args:
        lines: of a chunk that does not parse.
    """
    found = list(lines)
    marks = [row for row, line in enumerate(lines) if _ARROW.match(line)]
    for row in marks:
        text = _ARROW.sub("", lines[row], count=1)
        if not is_literal(text):
            return None
        found[row] = f"#=> {text}"
    tree = readable("".join(f"{line}\n" for line in found)) if marks else None
    results = [_Result(start=row, end=row + 1, text=lines[row]) for row in marks]
    if tree is None or not _are_results(results, tree) or not _all_code(found, results):
        return None
    return tuple(found)


def _result(lines: Sequence[str], row: int) -> _Result | None:
    """The result that begins on a line, if what is there is one."""
    text = shown = _PROMPT.sub("", lines[row], count=1)
    for end in range(row + 1, min(row + _LONGEST_RESULT, len(lines)) + 1):
        if end > row + 1:
            if _PROMPT.match(lines[end - 1]) or lines[end - 1].startswith("..."):
                break
            text += f"\n{lines[end - 1]}"
        if is_literal(text):
            return _Result(start=row, end=end, text=f"{text}\n")
    text = shown
    followed = row + 1 < len(lines) and lines[row + 1].startswith("...")
    words = readable(text) is None and not text.rstrip().endswith((":", "\\", "(", "[", "{"))
    if text.strip().isidentifier() or (words and not followed):
        return _Result(start=row, end=row + 1, text=f"{text}\n")
    return None


def _are_results(results: Sequence[_Result], tree: ast.Module) -> bool:
    """Whether code is above the first, and none is a name that the code binds."""
    bound = {name for node in statements(tree) for name in node.binds}
    above = any(node.lineno <= results[0].start for node in tree.body)
    return above and all(each.text.strip() not in bound for each in results)


def _all_code(lines: Sequence[str], results: Sequence[_Result]) -> bool:
    """Whether the code above each result is whole statements."""
    start = 0
    for result in results:
        code = "".join(f"{line}\n" for line in lines[start : result.start])
        if code.strip() and readable(code) is None:
            return False
        start = result.end
    return True
