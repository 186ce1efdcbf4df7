"""Read interpreter sessions as `doctest` does, and tell them from other code with prompts.

Nothing of a result is ever run: it is compared with what the statement above it shows.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Sequence
from doctest import REPORTING_FLAGS, SKIP, DocTestParser
from doctest import Example as DocExample
from itertools import pairwise
from typing import Final

from tangle.analyse.marked_results import with_results_as_comments
from tangle.analyse.repair.lexer import bare
from tangle.analyse.source import TOO_DEEP, Parsed, Row, readable, refused_session
from tangle.analyse.transcripts import NOT_FOR_ANALYSIS, UNREADABLE, read_transcript
from tangle.analyse.transcripts import PROMPT as IPYTHON_PROMPT
from tangle.model import Chunk, Example

_PROMPT: Final = re.compile(r">>> ?")
_WIDTH: Final = 4
"""Columns that a prompt takes."""
_TIGHT: Final = re.compile(r">>>(?=[^\s>])")
_LINE: Final = re.compile(r"line ([0-9]+) of the docstring for \S+ (.*)", re.DOTALL)
_WITHOUT_HEADER: Final = re.compile(r"  File \".*\n((?:\w+\.)*\w+(?:: .*)?)\Z", re.DOTALL)
"""What the interpreter says of a syntax error: a traceback without its first line."""
_GO_ON: Final = "put `... ` in front of each line that goes on with a statement"


def read_session(chunk: Chunk) -> Parsed | tuple[str, ...] | None:
    """Return how a chunk with prompts is read.

    Args:
        chunk: of a language of sessions, or with prompts.

    Returns:
        An interpreter session; or the lines of a program whose prompts mark results, which are
        comments then; or None if there is no prompt outside of a string.
    """
    lines = [line.text for line in chunk.lines]
    outside = bare(lines)
    prompts = [row for row, line in enumerate(outside) if _PROMPT.match(line)]
    others = [row for row, line in enumerate(outside) if IPYTHON_PROMPT.match(line)]
    if others and others[0] < min(prompts, default=len(lines)):
        return read_transcript(chunk, others)
    if not chunk.session:
        if not prompts or readable(chunk.code) is not None:
            return None
        marked = with_results_as_comments(lines, prompts)
        if marked is not None:
            return marked
    return _Session(chunk, lines).parsed()


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
            if example.raises is not None and example.raises.startswith(UNREADABLE):
                return None
            row = example.row + (getattr(error, "lineno", 1) or 1)
            column = (getattr(error, "offset", 1) or 1) - 1 + found.indent + _WIDTH
            said = getattr(error, "msg", str(error))
            hint = _GO_ON if isinstance(error, IndentationError) else ""
            return refused_session(self._chunk, row, column, said, hint)
        except (RecursionError, MemoryError):
            return refused_session(self._chunk, example.row + 1, 0, TOO_DEEP)
        if example.raises is None or not example.raises.startswith(NOT_FOR_ANALYSIS):
            for row, line in enumerate(example.code.split("\n")[:-1], start=example.row):
                tight = _TIGHT.match(self._lines[row]) is not None
                self._rows[row] = Row(text=line, margin=found.indent + _WIDTH - tight)
        return None

    def _refused(self, error: ValueError) -> Parsed:
        match = _LINE.match(str(error))
        row, said = (int(match[1]), match[2]) if match else (1, str(error))
        return refused_session(self._chunk, row, 0, said)

    def _mixed(self, before: str) -> Parsed:
        row = next((at for at, line in enumerate(before.split("\n")) if line.strip()), 0)
        hint = "put `>>> ` in front of this code too, or take it away from the rest"
        message = "a session has code without a prompt"
        return refused_session(self._chunk, row + 1, 0, message, hint)


def _spaced(line: str) -> str:
    """A line with the blank behind its prompt that was left out, where the rest is code."""
    match = _TIGHT.match(line)
    if match is None:
        return line
    code = line[match.end() :]
    begins = code.rstrip().endswith((":", "(", "[", "{", "\\", ",")) or code[0] == "@"
    return f">>> {code}" if begins or readable(f"{code}\n") is not None else line


def _is_code(text: str) -> bool:
    """Whether a text is code that does something: words that happen to parse are none."""
    tree = readable(text)
    return tree is not None and any(
        not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Name | ast.Constant))
        for node in tree.body
    )
