"""The code of every unit, statement by statement."""

from __future__ import annotations

import ast
import builtins
import re
import textwrap
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping, Sequence
from functools import cached_property
from itertools import zip_longest
from typing import Final, Literal, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from tangle.analyse.calls import Effect, effects_of_calls
from tangle.analyse.kept_fences import is_result_of
from tangle.analyse.markers import Marked, marked_statements
from tangle.analyse.names import Import, Statement, Use
from tangle.analyse.source import (
    Parsed,
    Row,
    as_read,
    needs_await,
    parse_chunk,
    place_in,
    too_deep,
)
from tangle.analyse.statements import is_ellipsis, lazy_annotations, statements
from tangle.model import Chunk, CodeLine, KeptText, Occurrence, Page, PagePath, Place, Problem, Unit
from tangle.model.problems.markers import UNKNOWN_CHUNK
from tangle.model.problems.page import MOVED_CODE

GIVEN: Final = frozenset(dir(builtins)) | {
    "__annotations__",
    "__builtins__",
    "__class__",  # in methods
    "__doc__",
    "__file__",
    "__loader__",
    "__name__",
    "__package__",
    "__spec__",
    "display",
    "get_ipython",
    "exit",
    "quit",
    "In",
    "Out",
    "_",
    "__",
    "___",
    "_i",
    "_ii",
    "_iii",
    "_dh",
    "_ih",
    "_oh",
}
"""Names that a session has before its first chunk."""

_WORD: Final = r"[^\W\d]\w*"
_LOST: Final = re.compile(
    rf"^[ \t]*(?:(?:async[ \t]+)?(?:def|class)[ \t]+({_WORD})"
    rf"|({_WORD}(?:[ \t]*,[ \t]*{_WORD})*)[ \t]*=(?!=)"
    r"|(?:from[ \t]+\S+[ \t]+)?import[ \t]+(.+))",
    re.MULTILINE,
)


class Position(NamedTuple):
    """Where a statement stands: unit, chunk and statement, each by index."""

    unit: int
    chunk: int
    statement: int


class ChunkText(Struct, frozen=True, kw_only=True, weakref=True):
    """The text of a chunk read as Python; places in it are relative to its first line."""

    parsed: Parsed
    statements: tuple[Statement, ...]
    marked: Marked


TextKey = tuple[str, str | None, bool, bool]
Texts = MutableMapping[TextKey, ChunkText]
"""Texts of chunks that parse, wherever they stand: a text is read once as long as it is needed."""


