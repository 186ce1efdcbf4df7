"""Find the statements that `#@save` markers save."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Struct

from tangle.analyse.names import Statement
from tangle.analyse.source import Parsed
from tangle.model import ProblemKind
from tangle.model.problems.markers import DANGLING_SAVE, NESTED_SAVE, UNCLEAR_SAVE

_MARKER: Final = re.compile(r"#\s*@save(?:\s+(replace))?\s*(?:#.*)?")
_ALMOST: Final = re.compile(r"#\s*@save\b")
_COMPOUND: Final = (
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.If,
    ast.For,
    ast.AsyncFor,
    ast.While,
    ast.With,
    ast.AsyncWith,
    ast.Try,
    ast.TryStar,
    ast.Match,
)


class Marker(Struct, frozen=True, kw_only=True):
    """One `#@save` comment.

    Attributes:
        alone: whether nothing else stands on its line.
        replaces: whether it says `replace`.
    """

    line: int
    column: int
    alone: bool
    replaces: bool


class Misplaced(Struct, frozen=True, kw_only=True):
    """A comment that looks like a marker but saves nothing, and why."""

    line: int
    column: int
    kind: ProblemKind
    message: str
    hint: str | None = None


class Marked(Struct, frozen=True, kw_only=True):
    """The markers of a chunk.

    Attributes:
        saved: for the index of each saved statement, the marker that saves it.
    """

    saved: Mapping[int, Marker]
    misplaced: tuple[Misplaced, ...]


def marked_statements(parsed: Parsed, statements: Sequence[Statement]) -> Marked:
    """Find the statements that are saved, and the markers that save nothing.

    A marker counts on the statement's first line, on any line of its signature, or on a line of
    its own just above the statement or its decorators; above a run of imports and plain assignments
    it saves the run, up to the next blank line or other statement.

    Args:
        parsed: the chunk.
        statements: of the chunk.
    """
    if parsed.problem is not None or "@save" not in parsed.text:
        return Marked(saved={}, misplaced=())
    tokens = tuple(tokenize.generate_tokens(io.StringIO(parsed.text).readline))
    lines = parsed.text.split("\n")
    saved: dict[int, Marker] = {}
    misplaced: list[Misplaced] = []
    for token in tokens:
        if token.type != tokenize.COMMENT or not _ALMOST.match(token.string):
            continue
        if (marker := _marker(token)) is None:
            misplaced.append(_unclear(token))
            continue
        found = _meant(marker, statements, tokens, lines)
        if isinstance(found, Misplaced):
            misplaced.append(found)
        else:
            saved.update(dict.fromkeys(found, marker))
    return Marked(saved=saved, misplaced=tuple(misplaced))


def _marker(token: tokenize.TokenInfo) -> Marker | None:
    match = _MARKER.fullmatch(token.string)
    if match is None:
        return None
    line, column = token.start
    return Marker(
        line=line,
        column=column,
        alone=not token.line[:column].strip(),
        replaces=match[1] is not None,
    )


def _unclear(token: tokenize.TokenInfo) -> Misplaced:
    """Return the problem of a comment that begins like a marker and has other words after it."""
    return Misplaced(
        line=token.start[0],
        column=token.start[1],
        kind=UNCLEAR_SAVE,
        message=f"{token.string!r} is not a marker: only `replace` may follow #@save",
    )


def _meant(
    marker: Marker,
    statements: Sequence[Statement],
    tokens: Sequence[tokenize.TokenInfo],
    lines: Sequence[str],
) -> list[int] | Misplaced:
    """The statements that a marker saves."""
    around = [i for i, entry in enumerate(statements) if entry.first <= marker.line <= entry.last]
    if around:
        holder = statements[around[0]]
        if marker.line <= _header_end(holder, tokens):
            return around
        return Misplaced(
            line=marker.line,
            column=marker.column,
            kind=NESTED_SAVE,
            message="#@save marks a statement inside another, which cannot be saved by itself",
            hint=f"mark the statement around it: {lines[holder.node.lineno - 1].strip()}",
        )
    if marker.alone:
        below = _below(marker.line, statements, lines)
        if below:
            return below
    return Misplaced(
        line=marker.line,
        column=marker.column,
        kind=DANGLING_SAVE,
        message="#@save is not above a statement",
    )


def _header_end(statement: Statement, tokens: Sequence[tokenize.TokenInfo]) -> int:
    """The line of the colon that ends a signature; the last line of a simple statement."""
    if not isinstance(statement.node, _COMPOUND):
        return statement.last
    depth = 0
    start = (statement.node.lineno, statement.node.col_offset)
    for token in tokens:
        if token.type != tokenize.OP or token.start < start:
            continue
        if token.string in "([{":
            depth += 1
        elif token.string in ")]}":
            depth -= 1
        elif token.string == ":" and depth == 0:
            return token.start[0]
    return statement.last


def _below(line: int, statements: Sequence[Statement], lines: Sequence[str]) -> list[int]:
    """The statement just below a line, or the run of imports and assignments that begins there."""
    row = line
    while row < len(lines) and lines[row].lstrip().startswith("#"):
        row += 1
    first = next((i for i, entry in enumerate(statements) if entry.first == row + 1), None)
    if first is None:
        return []
    if not _joins_run(statements[first]):
        return [i for i, entry in enumerate(statements) if entry.first == row + 1]
    run = [first]
    for index in range(first + 1, len(statements)):
        entry, before = statements[index], statements[index - 1]
        gap = lines[before.last : entry.first - 1]
        if not _joins_run(entry) or any(not text.strip() for text in gap):
            break
        run.append(index)
    return run


def _joins_run(statement: Statement) -> bool:
    """Whether a marker above a run of such statements saves the run."""
    return isinstance(statement.node, ast.Import | ast.ImportFrom | ast.Assign | ast.AnnAssign)
