"""Queries about the names in chunks: what each is borrowed from, and who uses what is saved."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from tangle.analyse import (
    Borrowed,
    ChunkCode,
    Position,
    Session,
    Statement,
    from_module,
    package_attribute,
)
from tangle.model import Place, SectionName
from tangle.notes import Core, package_name, pages, query, units

NameKind = Literal["borrowed", "package", "supplied", "saved"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkName:
    """A name in a chunk that has something to do with other sections.

    Attributes:
        kind: `borrowed` from an earlier section, an attribute of the generated `package`, an import
            that is `supplied`, or `saved` here.
        row: the line of the chunk's code, from 0.
        column: characters before it on that line, at least.
        section: where it comes from; None for what is supplied.
        place: of its statement there.
        line: what is supplied: the import.
    """

    kind: NameKind
    name: str
    row: int
    column: int
    section: SectionName | None = None
    place: Place | None = None
    line: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedUse:
    """A use of something saved: its name, the section, and the place."""

    name: str
    section: SectionName
    place: Place


@query()
def chunk_names(core: Core, place: int) -> tuple[tuple[ChunkName, ...], ...]:
    """The names of each chunk of a unit, in order."""
    session = units.session(core, place)
    finder = _Finder(core, place, session)
    return tuple(
        tuple(sorted(finder.names(at, planned.code), key=lambda found: (found.row, found.column)))
        for at, planned in enumerate(session.chunks)
    )


@query(kept=tuple[SavedUse, ...])
def saved_uses(core: Core, place: int) -> tuple[SavedUse, ...]:
    """The first use in each section of a unit of each name that another place saves."""
    if units.row(core, place) is None:
        return ()
    session = units.session(core, place)
    found: dict[tuple[str, SectionName], SavedUse] = {}
    for planned, names in zip(session.chunks, chunk_names(core, place), strict=True):
        section = planned.occurrence.section
        for entry in names:
            saved = saved_at(core, entry.name)
            if entry.kind in ("saved", "supplied") or saved is None or entry.place != saved[1]:
                continue
            at = planned.code.place_of(entry.row + 1, 0)
            use = SavedUse(name=entry.name, section=section, place=at)
            found.setdefault((entry.name, section), use)
    return tuple(found.values())


@query()
def all_saved_uses(core: Core, _: str) -> Mapping[str, tuple[SavedUse, ...]]:
    """The uses of each saved name, in reading order."""
    found: defaultdict[str, list[SavedUse]] = defaultdict(list)
    for place in range(pages.unit_count(core, "")):
        for use in saved_uses(core, place):
            found[use.name].append(use)
    return {name: tuple(uses) for name, uses in found.items()}


@query(kept=tuple[SavedUse, ...])
def uses_of(core: Core, name: str) -> tuple[SavedUse, ...]:
    """Where a saved name is used, in reading order."""
    return all_saved_uses(core, "").get(name, ())


@query(kept=dict[str, tuple[SectionName, Place]])
def saved_places(core: Core, _: str) -> dict[str, tuple[SectionName, Place]]:
    """The section and the place of the statement that saves each name: the last, if several do."""
    found = units.package(core, "").package
    return {name: (saved.section, saved.place) for saved in found.saved for name in saved.names}


@query(kept=tuple[SectionName, Place] | None)
def saved_at(core: Core, name: str) -> tuple[SectionName, Place] | None:
    """The section and the place of the statement that saves a name."""
    return saved_places(core, "").get(name)


class _Finder:
    """Finds the names of a unit's chunks, one chunk after the other."""

    def __init__(self, core: Core, place: int, session: Session) -> None:
        self._core = core
        self._place = place
        self._package = package_name(core, "")
        self._aliases = units.modules_in(core, place)
        self._lent = {
            name: entry
            for entry in session.prelude
            if entry.kind != "future"
            for name in entry.names
        }
        self._anywhere = {
            name
            for planned in session.chunks
            if planned.code.runs
            for statement in planned.code.statements
            for name in (*statement.binds, *statement.sets)
        }
        self._defined: set[str] = set()

    def names(self, at: int, code: ChunkCode) -> Iterator[ChunkName]:
        """Yield the names of a chunk; none of one whose lines are not read as they are."""
        plain = code.parsed.rows is None and code.parsed.reading is None
        for row, statement in enumerate(code.statements):
            if plain:
                yield from self._used(code, statement)
                yield from self._saved(Position(self._place, at, row), code, statement)
            if code.runs:
                self._defined.update(statement.binds, statement.sets)

    def _used(self, code: ChunkCode, statement: Statement) -> Iterator[ChunkName]:
        for use in statement.uses:
            row, column = use.line - 1, _characters(code, use.line, use.column)
            attribute = package_attribute(use, self._package, self._aliases)
            if attribute is not None:
                yield from self._of_package(attribute, row, column + len(use.name))
            known = self._anywhere if use.deferred else self._defined
            lent = self._lent.get(use.name)
            if lent is not None and use.name not in known and attribute is None:
                yield _borrowed(lent, use.name, row, column)
        for entry in statement.imports:
            if from_module(entry, self._package) and entry.attribute not in (None, "*"):
                column = _characters(code, entry.line, entry.column)
                yield from self._of_package(str(entry.attribute), entry.line - 1, column)

    def _of_package(self, name: str, row: int, column: int) -> Iterator[ChunkName]:
        found = saved_at(self._core, name)
        if found is not None:
            section, place = found
            yield ChunkName(
                kind="package", name=name, row=row, column=column, section=section, place=place
            )

    def _saved(self, at: Position, code: ChunkCode, statement: Statement) -> Iterator[ChunkName]:
        """The names that a statement saves."""
        if at not in units.saved_from(self._core, self._place):
            return
        row = statement.node.lineno
        column = _characters(code, row, statement.node.col_offset)
        for name in statement.binds:
            found = saved_at(self._core, name)
            if found is not None and found[1] == code.start(statement):
                section, place = found
                yield ChunkName(
                    kind="saved",
                    name=name,
                    row=row - 1,
                    column=column,
                    section=section,
                    place=place,
                )


def _borrowed(entry: Borrowed, name: str, row: int, column: int) -> ChunkName:
    if entry.kind == "supplied":
        return ChunkName(kind="supplied", name=name, row=row, column=column, line=entry.text)
    return ChunkName(
        kind="borrowed",
        name=name,
        row=row,
        column=column,
        section=entry.section,
        place=entry.place,
    )


def _characters(code: ChunkCode, line: int, column: int) -> int:
    """A column in characters, of one in bytes of a line (from 1)."""
    lines = code.chunk.lines
    text = lines[line - 1].text if line <= len(lines) else ""
    return len(text.encode()[:column].decode(errors="ignore"))


QUERIES = (saved_uses, uses_of, saved_places, saved_at)
"""The queries whose answers are worth keeping on disk."""
