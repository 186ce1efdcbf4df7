"""Compile code under the path and the lines of the page that it is in, for debuggers.

A code object has one file, so each top-level statement is compiled alone, under the page of its
first line. Lines that come from another page, by a reference inside a statement, keep the line
before them.
"""

from __future__ import annotations
import __future__

import ast
import importlib.machinery
import os
from collections.abc import Sequence
from types import ModuleType

from tangle.model import Origin, Source


def move_to_page(tree: ast.AST, origins: Sequence[Origin | None], folder: str) -> str | None:
    """Give the nodes of a statement the lines that they have in their page.

    Args:
        tree: changed in place; its lines are those of the generated text, from 1.
        origins: one for each of these lines.
        folder: that the pages' paths are relative to.

    Returns:
        The page's absolute path; None if the statement does not come from a page.
    """
    nodes = [node for node in ast.walk(tree) if hasattr(node, "lineno")]
    first = min((node.lineno for node in nodes), default=0)
    start = _at(origins, first)
    if start is None:
        return None
    lines: dict[int, int] = {}
    last = max(getattr(node, "end_lineno", None) or node.lineno for node in nodes)
    line = start.line
    for at in range(first, last + 1):
        origin = _at(origins, at)
        if origin is not None and origin.path == start.path:
            line = origin.line
        lines[at] = line
    for node in nodes:
        node.lineno, end = lines[node.lineno], getattr(node, "end_lineno", None)
        if end is not None:
            node.end_lineno = lines[end]  # type: ignore[attr-defined]
    return os.path.join(folder, start.path)  # noqa: PTH118 -- the name of a code object


def parsed(code: str) -> ast.Module | None:
    """Return the tree of a cell's code; None if it is no plain Python."""
    try:
        return ast.parse(code)
    except (SyntaxError, ValueError):
        return None


def _at(origins: Sequence[Origin | None], line: int) -> Origin | None:
    return origins[line - 1] if 1 <= line <= len(origins) else None


class PageLoader(importlib.machinery.SourceFileLoader):
    """Loads a generated module, each statement of it as code of its page."""

    def __init__(self, fullname: str, path: str, source: Source, folder: str) -> None:
        """Take the places of the module's lines."""
        super().__init__(fullname, path)
        self._origins, self._folder = source.origins, folder

    def exec_module(self, module: ModuleType) -> None:
        """Execute the module, statement by statement."""
        tree = ast.parse(self.get_data(self.path), self.path)
        flags = _future_flags(tree)
        for node in tree.body:
            one = ast.Module([node], [])
            name = move_to_page(one, self._origins, self._folder) or self.path
            exec(compile(one, name, "exec", flags, dont_inherit=True), module.__dict__)  # noqa: S102


def _future_flags(tree: ast.Module) -> int:
    """Return the flags of a module's `__future__` imports: they hold for all statements."""
    names = [
        alias.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module == "__future__"
        for alias in node.names
    ]
    flags = 0
    for name in names:
        flags |= getattr(__future__, name).compiler_flag
    return flags
