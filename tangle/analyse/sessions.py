"""Read interpreter sessions, and code with results below it, as `doctest` does.

Nothing of a result is ever run: it is compared with what the statement above it shows.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator, Sequence
from doctest import NORMALIZE_WHITESPACE, REPORTING_FLAGS, SKIP, DocTestParser
from doctest import Example as DocExample
from itertools import pairwise
from typing import Final

from msgspec import Struct

from tangle.analyse.repair.lexer import bare
from tangle.analyse.source import Parsed, Row, nothing, problem_at, readable
from tangle.analyse.statements import statements
from tangle.model import Chunk, Example

_PROMPT: Final = re.compile(r">>> ?")
_WIDTH: Final = 4
"""Columns that a prompt takes."""
_TIGHT: Final = re.compile(r">>>(?=[^\s>])")
_LINE: Final = re.compile(r"line ([0-9]+) of the docstring for \S+ (.*)", re.DOTALL)
_WITHOUT_HEADER: Final = re.compile(r"  File \".*\n((?:\w+\.)*\w+(?:: .*)?)\Z", re.DOTALL)
"""What the interpreter says of a syntax error: a traceback without its first line."""
_UNREADABLE: Final = ("SyntaxError", "IndentationError", "TabError")
_NOT_FOR_ANALYSIS: Final = (*_UNREADABLE, "NameError")
_LONGEST_RESULT: Final = 50
"""Lines that one kept result may go over."""


def read_session(chunk: Chunk) -> Parsed | None:
    """Read a chunk as an interpreter session or code with results; None if it is a program."""
    lines = [line.text for line in chunk.lines]
    prompts = [row for row, line in enumerate(bare(lines)) if _PROMPT.match(line)]
    if not chunk.session:
        if not prompts or readable(chunk.code) is not None:
            return None
        kept = _with_results(lines, prompts)
        if kept is not None:
            return kept
    return _Session(chunk, lines).parsed()


# --- sessions -------------------------------------------------------------------------------------


class _Session:
    """Reads one session."""

    def __init__(self, chunk: Chunk, lines: Sequence[str]) -> None:
        self._chunk = chunk
        self._lines = lines
        self._rows: list[Row] = [Row(text="", margin=0)] * len(lines)

    def parsed(self) -> Parsed:
        """What can be known of it."""
        text = "".join(f"{line}\n" for line in map(_spaced, self._lines))
        try:
            pieces = DocTestParser().parse(text, "session")
        except ValueError as error:
            return self._refused(error)
        found = [piece for piece in pieces if isinstance(piece, DocExample)]
        before = pieces[0] if isinstance(pieces[0], str) else ""
        if _is_code(before):
            return self._mixed(before)
        wanted = [example for example in found if not example.options.get(SKIP)]
        starts = [example.lineno for example in found] + [len(self._lines)]
        ends = dict(pairwise(starts))
        examples = []
        for each in wanted:
            example = self._example(each, ends[each.lineno])
            failed = self._unreadable(each, example)
            if failed is not None:
                return failed
            examples.append(example)
        shown = "".join(f"{row.text}\n" for row in self._rows)
        return Parsed(
            tree=ast.parse(shown), text=shown, rows=tuple(self._rows), examples=tuple(examples)
        )

    def _example(self, found: DocExample, end: int) -> Example:
        height = found.source.count("\n")
        below = found.lineno + height
        raises = found.exc_msg
        if raises is None and (match := _WITHOUT_HEADER.match(found.want.rstrip("\n"))):
            raises = f"{match[1]}\n"
        return Example(
            row=found.lineno,
            code=found.source,
            single=True,
            want=found.want or None,
            want_row=below if found.want else found.lineno,
            rest="".join(f"{line}\n" for line in self._lines[below:end]),
            raises=raises,
            flags=sum(
                flag for flag, on in found.options.items() if on and not flag & REPORTING_FLAGS
            ),
        )

    def _unreadable(self, found: DocExample, example: Example) -> Parsed | None:
        """The chunk where Python cannot read a statement and is not expected to; else None."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                compile(example.code, "<example>", "single", dont_inherit=True)
        except (SyntaxError, ValueError) as error:
            if example.raises is not None and example.raises.startswith(_UNREADABLE):
                return None
            row = example.row + (getattr(error, "lineno", 1) or 1)
            column = (getattr(error, "offset", 1) or 1) - 1 + found.indent + _WIDTH
            return _refused(self._chunk, row, column, getattr(error, "msg", str(error)))
        if example.raises is None or not example.raises.startswith(_NOT_FOR_ANALYSIS):
            for row, line in enumerate(example.code.split("\n")[:-1], start=example.row):
                tight = _TIGHT.match(self._lines[row]) is not None
                self._rows[row] = Row(text=line, margin=found.indent + _WIDTH - tight)
        return None

    def _refused(self, error: ValueError) -> Parsed:
        match = _LINE.match(str(error))
        row, said = (int(match[1]), match[2]) if match else (1, str(error))
        return _refused(self._chunk, row, 0, said)

    def _mixed(self, before: str) -> Parsed:
        row = next((at for at, line in enumerate(before.split("\n")) if line.strip()), 0)
        hint = "put `>>> ` in front of this code too, or take it away from the rest"
        return _refused(self._chunk, row + 1, 0, "a session has code without a prompt", hint)


