"""Expansion of `<<name>>` and `<<((id))>>` lines inside chunks.

Chunks refer to each other as a graph; it is walked once, without recursion, so that neither a chain
of ten thousand names nor a web of many shared ones costs more than its text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NewType

from tangle.model import CodeLine, Place, Problem

_REFERENCE: Final = re.compile(r"([ \t]*)<<([^<>\n]+)>>[ \t]*")
_BLOCK: Final = re.compile(r"\(\(([0-9A-Fa-f-]{36})\)\)")

MAX_LINES: Final = 200_000
"""Lines that one chunk may have after expansion; references can double text at every step."""

ChunkKey = NewType("ChunkKey", int)
"""A chunk's index in the list that is expanded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What references can mean: chunks by `tangle.name`, and by the id of their block."""

    named: Mapping[str, Sequence[ChunkKey]]
    blocks: Mapping[str, Sequence[ChunkKey]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Expanded:
    """A chunk's lines after expansion; None where a reference in it could not be expanded."""

    lines: tuple[CodeLine, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call:
    """One line that refers to other chunks."""

    indent: str
    targets: tuple[ChunkKey, ...]


class _Unresolved(Exception):
    """A reference that means nothing, or two things."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem


def expand(
    chunks: Sequence[tuple[CodeLine, ...]], names: Names
) -> tuple[tuple[Expanded, ...], tuple[Problem, ...]]:
    """Replace every line that is only a reference by the chunks it means, at its indentation.

    Returns:
        One `Expanded` a chunk, and the problems: `unknown-chunk`, `ambiguous-chunk`,
        `reference-cycle`, `too-large`, each at the line that says it.
    """
    problems: list[Problem] = []
    calls = [_calls(lines, names, problems) for lines in chunks]
    done: dict[ChunkKey, tuple[CodeLine, ...] | None] = {}
    for key in range(len(chunks)):
        _expand_from(ChunkKey(key), chunks, calls, done, problems)
    expanded = tuple(Expanded(lines=done[ChunkKey(key)]) for key in range(len(chunks)))
    return expanded, tuple(problems)


def _calls(
    lines: Sequence[CodeLine], names: Names, problems: list[Problem]
) -> dict[int, _Call] | None:
    """The referring lines of a chunk, or None where one of them cannot be resolved."""
    calls: dict[int, _Call] = {}
    broken = False
    for number, line in enumerate(lines):
        if "<<" not in line.text or (match := _REFERENCE.fullmatch(line.text)) is None:
            continue
        try:
            calls[number] = _Call(indent=match[1], targets=_targets(match[2].strip(), line, names))
        except _Unresolved as error:
            problems.append(error.problem)
            broken = True
    return None if broken else calls


def _targets(name: str, line: CodeLine, names: Names) -> tuple[ChunkKey, ...]:
    if block := _BLOCK.fullmatch(name):
        found = names.blocks.get(block[1].lower(), ())
        if not found:
            raise _Unresolved(_problem("unknown-chunk", line, f"no block with code has the id {name}"))
        return tuple(found)
    found = names.named.get(name, ())
    if not found:
        hint = f"put `tangle.name:: {name}` on the block of the chunk that is meant"
        raise _Unresolved(_problem("unknown-chunk", line, f"no chunk is named {name!r}", hint))
    if len(found) > 1:
        hint = "give each chunk a name of its own, or refer by block id"
        message = f"{len(found)} chunks are named {name!r}"
        raise _Unresolved(_problem("ambiguous-chunk", line, message, hint))
    return tuple(found)


def _expand_from(
    start: ChunkKey,
    chunks: Sequence[tuple[CodeLine, ...]],
    calls: Sequence[dict[int, _Call] | None],
    done: dict[ChunkKey, tuple[CodeLine, ...] | None],
    problems: list[Problem],
) -> None:
    """Expand a chunk and all that it reaches, children first."""
    stack: list[tuple[ChunkKey, Iterator[tuple[int, ChunkKey]]]] = []
    path: set[ChunkKey] = set()
    cyclic: set[ChunkKey] = set()

    def enter(key: ChunkKey) -> None:
        stack.append((key, _edges(calls[key])))
        path.add(key)

    if start not in done:
        enter(start)
    while stack:
        key, edges = stack[-1]
        edge = next(edges, None)
        if edge is None:
            stack.pop()
            path.discard(key)
            done[key] = None if key in cyclic else _assemble(key, chunks, calls[key], done, problems)
            continue
        number, target = edge
        if target in path:
            problems.append(_cycle(chunks[key][number]))
            cyclic.add(key)
        elif target not in done:
            enter(target)


def _edges(calls: dict[int, _Call] | None) -> Iterator[tuple[int, ChunkKey]]:
    for number, call in (calls or {}).items():
        for target in call.targets:
            yield number, target


def _assemble(
    key: ChunkKey,
    chunks: Sequence[tuple[CodeLine, ...]],
    calls: dict[int, _Call] | None,
    done: Mapping[ChunkKey, tuple[CodeLine, ...] | None],
    problems: list[Problem],
) -> tuple[CodeLine, ...] | None:
    if calls is None:
        return None
    if not calls:
        return chunks[key]
    lines: list[CodeLine] = []
    for number, line in enumerate(chunks[key]):
        if number not in calls:
            lines.append(line)
            continue
        for target in calls[number].targets:
            inner = done[target]
            if inner is None:
                return None
            if len(lines) + len(inner) > MAX_LINES:
                problems.append(_problem("too-large", line, f"more than {MAX_LINES} lines"))
                return None
            lines.extend(_indented(entry, calls[number].indent) for entry in inner)
    return tuple(lines)


def _indented(line: CodeLine, indent: str) -> CodeLine:
    if not indent or not line.text.strip():
        return line
    place = line.place
    moved = Place(path=place.path, line=place.line, column=place.column - len(indent))
    return CodeLine(text=indent + line.text, place=moved)


def _cycle(line: CodeLine) -> Problem:
    message = f"{line.text.strip()} leads back to the chunk that it stands in"
    return _problem("reference-cycle", line, message, "take one reference out of the circle")


def _problem(code: str, line: CodeLine, message: str, hint: str | None = None) -> Problem:
    blanks = len(line.text) - len(line.text.lstrip())
    place = Place(
        path=line.place.path, line=line.place.line, column=line.place.column + blanks
    )
    return Problem(code=code, severity="error", place=place, message=message, hint=hint)