class ChunkCode(Struct, frozen=True, kw_only=True):
    """A chunk that takes part in a unit, read as Python.

    Attributes:
        occurrence: where it takes part; its chunk is as it is read.
        written: the chunk as it is written.
        source: its code; as the note has it where a reference in it could not be expanded.
        text: what was read of it.
    """

    occurrence: Occurrence
    written: Chunk
    source: str
    text: ChunkText

    @property
    def parsed(self) -> Parsed:
        """Its syntax tree, or why there is none."""
        return self.text.parsed

    @property
    def statements(self) -> tuple[Statement, ...]:
        """Its statements; none where it does not parse."""
        return self.text.statements

    @property
    def marked(self) -> Marked:
        """What it saves."""
        return self.text.marked

    @property
    def chunk(self) -> Chunk:
        """The chunk itself."""
        return self.occurrence.chunk

    @property
    def obstacle(self) -> Problem | None:
        """Why it is never run nor tangled: it does not parse, or it lacks lines."""
        if self.parsed.problem is not None or self.chunk.whole:
            return self.parsed.problem
        if self.chunk.moved is not None:
            return MOVED_CODE.at(
                self.chunk.moved,
                (
                    "Logseq moved this line out of the chunk below, and the rest is a different "
                    "program"
                ),
                hint="",
            )
        return UNKNOWN_CHUNK.at(
            Place(path=self.chunk.page, line=self.chunk.line),
            "a reference in this chunk is broken; `tangle check` says which",
        )

    @property
    def broken(self) -> bool:
        """Whether it cannot be run."""
        return self.obstacle is not None

    @property
    def fragment(self) -> bool:
        """Whether it begins or ends with a bare `...`: code with something left out around it."""
        body = self.parsed.tree.body
        return bool(body) and (is_ellipsis(body[0]) or is_ellipsis(body[-1]))

    @property
    def code(self) -> str:
        """What is run of it, without the results that a session holds."""
        examples = self.parsed.examples
        if examples is None:
            return self.chunk.code
        return "".join(example.code for example in examples)

    @property
    def runs(self) -> bool:
        """Whether a session runs it."""
        return self.chunk.settings.run

    @property
    def makes_lazy(self) -> bool:
        """Whether annotations are not evaluated in the chunks after it."""
        return any(lazy_annotations(entry.node) for entry in self.statements)

    def place(self, use: Use | Import) -> Place:
        """Where a name stands in the notes."""
        return self.place_of(use.line, use.column)

    def start(self, statement: Statement) -> Place:
        """Where a statement begins in the notes, its decorators included."""
        column = statement.node.col_offset if statement.first == statement.node.lineno else 0
        return self.place_of(statement.first, column)

    def place_of(self, line: int, column: int) -> Place:
        """The place of a line (from 1) and a column (bytes, from 0)."""
        lines = self.chunk.lines
        text, margin = self._row(line) if line <= len(lines) else ("", 0)
        characters = len(text.encode()[:column].decode(errors="ignore"))
        return place_in(self.chunk, line, margin + characters)

    def _row(self, line: int) -> Row:
        """A line (from 1) as Python reads it."""
        if self.parsed.rows is None:
            return Row(text=self.chunk.lines[line - 1].text, margin=0)
        return self.parsed.rows[line - 1]

    def _line(self, line: int) -> CodeLine:
        """A line (from 1) as Python reads it, at its place."""
        found = self.chunk.lines[line - 1]
        if self.parsed.rows is None:
            return found
        text, margin = self.parsed.rows[line - 1]
        place = replace(found.place, column=found.place.column + margin)
        return CodeLine(text=text, place=place)

    def lines(self, statement: Statement) -> tuple[CodeLine, ...]:
        """The lines of a statement, or of it alone where others share its lines."""
        rows = range(statement.first, statement.last + 1)
        found = tuple(self._line(row) for row in rows)
        if statement.alone:
            return found
        source = self.chunk.code if self.parsed.rows is None else self.parsed.text
        segment = ast.get_source_segment(source, statement.node) or ""
        place = self.start(statement)
        texts = segment.split("\n")
        return tuple(
            CodeLine(text=text, place=line.place if row else place)
            for row, (text, line) in enumerate(zip(texts, found, strict=False))
        )

    def plain(self, statement: Statement) -> tuple[str, ...]:
        """The lines of a statement as plain Python can run them, magics masked."""
        lines = tuple(line.text for line in self.lines(statement))
        rows = range(statement.first, statement.last + 1)
        if not self.parsed.magics.intersection(rows):
            return lines
        return tuple(self.plain_line(row) for row in rows)

    def plain_line(self, row: int) -> str:
        """A line (from 1) as plain Python can run it, what only IPython understands beside it."""
        text = self._row(row).text
        if row not in self.parsed.magics:
            return text
        masked = self.parsed.text.split("\n")[row - 1]
        return f"{masked}  # IPython only: {text.strip()}" if masked else f"# {text.strip()}"

    def ipython_only(self, statement: Statement) -> bool:
        """Whether a statement has magics in it, or awaits where only IPython can."""
        if self.parsed.magics.intersection(range(statement.first, statement.last + 1)):
            return True
        return self.parsed.awaits and needs_await(
            ast.Module(body=[statement.node], type_ignores=[]), self.parsed.text
        )


class UnitNames(Struct, frozen=True, kw_only=True):
    """What other units ask about a unit before they look at its statements.

    Attributes:
        defines: names that it defines.
        changes: names whose things it changes in place.
        lost: names that its chunks which do not parse seem to define.
        marked: whether a `#@save` stands in it, be it in its place or not.
        module: names to which it binds the generated module.
    """

    defines: frozenset[str]
    changes: frozenset[str]
    lost: frozenset[str]
    marked: bool
    module: frozenset[str]