def _spaced(line: str) -> str:
    """A line with the blank behind its prompt that was left out, where the rest is code."""
    match = _TIGHT.match(line)
    if match is None:
        return line
    code = line[match.end() :]
    begins = code.rstrip().endswith((":", "(", "[", "{", "\\", ",")) or code[0] == "@"
    return f">>> {code}" if begins or _plain(f"{code}\n") is not None else line


def _refused(chunk: Chunk, row: int, column: int, message: str, hint: str = "") -> Parsed:
    hint = hint or "correct this line of the session; nothing of the chunk is run until then"
    return Parsed(tree=nothing(), text="", problem=problem_at(chunk, row, column, message, hint))


def _is_code(text: str) -> bool:
    """Whether a text is code that does something: words that happen to parse are none."""
    tree = readable(text)
    return tree is not None and any(
        not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Name | ast.Constant))
        for node in tree.body
    )


# --- results kept by hand -------------------------------------------------------------------------


class _Result(Struct, frozen=True, kw_only=True):
    """A result in a chunk: the rows from `start` up to `end`."""

    start: int
    end: int
    text: str


def _with_results(lines: Sequence[str], prompts: Sequence[int]) -> Parsed | None:
    """Code whose prompts mark what the code above them shows; None where they mark code."""
    rows = [Row(text=line, margin=0) for line in lines]
    results: list[_Result] = []
    for row in prompts:
        if results and row < results[-1].end:
            continue
        result = _result(lines, row)
        if result is None:
            return None
        rows[row : result.end] = [Row(text="", margin=0)] * (result.end - row)
        results.append(result)
    text = "".join(f"{row.text}\n" for row in rows)
    tree = _plain(text)
    if tree is None or not _are_results(results, tree):
        return None
    examples = tuple(_examples(rows, results))
    if any(example.want is not None and not _plain_body(example.code) for example in examples):
        return None
    return Parsed(tree=tree, text=text, rows=tuple(rows), examples=examples)


def _result(lines: Sequence[str], row: int) -> _Result | None:
    """The result that begins on a line, if what stands there is one."""
    text = shown = _PROMPT.sub("", lines[row], count=1)
    for end in range(row + 1, min(row + _LONGEST_RESULT, len(lines)) + 1):
        if end > row + 1:
            if _PROMPT.match(lines[end - 1]) or lines[end - 1].startswith("..."):
                break
            text += f"\n{lines[end - 1]}"
        if _is_literal(text):
            return _Result(start=row, end=end, text=f"{text}\n")
    text = shown
    followed = row + 1 < len(lines) and lines[row + 1].startswith("...")
    words = _plain(text) is None and not text.rstrip().endswith((":", "\\", "(", "[", "{"))
    if text.strip().isidentifier() or (words and not followed):
        return _Result(start=row, end=row + 1, text=f"{text}\n")
    return None


def _are_results(results: Sequence[_Result], tree: ast.Module) -> bool:
    """Whether code stands above the first, and none is a name that the code binds."""
    bound = {name for node in statements(tree) for name in node.binds}
    above = any(node.lineno <= results[0].start for node in tree.body)
    return above and all(each.text.strip() not in bound for each in results)


def _examples(rows: Sequence[Row], results: Sequence[_Result]) -> Iterator[Example]:
    """The code above each result, results that stand together as one; then what is left."""
    start, at = 0, 0
    while at < len(results):
        first, text = results[at], results[at].text
        while at + 1 < len(results) and results[at + 1].start == results[at].end:
            at += 1
            text += results[at].text
        code = "".join(f"{row.text}\n" for row in rows[start : first.start])
        yield Example(
            row=start,
            code=code,
            single=False,
            want=text,
            want_row=first.start,
            flags=NORMALIZE_WHITESPACE,
        )
        start = results[at].end
        at += 1
    code = "".join(f"{row.text}\n" for row in rows[start:])
    if code.strip():
        yield Example(row=start, code=code, single=False, want=None, want_row=start)


def _plain_body(code: str) -> bool:
    tree = _plain(code)
    return tree is not None and bool(tree.body)


def _plain(code: str) -> ast.Module | None:
    """The tree of plain Python; None for anything else."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(code, "<chunk>", "exec", dont_inherit=True)
            return ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _is_literal(text: str) -> bool:
    try:
        ast.literal_eval(text)
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError):
        return False
    return True
