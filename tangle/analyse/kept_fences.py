"""Decide whether a Python fence right behind a chunk holds what the chunk shows."""

from __future__ import annotations

import ast
from typing import Final

from tangle.analyse.statements import is_ellipsis

SILENT: Final = (
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.Import,
    ast.ImportFrom,
    ast.Assign,
    ast.AnnAssign,
    ast.AugAssign,
)
"""Statements that show nothing by themselves."""


def is_result_of(behind: ast.Module, above: ast.Module) -> bool:
    """Whether code is nothing but literals, behind code that may show them.

    Below a chunk that shows nothing, or that is a literal, such code is an example of its own.

    Args:
        behind: the tree of the fence behind.
        above: the tree of the chunk.
    """
    shows = bool(above.body) and not isinstance(above.body[-1], SILENT)
    return shows and _are_literals(behind) and not _are_literals(above)


def is_literal(code: str | ast.expr) -> bool:
    """Whether code is a literal, such as `[1, -2.5]`.

    Args:
        code: its text or its tree.
    """
    try:
        ast.literal_eval(code)
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError):
        return False
    return True


def _are_literals(tree: ast.Module) -> bool:
    return bool(tree.body) and all(
        isinstance(node, ast.Expr) and not is_ellipsis(node) and is_literal(node.value)
        for node in tree.body
    )
