"""Expand `<<name>>` and `<<((id))>>` lines inside chunks.

Chunks refer to each other as a graph; it is walked once, without recursion, so that neither a chain
of ten thousand names nor a web of many shared ones costs more than its text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Final, NewType

from msgspec import Struct

from tangle.model import CodeLine, Place, Problem, ProblemKind, Uuid
from tangle.model.problems.markers import AMBIGUOUS_CHUNK, REFERENCE_CYCLE, TOO_LARGE, UNKNOWN_CHUNK
from tangle.near_names import nearest, question

_REFERENCE: Final = re.compile(r"([ \t]*)<<([^<>\n]+)>>[ \t]*")
_BLOCK: Final = re.compile(r"\(\(([0-9A-Fa-f-]{36})\)\)")

MAX_CHARACTERS: Final = 1_000_000
"""Characters that one chunk may have after expansion; references can double text at every step."""

MAX_TOTAL: Final = 8_000_000
"""Characters that all chunks with references may have together after expansion."""


def references_in(code: str) -> Iterator[str]:
    """Yield the names and ids of reference lines in code; ids in lower case."""
    if "<<" in code:
        for match in map(_REFERENCE.fullmatch, code.split("\n")):
            if match is not None:
                name = match[2].strip()
                block = _BLOCK.fullmatch(name)
                yield f"(({block[1].lower()}))" if block else name


ChunkKey = NewType("ChunkKey", int)
"""A chunk's index in the list that is expanded."""

Lines = tuple[CodeLine, ...]


def _nothing_known(_: Uuid) -> str:
    return ""


class Names(Struct, frozen=True, kw_only=True):
    """The chunks that references can name, by `tangle.name` and by block id.

    Attributes:
        named: for each name the blocks that bear it, each as its chunks.
        about: what is known of an id that is none of `blocks`, as a hint; empty for nothing.
    """

    named: Mapping[str, Sequence[Sequence[ChunkKey]]]
    blocks: Mapping[str, Sequence[ChunkKey]]
    about: Callable[[Uuid], str] = _nothing_known


class _Call(Struct, frozen=True, kw_only=True):
    """One line that refers to other chunks."""

    indent: str
    targets: tuple[ChunkKey, ...]


