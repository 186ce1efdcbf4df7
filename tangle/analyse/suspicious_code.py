"""Report code that parses but is most likely not what was meant."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Final

from tangle.analyse.code import ChunkCode
from tangle.model import Problem
from tangle.model.problems.code import LIST_DASH, MARKS_IN_TEXT

_MARKS: Final = re.compile(r"(?<=[^*_\s])(\*\*|__)[\n\t]+\1(?![*_])")
"""Emphasis around nothing but escapes, behind a word: that is no drawing made of stars."""

_WRITTEN: Final = re.compile(r"(\*\*|__)\\[nt]")


def doubtful(code: ChunkCode) -> Iterator[Problem]:
    """Yield problems of statements that are most likely mistakes."""
    yield from _list_dashes(code)
    if _WRITTEN.search(code.parsed.text):
        yield from _marks_in_strings(code)


def _list_dashes(code: ChunkCode) -> Iterator[Problem]:
    """Calls with a sign in front whose value is unused: a list's mark that got into the code."""
    for statement in code.statements[:-1]:
        match statement.node:
            case ast.Expr(value=ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=ast.Call())):
                yield LIST_DASH.at(
                    code.start(statement),
                    "this call has a sign in front of it, and its value is not used",
                    section=code.occurrence.section,
                )
            case _:
                continue


def _marks_in_strings(code: ChunkCode) -> Iterator[Problem]:
    r"""Texts with Markdown's emphasis around an escape, as in `'a**\n**'`."""
    for node, text in _texts(code.parsed.tree):
        if found := _MARKS.search(text):
            marks = repr(found[0])[1:-1]
            yield MARKS_IN_TEXT.at(
                code.place_of(node.lineno, node.col_offset),
                f"this string contains {marks}: Markdown's emphasis around an escape",
                section=code.occurrence.section,
            )


def _texts(tree: ast.AST) -> Iterator[tuple[ast.expr, str]]:
    """Every text, with the node whose place is the text's.

    For the parts of an f-string that is the f-string: before Python 3.12 they have no place.
    """
    parts: set[int] = set()
    for node in ast.walk(tree):
        match node:
            case ast.JoinedStr(values=values):
                parts.update(map(id, values))
                for part in values:
                    if isinstance(part, ast.Constant) and isinstance(part.value, str):
                        yield node, part.value
            case ast.Constant(value=str(text)) if id(node) not in parts:
                yield node, text
            case _:
                continue
