"""Compile cells with names and lines that lead to the notes.

IPython rewrites a cell before it compiles it: leading blank lines go, a magic of several lines
becomes one, a cell magic hands on all but the first line. The lines of the syntax tree are put back
to those of the cell, so that tracebacks, warnings and `inspect` agree with the notes.
"""

from __future__ import annotations

import ast
import difflib
import linecache
from collections.abc import Callable, Sequence
from typing import Any

from IPython.core.compilerop import CachingCompiler

from tangle.engine.worker.page_code import move_to_page
from tangle.model import Cell

_TIMED = ("<timed exec>", "<timed eval>")


def _leave_alone(tree: ast.Module, source: str) -> None:
    """The change that changes nothing."""


class CellCompiler(CachingCompiler):
    """IPython's compiler, with a cell that it works for.

    Attributes:
        change: is called with the tree of each cell before it is compiled, and with its text.
        pages: the folder of the pages under whose paths cells are compiled, for a debugger.
    """

    def __init__(self) -> None:
        """Works for no cell yet."""
        super().__init__()  # type: ignore[no-untyped-call]
        self._cell: Cell | None = None
        self._of_body = False
        self.change: Callable[[ast.Module, str], None] = _leave_alone
        self.pages: str | None = None

    @property
    def file_name(self) -> str:
        """The name that the current cell's code is compiled under."""
        return f"<{self._cell.name}>" if self._cell else "<no cell>"

    def begin(self, cell: Cell) -> None:
        """Makes `cell` the current one, and its text known to `linecache`."""
        self._cell = cell
        self._of_body = False
        remember(self.file_name, cell)

    def cache(self, transformed_code: str, number: int = 0, raw_code: str | None = None) -> str:
        """The name to compile under; other code than the cell's keeps IPython's."""
        if self._lines_for(transformed_code if raw_code is None else raw_code) is None:
            return super().cache(transformed_code, number, raw_code)
        return self.file_name

    def ast_parse(self, source: str, filename: str = "<unknown>", symbol: str = "exec") -> ast.AST:
        """The tree, its lines those of the cell if it is the cell's text."""
        lines = self._lines_for(source)
        self._of_body = lines is not None and filename != self.file_name
        if lines is None:
            return super().ast_parse(source, filename, symbol)
        try:
            tree = super().ast_parse(source, self.file_name, symbol)
        except SyntaxError as error:
            error.lineno = _at(lines, error.lineno)
            error.end_lineno = _at(lines, error.end_lineno)
            raise
        _renumber(tree, lines)
        if isinstance(tree, ast.Module):
            self.change(tree, source)
        return tree

    def __call__(self, source: Any, filename: str, symbol: str, **options: Any) -> Any:
        """Compiles; what `%%time` times is the cell's text too."""
        if filename in _TIMED and self._of_body:
            filename = self.file_name
        if self.pages is not None and filename == self.file_name and isinstance(source, ast.AST):
            assert self._cell is not None
            filename = move_to_page(source, self._cell.origins, self.pages) or filename
        return super().__call__(source, filename, symbol, **options)

    def _lines_for(self, source: str) -> Sequence[int] | None:
        """The cell's line (from 1) for each line of `source`; None if that is other code."""
        if self._cell is None:
            return None
        return map_lines(self._cell.code, source)


def remember(name: str, cell: Cell) -> None:
    """Puts the cell's text where `traceback`, `warnings` and `inspect` look for source."""
    lines = [f"{line}\n" for line in cell.code.split("\n")]
    linecache.cache[name] = (len(cell.code), None, lines, name)


def map_lines(code: str, source: str) -> Sequence[int] | None:
    """For each line of `source`, the line of `code` (from 1) that it was made from.

    Args:
        code: the cell's text.
        source: that text as IPython has rewritten it, or the body of its cell magic.

    Returns:
        None where `source` has hardly anything of `code`, so that it must be other text.
    """
    ours, theirs = code.rstrip().split("\n"), source.rstrip().split("\n")
    blank = next((at for at, line in enumerate(ours) if line.strip()), 0)
    body = 1 if ours[blank].startswith("%%") else 0
    if body and len(theirs) == 1 and "run_cell_magic(" in theirs[0]:
        return [blank + 1]
    for skipped in (blank, blank + body):
        rest = ours[skipped:]
        if len(rest) == len(theirs) and _alike(rest, theirs):
            return range(skipped + 1, skipped + 1 + len(rest))
    return _matched(ours, theirs)


def _alike(ours: Sequence[str], theirs: Sequence[str]) -> bool:
    """Whether the lines are the same, but for those that IPython rewrites."""
    pairs = list(zip(ours, theirs, strict=True))
    return all(ours == theirs or "get_ipython()" in theirs for ours, theirs in pairs)


def _matched(ours: Sequence[str], theirs: Sequence[str]) -> Sequence[int] | None:
    matcher = difflib.SequenceMatcher(None, ours, theirs, autojunk=False)
    known = {b + i: a + i for a, b, size in matcher.get_matching_blocks() for i in range(size)}
    rewritten = sum("get_ipython()" in line for line in theirs)
    if len(known) + rewritten < len(theirs):
        return None
    lines: list[int] = []
    for at in range(len(theirs)):
        after = lines[-1] if lines else 0
        lines.append(known.get(at, after) + 1)
    return lines


def _renumber(tree: ast.AST, lines: Sequence[int]) -> None:
    for node in ast.walk(tree):
        for name in ("lineno", "end_lineno"):
            line = getattr(node, name, None)
            if line is not None:
                setattr(node, name, _at(lines, line))


def _at(lines: Sequence[int], line: int | None) -> int | None:
    if line is None or not lines:
        return line
    return lines[min(max(line, 1), len(lines)) - 1]