class _Unresolved(Exception):
    """A reference without target, or with two."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem


def expand(
    chunks: Sequence[Lines], names: Names, broken: AbstractSet[ChunkKey] = frozenset()
) -> tuple[tuple[Lines | None, ...], tuple[Problem, ...]]:
    """Replace every reference line by the chunks that it names, at its indentation.

    Args:
        chunks: the lines of every chunk.
        names: what references can mean.
        broken: chunks that lack lines, so that no reference to them can be expanded.

    Returns:
        The lines of each chunk, None where a reference in it could not be expanded, and the
        problems: `unknown-chunk`, `ambiguous-chunk`, `reference-cycle`, `too-large`, each at the
        line that says it.
    """
    expansion = _Expansion(chunks, names, broken)
    found = tuple(expansion.lines(ChunkKey(key)) for key in range(len(chunks)))
    return found, tuple(expansion.problems)


class _Expansion:
    """One walk over all chunks, which keeps what was expanded for the next reference."""

    def __init__(
        self, chunks: Sequence[Lines], names: Names, broken: AbstractSet[ChunkKey]
    ) -> None:
        self.problems: list[Problem] = []
        self._chunks = chunks
        self._calls = [
            None if key in broken else self._calls_in(lines, names)
            for key, lines in enumerate(chunks)
        ]
        self._done: dict[ChunkKey, Lines | None] = {}
        self._sizes: dict[ChunkKey, int] = {}
        self._left = MAX_TOTAL

    def lines(self, key: ChunkKey) -> Lines | None:
        """The lines of a chunk after expansion."""
        if key not in self._done:
            self._walk(key)
        return self._done[key]

    def _calls_in(self, lines: Lines, names: Names) -> dict[int, _Call] | None:
        """The referring lines of a chunk, or None where one of them cannot be resolved."""
        calls: dict[int, _Call] = {}
        broken = False
        for number, line in enumerate(lines):
            if "<<" not in line.text or (match := _REFERENCE.fullmatch(line.text)) is None:
                continue
            try:
                targets = _targets(match[2].strip(), line, names)
                calls[number] = _Call(indent=match[1], targets=targets)
            except _Unresolved as error:
                self.problems.append(error.problem)
                broken = True
        return None if broken else calls

    def _walk(self, start: ChunkKey) -> None:
        """Expand a chunk and all that it reaches, children first."""
        stack = [(start, self._edges(start))]
        path = {start}
        cyclic: set[ChunkKey] = set()
        while stack:
            key, edges = stack[-1]
            edge = next(edges, None)
            if edge is None:
                stack.pop()
                path.discard(key)
                self._done[key] = None if key in cyclic else self._assemble(key)
                continue
            number, target = edge
            if target in path:
                self.problems.append(_cycle(self._chunks[key][number]))
                cyclic.add(key)
            elif target not in self._done:
                stack.append((target, self._edges(target)))
                path.add(target)

    def _edges(self, key: ChunkKey) -> Iterator[tuple[int, ChunkKey]]:
        for number, call in (self._calls[key] or {}).items():
            for target in call.targets:
                yield number, target

    def _assemble(self, key: ChunkKey) -> Lines | None:
        calls = self._calls[key]
        if calls is None or any(self._done[target] is None for _, target in self._edges(key)):
            return None
        if not calls:
            return self._chunks[key]
        if not self._fits(key, calls):
            return None
        lines: list[CodeLine] = []
        for number, line in enumerate(self._chunks[key]):
            if number not in calls:
                lines.append(line)
                continue
            for target in calls[number].targets:
                inner = self._done[target] or ()
                lines.extend(_indented(entry, calls[number].indent) for entry in inner)
        return tuple(lines)

    def _fits(self, key: ChunkKey, calls: Mapping[int, _Call]) -> bool:
        """Whether a chunk is not too large once expanded; reckoned before any text is made."""
        size = _size(line for at, line in enumerate(self._chunks[key]) if at not in calls)
        limit = min(MAX_CHARACTERS, self._left)
        for number, call in calls.items():
            for target in call.targets:
                inner = self._done[target] or ()
                own = self._sizes.setdefault(target, _size(inner))
                size += own + len(call.indent) * len(inner)
            if size > limit:
                self.problems.append(_too_large(self._chunks[key][number]))
                return False
        self._sizes[key] = size
        self._left -= size
        return True


def _size(lines: Iterator[CodeLine] | Lines) -> int:
    return sum(len(line.text) + 1 for line in lines)


def _targets(name: str, line: CodeLine, names: Names) -> tuple[ChunkKey, ...]:
    if block := _BLOCK.fullmatch(name):
        found = names.blocks.get(block[1].lower(), ())
        if not found:
            message = f"no block with code has the id {block[1]}"
            again = "copy the reference again from the block that holds the code"
            hint = names.about(Uuid(block[1].lower())) or again
            raise _Unresolved(_problem(UNKNOWN_CHUNK, line, message, hint))
        return tuple(found)
    blocks = names.named.get(name, ())
    if not blocks:
        asked = question([f"<<{near}>>" for near in nearest(name, names.named)], quoted=False)
        hint = asked or f"put `tangle.name:: {name}` on the block of the chunk that is meant"
        raise _Unresolved(_problem(UNKNOWN_CHUNK, line, f"no chunk is named {name!r}", hint))
    if len(blocks) > 1:
        message = f"{len(blocks)} blocks are named {name!r}"
        raise _Unresolved(_problem(AMBIGUOUS_CHUNK, line, message))
    return tuple(blocks[0])


def _indented(line: CodeLine, indent: str) -> CodeLine:
    if not indent or not line.text.strip():
        return line
    place = line.place
    moved = Place(path=place.path, line=place.line, column=place.column - len(indent))
    return CodeLine(text=indent + line.text, place=moved)


def _cycle(line: CodeLine) -> Problem:
    message = f"{line.text.strip()} leads back to its own chunk"
    return _problem(REFERENCE_CYCLE, line, message)


def _too_large(line: CodeLine) -> Problem:
    message = f"with {line.text.strip()} the expanded code comes to more than can be tangled"
    hint = f"at most {MAX_CHARACTERS} characters a chunk, and {MAX_TOTAL} in all"
    return _problem(TOO_LARGE, line, message, hint)


def _problem(kind: ProblemKind, line: CodeLine, message: str, hint: str | None = None) -> Problem:
    blanks = len(line.text) - len(line.text.lstrip())
    place = Place(path=line.place.path, line=line.place.line, column=line.place.column + blanks)
    return kind.at(place, message, hint=hint)