class UnitCode(Struct, frozen=True, kw_only=True, dict=True):
    """A unit's chunks read as Python; one that does not parse has no statements."""

    unit: Unit
    chunks: tuple[ChunkCode, ...]

    @cached_property
    def binders(self) -> Mapping[str, tuple[tuple[int, int], ...]]:
        """For each name, the statements that bind it, as chunk and statement, in order."""
        return self._index(lambda statement: self._with_calls(statement, statement.binds, "sets"))

    @cached_property
    def patches(self) -> Mapping[str, tuple[tuple[int, int], ...]]:
        """For each class or function, the statements that add a method or a variant, in order."""
        return self._index(lambda statement: (*statement.patches, *statement.extends))

    @cached_property
    def changers(self) -> Mapping[str, tuple[tuple[int, int], ...]]:
        """For each name, the statements that change in place what it means, in order."""
        return self._index(
            lambda statement: self._with_calls(statement, statement.changes, "changes")
        )

    @cached_property
    def _called(self) -> Mapping[str, Effect]:
        """For each function that has effects on names outside itself, those names."""
        return effects_of_calls([each for code in self.chunks for each in code.statements])

    def _with_calls(
        self, statement: Statement, names: tuple[str, ...], kind: Literal["sets", "changes"]
    ) -> tuple[str, ...]:
        """Names, and those that functions set, or change, which a statement calls, or may."""
        if not self._called:
            return names
        called = (
            self._called[use.name]
            for use in statement.uses
            if not use.deferred and use.name in self._called
        )
        return (*names, *(name for effect in called for name in sorted(getattr(effect, kind))))

    def _index(
        self, names: Callable[[Statement], Iterable[str]]
    ) -> Mapping[str, tuple[tuple[int, int], ...]]:
        found: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
        for at, code in enumerate(self.chunks):
            for row, statement in enumerate(code.statements):
                for name in dict.fromkeys(names(statement)):
                    found[name].append((at, row))
        return {name: tuple(positions) for name, positions in found.items()}

    @cached_property
    def stars(self) -> tuple[tuple[int, Import], ...]:
        """Each `from x import *`, with the index of its chunk."""
        return tuple(
            (at, entry)
            for at, code in enumerate(self.chunks)
            for statement in code.statements
            for entry in statement.imports
            if entry.star
        )

    @cached_property
    def naming(self) -> bool:
        """Whether a magic in it may bind names that cannot be known without running."""
        return any(code.parsed.naming for code in self.chunks)

    def names(self, module: frozenset[str]) -> UnitNames:
        """What others ask about it first; `module` are its own names of the generated module."""
        return UnitNames(
            defines=frozenset(self.binders),
            changes=frozenset(self.changers),
            lost=self.lost,
            marked=any(code.marked.saved or code.marked.misplaced for code in self.chunks),
            module=module,
        )

    @cached_property
    def lost(self) -> frozenset[str]:
        """Names that chunks which do not parse seem to define."""
        return frozenset(
            unicodedata.normalize("NFKC", name)
            for code in self.chunks
            if code.broken
            for name in names_lost(code.source)
        )


def unit_code(unit: Unit, page: Callable[[PagePath], Page], texts: Texts) -> UnitCode:
    """A unit's code.

    Args:
        unit: the unit.
        page: finds a page of its graph.
        texts: texts that were read before; those of this unit are added.
    """
    chunks: list[ChunkCode] = []
    read: dict[tuple[int, bool], ChunkCode] = {}  # a chunk may take part many times
    lazy = False
    for occurrence in unit.occurrences:
        key = (id(occurrence.chunk), lazy)
        if key in read:
            code = replace(read[key], occurrence=occurrence)
        else:
            code = read[key] = _chunk_code(occurrence, page, texts, lazy=lazy)
        lazy = lazy or code.makes_lazy
        chunks.append(code)
    return UnitCode(unit=unit, chunks=tuple(_with_kept_fences(chunks)))


