"""A chunk's code to a syntax tree, IPython's own lines masked; what cannot parse is a problem."""

from __future__ import annotations

import ast
import re
import warnings
from dataclasses import dataclass
from typing import Final

from tangle.model import Chunk, CodeLine, Place, Problem

_MAGIC: Final = re.compile(r"\s*([%!?]|[^#'\"]*\?\s*$)")
_ASSIGNED: Final = re.compile(r"(\s*[\w.\[\], ]+=\s*)[%!]")
_PYTHON_CELL_MAGICS: Final = frozenset({"time", "timeit", "capture", "prun", "python", "python3"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """A chunk's code as Python sees it.

    Attributes:
        tree: the syntax tree; empty where the chunk is in another language (`%%bash`).
        text: the code that the tree was made of, line by line that of the chunk.
        magics: lines (from 1) that only IPython understands.
        foreign: whether the whole chunk is a cell magic in another language.
        problem: why there is no tree.
    """

    tree: ast.Module
    text: str
    magics: frozenset[int] = frozenset()
    foreign: bool = False
    problem: Problem | None = None


def parse_chunk(chunk: Chunk) -> Parsed:
    """Parse a chunk's code; magics and shell lines of IPython count as `pass`."""
    code = chunk.code
    if cell_magic := re.match(r"\s*%%(\w+)", code):
        if cell_magic[1] not in _PYTHON_CELL_MAGICS:
            return Parsed(tree=_nothing(), text="", foreign=True)
        masked, magics = _masked(code)
        return _parse(chunk, masked, magics)
    plain = _parse(chunk, code, frozenset())
    if plain.problem is None:
        return plain
    masked, magics = _masked(code)
    return _parse(chunk, masked, magics) if magics else plain


def _nothing() -> ast.Module:
    return ast.Module(body=[], type_ignores=[])


def _parse(chunk: Chunk, text: str, magics: frozenset[int]) -> Parsed:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except SyntaxError as error:
        problem = _syntax_problem(chunk, error)
    except ValueError as error:  # a null byte
        problem = _problem(chunk, 1, 1, str(error))
    except (RecursionError, MemoryError):
        problem = _problem(chunk, 1, 1, "this code is nested too deeply to be read")
    else:
        return Parsed(tree=tree, text=text, magics=magics)
    return Parsed(tree=_nothing(), text=text, magics=magics, problem=problem)


def _masked(code: str) -> tuple[str, frozenset[int]]:
    lines = code.split("\n")
    magics: set[int] = set()
    for row, line in enumerate(lines):
        if assigned := _ASSIGNED.match(line):
            lines[row] = assigned[1] + "None"
        elif _MAGIC.match(line):
            lines[row] = line[: len(line) - len(line.lstrip())] + "pass"
        else:
            continue
        magics.add(row + 1)
    return "\n".join(lines), frozenset(magics)


def place_in(chunk: Chunk, line: int, column: int) -> Place:
    """Where a line (from 1) and a column (characters, from 0) of a chunk's code stand."""
    if not chunk.lines:
        return Place(path=chunk.page, line=chunk.line)
    origin = chunk.lines[min(max(line, 1), len(chunk.lines)) - 1]
    return _moved(origin, column)


def _moved(origin: CodeLine, column: int) -> Place:
    moved = max(origin.place.column + column, 1)
    return Place(path=origin.place.path, line=origin.place.line, column=moved)


def _syntax_problem(chunk: Chunk, error: SyntaxError) -> Problem:
    return _problem(chunk, error.lineno or 1, error.offset or 1, error.msg)


def _problem(chunk: Chunk, line: int, offset: int, message: str) -> Problem:
    return Problem(
        code="syntax-error",
        severity="error",
        place=place_in(chunk, line, max(offset - 1, 0)),
        message=f"this chunk does not parse: {message}",
        hint="mend the line in the note; the rest of the section is tangled without this chunk",
    )
