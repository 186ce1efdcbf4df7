"""Read transcripts of IPython (`In [1]: x`, `Out[1]: 3`) as interpreter sessions.

Source: IPython.terminal.prompts, and the prompts `   ...:` and `   ....:` of older versions.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from doctest import ELLIPSIS, NORMALIZE_WHITESPACE
from itertools import pairwise
from typing import Final

from msgspec import Struct

from tangle.analyse.magics import Masked, masked
from tangle.analyse.source import (
    TOO_DEEP,
    Parsed,
    Row,
    needs_await,
    nothing,
    readable,
    refused_session,
)
from tangle.model import Chunk, Example

PROMPT: Final = re.compile(r"[ \t]*In ?\[[0-9 *]*\]:(?: |$|(?=\S))")
_MORE: Final = re.compile(r"[ \t]*\.{3,}:(?: |$)")
_OUT: Final = re.compile(r"[ \t]*Out ?\[[0-9 ]*\]:(?: |$|(?=\S))")
_TRACEBACK: Final = re.compile(
    r"(?:([A-Za-z_][\w.]*)\s+)?Traceback \(most recent call last\)"
    r"|\s*(?:File|Cell|Input)\b.*\bline \d+"
)
_ERROR: Final = re.compile(r"[A-Za-z_][\w.]*(?:Error|Exception|Warning|Interrupt|Exit)(?::|$)")
UNREADABLE: Final = ("SyntaxError", "IndentationError", "TabError")
"""What code raises that Python cannot read."""
NOT_FOR_ANALYSIS: Final = (*UNREADABLE, "NameError")
"""What code is expected to raise of whose names nothing is known."""
_ANYTHING: Final = "...\n"
"""The expected output of a magic or a command: what it shows depends on time and machine."""


class _Input(Struct, frozen=True, kw_only=True):
    """What follows one prompt.

    Attributes:
        row: its first line of code, by the row of the chunk.
        code: the lines of code.
        margins: the columns before each of them.
        below: the row behind the code.
        end: the row of the next prompt.
    """

    row: int
    code: tuple[str, ...]
    margins: tuple[int, ...]
    below: int
    end: int


def read_transcript(chunk: Chunk, prompts: Sequence[int]) -> Parsed:
    """Read a chunk as a transcript of IPython.

    Args:
        chunk: with prompts.
        prompts: the rows of its input prompts.
    """
    lines = [line.text for line in chunk.lines]
    rows = [Row(text="", margin=0)] * len(lines)
    examples: list[Example] = []
    magics: set[int] = set()
    naming = False
    for start, end in pairwise([*prompts, len(lines)]):
        entered = _input(lines, start, end)
        if not any(line.strip() for line in entered.code):
            continue
        code = masked("".join(f"{line}\n" for line in entered.code))
        example = _example(lines, entered, code)
        found = _known(example, code)
        if found is None:
            line, said = _fault(example)
            return refused_session(chunk, line, 0, said)
        for at, text in enumerate(found):
            rows[entered.row + at] = Row(text=text, margin=entered.margins[at])
        examples.append(example)
        magics.update(entered.row + line for line in code.lines)
        naming = naming or code.naming
    if _is_code(lines[: prompts[0]]):
        hint = "put a prompt in front of the code above too, or take it away from the rest"
        message = "a session has code without a prompt"
        return refused_session(chunk, prompts[0] + 1, 0, message, hint)
    text = "".join(f"{row.text}\n" for row in rows)
    tree = readable(text) or nothing()
    return Parsed(
        tree=tree,
        text=text,
        rows=tuple(rows),
        examples=tuple(examples),
        magics=frozenset(magics),
        naming=naming,
        awaits=needs_await(tree, text),
    )


def _is_code(lines: Sequence[str]) -> bool:
    """Whether lines above the first prompt are code: IPython's own heading is not."""
    tree = readable("".join(f"{line}\n" for line in lines))
    return tree is not None and bool(tree.body)


def _input(lines: Sequence[str], start: int, end: int) -> _Input:
    """The code behind a prompt; below it if nothing follows it, as notebooks are copied."""
    prompt = PROMPT.match(lines[start])
    assert prompt is not None
    code, margins = [lines[start][prompt.end() :]], [prompt.end()]
    row = start + 1
    while row < end and (more := _MORE.match(lines[row])) is not None:
        code.append(lines[row][more.end() :])
        margins.append(more.end())
        row += 1
    if not any(line.strip() for line in code):
        start, code = row, []
        while row < end and not _OUT.match(lines[row]):
            code.append(lines[row])
            row += 1
        margins = [0] * len(code)
    return _Input(row=start, code=tuple(code), margins=tuple(margins), below=row, end=end)


def _example(lines: Sequence[str], entered: _Input, code: Masked) -> Example:
    """What runs, and what it must show."""
    result = list(lines[entered.below : entered.end])
    first = next((at for at, line in enumerate(result) if line.strip()), 0)
    shown = [line for line in map(_without_prompt, result) if line is not None]
    want = "".join(f"{line}\n" for line in shown).strip("\n")
    flags = NORMALIZE_WHITESPACE
    if want and (code.lines or code.foreign):
        want, flags = _ANYTHING, flags | ELLIPSIS
    return Example(
        row=entered.row,
        code="".join(f"{line}\n" for line in entered.code),
        single=False,
        want=f"{want.rstrip()}\n" if want.strip() else None,
        want_row=entered.below + first if want.strip() else entered.row,
        raises=_raised(result),
        flags=flags,
    )


def _without_prompt(line: str) -> str | None:
    """A line of output without `Out[1]:`; None if nothing else is there."""
    prompt = _OUT.match(line)
    if prompt is None:
        return line
    return line[prompt.end() :] or None


def _raised(result: Sequence[str]) -> str | None:
    """What the traceback in a result ends with; None without one."""
    heads = [head for head in map(_TRACEBACK.match, result) if head is not None]
    if not heads:
        return None
    name = next((head[1] for head in heads if head[1]), None)
    pattern = _ERROR if name is None else re.compile(rf"{re.escape(name)}(?::|$)")
    ends = [at for at, line in enumerate(result) if pattern.match(line)]
    if not ends:
        return None
    return "".join(f"{line}\n" for line in result[ends[-1] :]).rstrip() + "\n"


def _known(example: Example, code: Masked) -> tuple[str, ...] | None:
    """The lines of an input as analysis reads them; None if Python cannot read it.

    Nothing is known of code that is expected to fail for its names or its syntax.
    """
    if code.foreign or (example.raises or "").startswith(NOT_FOR_ANALYSIS):
        return ()
    if readable(code.text) is None:
        return None
    return tuple(code.text.split("\n")[: example.code.count("\n")])


def _fault(example: Example) -> tuple[int, str]:
    """The line (from 1) that Python cannot read, and what it says of it."""
    try:
        ast.parse(masked(example.code).text)
    except SyntaxError as error:
        return example.row + (error.lineno or 1), error.msg
    except (RecursionError, MemoryError):
        return example.row + 1, TOO_DEEP
    return example.row + 1, "it does not compile"