def _with_kept_fences(chunks: Sequence[ChunkCode]) -> Iterator[ChunkCode]:
    """The chunks; one of literals alone that is the result of the one above it does not run."""
    awaited: int | None = None
    for code, behind in zip_longest(chunks, chunks[1:]):
        chunk, runs = code.chunk, code.chunk.line != awaited
        kept, awaited = chunk.kept, None
        if kept is not None and kept.chunk is not None:
            if runs and behind is not None and _holds_result(code, behind, kept.chunk):
                awaited = kept.chunk
            else:
                kept = None
        yield code if runs and kept is chunk.kept else _changed(code, kept, runs=runs)


def _holds_result(code: ChunkCode, behind: ChunkCode, line: int) -> bool:
    """Whether the chunk behind another is the fence on a line, and the other's kept result."""
    one, other = code.occurrence, behind.occurrence
    here = (one.page, one.section, line) == (other.page, other.section, other.chunk.line)
    plain = "#" not in other.chunk.code and other.chunk.settings.name is None
    sessions = (code.parsed.examples, behind.parsed.examples) != (None, None)
    own = other.chunk.page == other.page and other.chunk.block == other.host
    fails = code.chunk.settings.raises is not None or code.chunk.settings.xfail is not None
    return (
        (here and own and plain and not sessions and not code.broken)
        and (code.runs and not fails)
        and is_result_of(behind.parsed.tree, code.parsed.tree)
    )


def _changed(code: ChunkCode, kept: KeptText | None, *, runs: bool) -> ChunkCode:
    settings = replace(code.chunk.settings, run=runs and code.chunk.settings.run)
    chunk = replace(code.chunk, kept=kept, settings=settings)
    return replace(code, occurrence=replace(code.occurrence, chunk=chunk))


def _chunk_code(
    occurrence: Occurrence, page: Callable[[PagePath], Page], texts: Texts, *, lazy: bool
) -> ChunkCode:
    chunk = occurrence.chunk
    key = (chunk.code, chunk.settings.raises, chunk.session, lazy)
    text = texts.get(key) if chunk.whole else None
    if text is None:
        text = _chunk_text(chunk, page, lazy=lazy)
        if chunk.whole and text.parsed.problem is None and text.parsed.reading is None:
            texts[key] = text
    read = as_read(chunk, text.parsed)
    return ChunkCode(
        occurrence=replace(occurrence, chunk=read) if read is not chunk else occurrence,
        written=chunk,
        source=_source(read, page),
        text=text,
    )


def _in_file(chunk: Chunk, page: Callable[[PagePath], Page]) -> tuple[str, ...] | None:
    """A chunk's lines as the file has them; None where Logseq shows the same, or lacks some."""
    margins = {line.place.column for line in chunk.lines if line.text.strip()}
    if len(margins) < 2 or not chunk.whole or any(e.place.path != chunk.page for e in chunk.lines):
        return None
    rows = page(chunk.page).data.decode("utf-8-sig").split("\n")
    texts = [
        rows[line.place.line - 1][: line.place.column - 1] + line.text if line.text.strip() else ""
        for line in chunk.lines
    ]
    found = tuple(textwrap.dedent("\n".join(texts)).split("\n"))
    return found if found != tuple(line.text for line in chunk.lines) else None


def _source(chunk: Chunk, page: Callable[[PagePath], Page]) -> str:
    if chunk.whole:
        return chunk.code
    fences = page(chunk.page).fences
    return next((fence.code for fence in fences if fence.line == chunk.line), "")


def _chunk_text(chunk: Chunk, page: Callable[[PagePath], Page], *, lazy: bool) -> ChunkText:
    parsed = parse_chunk(chunk, lambda: _in_file(chunk, page))
    found: tuple[Statement, ...] = ()
    try:
        found = statements(parsed.tree, lazy=lazy)
    except RecursionError:
        nothing = ast.Module(body=[], type_ignores=[])
        parsed = replace(parsed, tree=nothing, problem=too_deep(chunk))
    return ChunkText(parsed=parsed, statements=found, marked=marked_statements(parsed, found))


def names_lost(text: str) -> Iterator[str]:
    """Names that a text which does not parse seems to define."""
    for match in _LOST.finditer(text):
        if match[1]:
            yield match[1]
        elif match[2]:
            yield from re.split(r"[ \t]*,[ \t]*", match[2])
        else:
            yield from (part.split()[-1] for part in match[3].split(",") if part.split())
