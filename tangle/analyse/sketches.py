"""Recognise sketches: chunks that do not parse, and that were not meant to run.

A chunk that parses is code, whatever names it uses. Of the others, a sketch is one that parses once
what its writer left out is filled in, or that is in another language, by its first words.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable, Sequence
from itertools import combinations
from typing import Final

from tangle.analyse.languages import other_language
from tangle.analyse.repair.lexer import bare

_HEADER: Final = re.compile(
    r"[ \t]*(?:(?:async[ \t]+)?(?:def|for|with)|class|if|elif|else|while|try|except|finally|match"
    r"|case)\b.*:[ \t]*$"
)
_CLAUSE: Final = re.compile(r"[ \t]*(?:elif|else|except|finally|case)\b")
_SIGNATURE: Final = re.compile(r"[ \t]*(?:async[ \t]+)?(?:def|class)\b")
_BARE_SIGNATURE: Final = re.compile(r"[ \t]*(?:(?:async[ \t]+)?def|class)[ \t]+\w+.*[\w)\]]$")
_CALL: Final = re.compile(r"([ \t]*)[^\W\d][\w.]*\((.*)\)([ \t]*->[^:]+)?[ \t]*$")
_PLACEHOLDER: Final = re.compile(r"<[ \t]*[^\W\d_][^<>=()\n]{0,60}>|‹[^›\n]+›|«[^»\n]+»|…")
_ELISION: Final = re.compile(
    r"([ \t]*)(?:\.\.\.|…|\[(?:\.\.\.|…)\])[ \t]*[^\s.,)\]}=:(\[+*/|&-].*$"
)
_LEFT_OUT: Final = re.compile(r"([ \t]*[^\W\d][\w.\[\]]*(?:[ \t]*:[^=]+)?[ \t]*[-+*/|&]?=)[ \t]*$")
_OUTSIDE: Final = re.compile(
    r"'(return|yield|await|break|continue)\b[^']*' (?:outside|not properly)"
)
_MOST_TOGETHER: Final = 3
_MOST_LINES: Final = 300
"""Lines of a chunk beyond which it is no sketch."""

Lines = Sequence[str]
Completion = Callable[[Lines], list[str]]


def sketch_of(code: str, error: SyntaxError) -> str:
    """Return what a chunk that does not parse is taken for, in words; empty if not for a sketch.

    Args:
        code: of the chunk.
        error: what Python says of it.
    """
    lines = code.split("\n")[:-1]
    if len(lines) > _MOST_LINES:
        return ""
    return _outside(lines, error) or other_language(lines) or _completed(lines)


def _completed(lines: Lines) -> str:
    """What was left out of code that parses once it is filled in."""
    useful = [(fill, words) for fill, words in _COMPLETIONS if fill(lines) != list(lines)]
    for count in range(1, _MOST_TOGETHER + 1):
        for chosen in combinations(useful, count):
            filled = list(lines)
            for fill, _ in chosen:
                filled = fill(filled)
            if _parses(filled):
                return chosen[0][1] if count == 1 else _several(chosen)
    return ""


def _several(chosen: Sequence[tuple[Completion, str]]) -> str:
    return ", ".join(words for _, words in chosen)


def _parses(lines: Lines) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse("\n".join(lines) + "\n")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


# --- statements outside of what they belong to ---------------------------------------------------


def _outside(lines: Lines, error: SyntaxError) -> str:
    """A `return` or a `break` of which the chunk does not show the function or the loop.

    Where the chunk shows one above it, its indentation was lost, which is an error.
    """
    match = _OUTSIDE.match(error.msg)
    if match is None:
        return ""
    word = match[1]
    inside = word in ("break", "continue")
    opener = r"[ \t]*(?:async[ \t]+)?(?:for|while)\b" if inside else r"[ \t]*(?:async[ \t]+)?def\b"
    row = (error.lineno or 1) - 1
    if any(re.match(opener, line) for line in bare(lines)[: row + 1]):
        return ""
    what = "loop" if inside else "function"
    around = "while _:" if inside else "async def _():"
    wrapped = [around, *(f"    {line}" for line in lines)]
    return f"`{word}` outside of a {what}" if _compiles(wrapped) else ""


def _compiles(lines: Lines) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile("\n".join(lines) + "\n", "<sketch>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


# --- what is filled in ----------------------------------------------------------------------------


def _bodies(lines: Lines) -> list[str]:
    """Bodies that are only a comment, or that are missing where nothing could be one."""
    masked = bare(lines)
    filled = list(lines)
    for row, code in enumerate(masked):
        if not _HEADER.match(code):
            continue
        below = next((at for at in range(row + 1, len(lines)) if masked[at].strip()), None)
        if below is None or _is_bodiless(masked, row, below, lines):
            filled[row] = f"{code.rstrip()} pass"
    return filled


def _is_bodiless(masked: Lines, row: int, below: int, lines: Lines) -> bool:
    """Whether the code below a header is none of its body."""
    own, other = _depth(masked[row]), _depth(masked[below])
    if other > own:
        return False
    if other < own or _CLAUSE.match(masked[below]):
        return True
    if any(_depth(line) > own and line.strip() for line in lines[row + 1 : below]):
        return True  # a comment stands where the body would
    both = _SIGNATURE.match(masked[row]) and _SIGNATURE.match(masked[below])
    if not both or not masked[below].rstrip().endswith(":"):
        return False
    after = next((line for line in masked[below + 1 :] if line.strip()), "")
    return not after or (_depth(after) == own and _SIGNATURE.match(after) is not None)


def _tries(lines: Lines) -> list[str]:
    """A `try` at the end of which its `except` was left out."""
    opened = [row for row, line in enumerate(bare(lines)) if re.match(r"[ \t]*try:", line)]
    if not opened:
        return list(lines)
    indent = _indent(lines[opened[-1]])
    after = bare(lines)[opened[-1] + 1 :]
    if any(line.strip() and _depth(line) <= len(indent) for line in after):
        return list(lines)
    return [*lines, f"{indent}finally: pass"]


def _decorators(lines: Lines) -> list[str]:
    """Decorators with nothing below them."""
    last = next((line for line in reversed(bare(lines)) if line.strip()), "")
    return [*lines, f"{_indent(last)}def _(): pass"] if last.lstrip()[:1] == "@" else list(lines)


def _signatures(lines: Lines) -> list[str]:
    """Signatures without their colon, and with nothing below them."""
    filled = list(lines)
    masked = bare(lines)
    for row, line in enumerate(masked):
        below = next((text for text in masked[row + 1 :] if text.strip()), "")
        if _BARE_SIGNATURE.match(line.rstrip()) and _depth(below) <= _depth(line):
            filled[row] = f"{lines[row][: len(line.rstrip())]}: pass"
    return filled


def _calls(lines: Lines) -> list[str]:
    """Signatures as a reference manual writes them: `f(x, /, *, y=None) -> int`."""
    filled = list(lines)
    for row, line in enumerate(lines):
        match = _CALL.match(line)
        if match is None or _parses([line.strip()]):
            continue
        arguments = re.sub(r"\[, *(.*?)\]", r", \1", match[2])
        arguments = re.sub(r"\.\.\.", "*_", arguments)
        filled[row] = f"{match[1]}def _({arguments}){match[3] or ''}: pass"
    return filled


def _placeholders(lines: Lines) -> list[str]:
    """Words in angle brackets that stand for what a reader would put there."""
    masked = bare(lines)
    return [
        re.sub(_PLACEHOLDER, lambda match: "_" if match[0] != "…" else "...", line)
        if _PLACEHOLDER.search(code)
        else line
        for line, code in zip(lines, masked, strict=True)
    ]


def _elisions(lines: Lines) -> list[str]:
    """Lines of words behind an ellipsis."""
    return [_ELISION.sub(r"\1pass", line) for line in lines]


def _dots(lines: Lines) -> list[str]:
    """An ellipsis among parameters, or in the place of names."""
    filled = []
    for line, code in zip(lines, bare(lines), strict=True):
        if "..." not in code and "…" not in code:
            filled.append(line)
        elif _SIGNATURE.match(code) and "(" in code:
            filled.append(re.sub(r"\.\.\.|…", "*_", line))
        elif code.lstrip().startswith(("import", "from", "for ", "with ", "lambda", "del ")):
            filled.append(re.sub(r"\.\.\.|…", "_", line))
        else:
            filled.append(re.sub(r"(?<=[{,]) *(?:\.\.\.|…) *(?=[},]|$)", " **_ ", line))
    return filled


def _values(lines: Lines) -> list[str]:
    """Values left out behind `=`."""
    return [
        re.sub(_LEFT_OUT, r"\1 _", line) if _LEFT_OUT.match(code) else line
        for line, code in zip(lines, (text.rstrip() for text in bare(lines)), strict=True)
    ]


def _clauses(lines: Lines) -> list[str]:
    """Clauses without the statement that they belong to."""
    first = next((line for line in bare(lines) if line.strip()), "")
    word = first.split(" ")[0].rstrip(":\r")
    before = {
        "elif": "if _: pass",
        "else": "if _: pass",
        "except": "try: pass",
        "finally": "try: pass",
    }
    return [before[word], *lines] if word in before else list(lines)


_COMPLETIONS: Final[tuple[tuple[Completion, str], ...]] = (
    (_bodies, "a header without a body"),
    (_signatures, "a signature without a body"),
    (_decorators, "a decorator alone"),
    (_placeholders, "placeholders"),
    (_dots, "an ellipsis in place of code"),
    (_elisions, "words behind an ellipsis"),
    (_values, "a value left out"),
    (_clauses, "a clause without its statement"),
    (_tries, "a `try` without its `except`"),
    (_calls, "a signature"),
)


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip(" \t"))]


def _depth(line: str) -> int:
    return len(_indent(line).expandtabs(8))
