"""Find results that a writer kept in comments: `# => 10`, `# Output: ...`.

A comment counts only where it carries a mark, and stands behind a statement of the chunk itself
that may show something: beside it, or on separate lines below it.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator, Sequence
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from tangle.analyse.code import ChunkCode
from tangle.analyse.kept_fences import SILENT, is_literal
from tangle.model import CodeLine

_MARK: Final = re.compile(
    r"#\s*(?:(?P<arrow>={1,2}>|→|⇒)|(?P<weak>-{1,2}>|(?:prints|returns|gives|shows):?(?=\s))"
    r"|(?P<word>(?:expected\s+)?(?:outputs?|out(?:\[\d+\])?|results?|prints|输出|结果)\s*[:：]))"
    r"[ \t]?(?P<text>.*)",
    re.IGNORECASE,
)
_VALUE: Final = re.compile(
    r"<[^<>]+>|(?:nan|-?inf|None|True|False)|[\w.]+(?:Error|Exception|Warning)(?:: .*)?"
    r"|[A-Za-z_][\w.]*\([^A-Za-z]*(?:[A-Za-z_]\w*=[^A-Za-z]*)*\)"
)
_PRINTING: Final = frozenset({"print", "pprint", "display"})


class KeptComment(Struct, frozen=True, kw_only=True):
    """A result in comments.

    Attributes:
        lines: its text, without marks, at its places in the notes.
        sure: whether it is a result and nothing else; words may be a remark.
        unshown: the line (from 1) of the expression in the chunk's code whose value it is, where
            running the chunk does not show that value; else None.
    """

    lines: tuple[CodeLine, ...]
    sure: bool
    unshown: int | None = None


def kept_comments(code: ChunkCode) -> tuple[KeptComment, ...]:
    """Return the results that a chunk keeps in comments, in order.

    Args:
        code: the chunk.
    """
    text = code.parsed.text
    if code.parsed.examples is not None or not code.parsed.tree.body or not _MARK.search(text):
        return ()
    comments = _comments(text)
    return tuple(_results(code, comments)) if comments else ()


def unshown_values(code: ChunkCode) -> tuple[int, ...]:
    """Return the lines of expressions with a kept result whose values the chunk does not show.

    Args:
        code: the chunk.
    """
    found = (comment.unshown for comment in kept_comments(code))
    return tuple(dict.fromkeys(line for line in found if line is not None))


def is_value(text: str) -> bool:
    """Whether a text is a value as Python shows it, or several of them.

    Args:
        text: one line or more.
    """
    stripped = text.strip()
    if _VALUE.fullmatch(stripped) or is_literal(stripped):
        return True
    words = stripped.split()
    return len(words) > 1 and all(is_literal(word.rstrip(",")) for word in words)


def _comments(text: str) -> dict[int, tuple[int, str]]:
    """The comments by line (from 1), each with its column."""
    found: dict[int, tuple[int, str]] = {}
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT:
                found[token.start[0]] = (token.start[1], token.string)
    except (tokenize.TokenError, SyntaxError):
        return {}
    return found


def _results(code: ChunkCode, comments: dict[int, tuple[int, str]]) -> Iterator[KeptComment]:
    used = 0
    last = code.parsed.tree.body[-1]
    for row, (column, text) in sorted(comments.items()):
        match = _MARK.fullmatch(text)
        if row <= used or match is None:
            continue
        alone = not code.chunk.lines[row - 1].text[:column].strip()
        statement = _showing(code.parsed.tree.body, row, alone=alone)
        if statement is None:
            continue
        found = [_line(code, row, match["text"].strip(), column + match.start("text"))]
        used = row
        if alone or not found[0].text:
            below = tuple(_below(code, comments, row, found[0].text))
            found += below
            used += len(below)
        lines = tuple(line for line in found if line.text)
        if lines:
            said = "\n".join(line.text for line in lines)
            if (value := is_value(said)) or not match["weak"]:
                sure = value or match["word"] is not None or (alone and code.parsed.marked)
                sure = sure and (statement is last or _shows_something(statement))
                yield KeptComment(lines=lines, sure=sure, unshown=_unshown(statement, last))


def _showing(body: Sequence[ast.stmt], row: int, *, alone: bool) -> ast.stmt | None:
    """The statement that a comment stands behind, if that may show something."""
    before = [node for node in body if node.lineno <= row]
    if not before:
        return None
    last = before[-1]
    end = last.end_lineno or last.lineno
    if alone:
        return last if end < row and not isinstance(last, SILENT) else None
    return last if end == row and isinstance(last, ast.Expr) else None


def _unshown(statement: ast.stmt, last: ast.stmt) -> int | None:
    """The line of an expression whose value a notebook does not show: others follow it."""
    expression = isinstance(statement, ast.Expr) and statement is not last
    return statement.lineno if expression else None


def _shows_something(statement: ast.stmt) -> bool:
    """Whether a statement has a value, or prints, as far as its text shows."""
    if isinstance(statement, ast.Expr):
        return True
    calls = (node.func for node in ast.walk(statement) if isinstance(node, ast.Call))
    return any(isinstance(called, ast.Name) and called.id in _PRINTING for called in calls)


def _below(
    code: ChunkCode, comments: dict[int, tuple[int, str]], row: int, first: str
) -> Iterator[CodeLine]:
    """The comment lines below a mark that belong to it: all, if the mark stands alone."""
    text = first
    while (entry := comments.get(row + 1)) is not None:
        column, comment = entry
        if code.chunk.lines[row].text[:column].strip() or _MARK.fullmatch(comment):
            return
        if first and _closed(text):
            return
        row += 1
        shown = comment[1:].removeprefix(" ").rstrip()
        text += f"\n{shown}"
        yield _line(code, row, shown, column + len(comment) - len(comment[1:].lstrip()))


def _closed(text: str) -> bool:
    """Whether no bracket of a text is open."""
    opened = sum(text.count(mark) for mark in "([{")
    return opened <= sum(text.count(mark) for mark in ")]}")


def _line(code: ChunkCode, row: int, text: str, column: int) -> CodeLine:
    place = code.chunk.lines[row - 1].place
    return CodeLine(text=text, place=replace(place, column=max(place.column + column, 1)))
