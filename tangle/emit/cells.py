"""Format a chunk's code as a cell of a script."""

from __future__ import annotations

import io
import tokenize
from collections.abc import Sequence

from tangle.analyse import ChunkCode, Statement
from tangle.emit.text import commented
from tangle.model import CodeLine

_STRING_PARTS = frozenset(
    getattr(tokenize, name)
    for name in ("STRING", "FSTRING_MIDDLE", "TSTRING_MIDDLE")
    if hasattr(tokenize, name)
)

_KNOWN_TO_FAIL = """\
except Exception as _error:
    print(f"{type(_error).__name__}: {_error}")
"""


def cell_body(code: ChunkCode, root: str) -> str:
    """Return a cell's text: the chunk's code, with what plain Python cannot run as comments.

    Lines that only IPython understands become comments; a chunk that is not run, or that is in
    another language, is there as comments only; a chunk that must fail stands in a `with` that
    expects it, one that is known to fail in a `try`; one that does not parse ends the script with
    a message that names its place.

    Args:
        code: the chunk.
        root: name of the generated package.
    """
    settings = code.chunk.settings
    if not settings.run or code.parsed.foreign:
        return commented(code.source)
    if why := _obstacle(code):
        return f"{commented(code.source)}raise SystemExit({why!r})\n"
    text = _plain(code) if code.parsed.examples is None else _session(code, root)
    if settings.raises is None and settings.xfail is None:
        return text
    body = _indented(text) if code.statements else "    pass\n" + _indented(text)
    if settings.raises is not None:
        body = f"with _{root}.raises({settings.raises!r}):\n{body}"
    if settings.xfail is not None:
        inner = body if settings.raises is None else _indented(body)
        body = f"try:\n{inner}{_KNOWN_TO_FAIL}"
    return body


def cell_lines(code: ChunkCode, count: int) -> Sequence[CodeLine | None]:
    """Return the line of the notes that each line of a cell's text is.

    There is none for the lines that a cell puts around a chunk, nor for an interpreter session,
    whose statements a script has in another form.

    Args:
        code: the chunk.
        count: of the lines that `cell_body` has for it.
    """
    settings = code.chunk.settings
    runs = settings.run and not code.parsed.foreign
    if runs and code.parsed.examples is not None:
        return [None] * count
    first = 0
    if runs and not code.broken:
        fails = (settings.raises is not None) + (settings.xfail is not None)
        first = fails + (fails > 0 and not code.statements)
    lines = code.chunk.lines or code.written.lines
    behind = count - first - len(lines)
    return [None] * count if behind < 0 else [*[None] * first, *lines, *[None] * behind]


def _obstacle(code: ChunkCode) -> str:
    """Why the chunk cannot be in a script, with its place; empty where it can.

    What Python says of a syntax error is left out: other versions word it differently.
    """
    problem = code.obstacle
    if problem is not None:
        unread = "this chunk does not parse"
        why = unread if code.chunk.whole else "a reference in this chunk is open"
        return f"{problem.place}: {why}; see `tangle check`"
    if code.parsed.awaits:
        here = f"{code.chunk.page}:{code.chunk.line}:1"
        return f"{here}: this chunk awaits outside a function, as only `tangle run` can"
    return ""


def _plain(code: ChunkCode) -> str:
    """The code without what a script cannot have in its middle, line by line."""
    lines = [code.plain_line(row) for row in range(1, len(code.chunk.lines) + 1)]
    for statement in code.statements:
        if statement.future:
            _take_out(statement, lines)
    return "".join(f"{line}\n" for line in lines)


def _session(code: ChunkCode, root: str) -> str:
    """The statements of a session as code, and its results and all else in it as comments.

    A statement that must fail stands in a `with` that expects it.
    """
    lines = [line.text for line in code.chunk.lines]
    rows = code.parsed.rows or ()
    texts = [
        f"{row.text}\n" if row.text else commented(f"{line}\n") if line.strip() else "\n"
        for row, line in zip(rows, lines, strict=True)
    ]
    for statement in code.statements:
        if statement.future:
            taken = "".join(texts[statement.first - 1 : statement.last])
            texts[statement.first - 1] = f"pass  # {' '.join(taken.split())}\n"
            texts[statement.first : statement.last] = [""] * (statement.last - statement.first)
    for example in code.parsed.examples or ():
        last = example.row + example.code.count("\n")
        if example.raises is not None and rows[example.row].text:
            body = _indented("".join(texts[example.row : last])).rstrip("\n")
            name = example.raises.partition("\n")[0].partition(":")[0].strip()
            texts[example.row] = f"with _{root}.raises({name!r}):\n{body}\n"
            texts[example.row + 1 : last] = [""] * (last - example.row - 1)
    return "".join(texts)


def _take_out(statement: Statement, lines: list[str]) -> None:
    """Replace a statement by `pass`; it stands at the top of the script."""
    node = statement.node
    first, last = statement.first - 1, statement.last - 1
    before = lines[first].encode()[: node.col_offset].decode()
    after = lines[last].encode()[node.end_col_offset :].decode()
    lines[first] = f"{before}pass{after}"
    for row in range(first + 1, last + 1):
        lines[row] = ""


def _indented(text: str) -> str:
    """The text four columns to the right, the inside of strings left alone."""
    inside: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type in _STRING_PARTS:
            inside.update(range(token.start[0] + 1, token.end[0] + 1))
    lines = text.split("\n")
    return "\n".join(
        line if not line or number in inside else f"    {line}"
        for number, line in enumerate(lines, start=1)
    )
