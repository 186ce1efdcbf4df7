"""The Python names of the notes: what each means, and where it occurs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from tangle.analyse import (
    Borrowed,
    ChunkCode,
    Import,
    NamePlace,
    Position,
    Statement,
    from_module,
    name_places,
    names_module,
)
from tangle.lsp.session import text_of
from tangle.model import PagePath
from tangle.notes import Core, package_name, pages, query, units


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A name where it occurs in a page.

    Attributes:
        unit: the unit whose code it is, by its place in reading order.
        chunk: the chunk, by its place in the unit.
        start, end: in the page, in characters.
    """

    found: NamePlace
    unit: int
    chunk: int
    start: int
    end: int

    @property
    def path(self) -> PagePath:
        """The page."""
        return self.found.place.path

    @property
    def position(self) -> Position:
        """The statement."""
        return Position(self.unit, self.chunk, self.found.statement)


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What a name means: a definition of one unit.

    Attributes:
        unit: the unit that defines it, by its place in reading order.
        borrowed: how the unit that uses it takes it over; None if it is its own, or saved.
        saved: whether the package has it.
    """

    unit: int
    name: str
    borrowed: Borrowed | None = None
    saved: bool = False

    @property
    def key(self) -> tuple[int, str]:
        """What is equal for all uses of one name."""
        return self.unit, self.name


@query()
def names_in(core: Core, unit: int) -> tuple[Standing, ...]:
    """Return the names of a unit's chunks at their places in the notes."""
    return tuple(
        Standing(found=found, unit=unit, chunk=at, start=start, end=start + len(found.name))
        for at, code in enumerate(units.code(core, unit).chunks)
        for found in name_places(code)
        for start in (
            text_of(core, found.place.path).of_line(found.place.line, found.place.column),
        )
    )


@query()
def units_by_page(core: Core, _: str) -> dict[PagePath, tuple[int, ...]]:
    """Return the units that have lines of each page, by their places in reading order."""
    found: defaultdict[PagePath, dict[int, None]] = defaultdict(dict)
    for place in range(pages.unit_count(core, "")):
        row = units.row(core, place)
        if row is not None and row.chunks:
            for path in (row.section.page, *row.sources, *(chunk.page for chunk in row.chunks)):
                found[path][place] = None
    return {path: tuple(places) for path, places in found.items()}


def units_on(core: Core, path: PagePath) -> tuple[int, ...]:
    """Return the units that have lines of a page, by their places in reading order.

    Args:
        core: the store.
        path: of the page.
    """
    return units_by_page(core, "").get(path, ())


def standing_at(core: Core, path: PagePath, offset: int) -> tuple[Standing, ...]:
    """Return the names at a character of a page; a shared line has one for each unit.

    Args:
        core: the store.
        path: of the page.
        offset: the character, or the one behind the name.
    """
    return tuple(
        standing
        for unit in units_on(core, path)
        for standing in names_in(core, unit)
        if standing.path == path and standing.start <= offset <= standing.end
    )


# --- meaning --------------------------------------------------------------------------------------


@query()
def saved_statements(core: Core, _: str) -> dict[str, tuple[Position, ...]]:
    """Return the saved statements by the names that they add to the package."""
    plan = units.package(core, "")
    found: defaultdict[str, list[Position]] = defaultdict(list)
    for position, saved in zip(plan.saved, plan.package.saved, strict=True):
        for name in saved.names:
            found[name].append(position)
    return {name: tuple(positions) for name, positions in found.items()}


def meaning(core: Core, standing: Standing) -> Meaning | None:
    """Return what a name means; None if the notes do not define it.

    Args:
        core: the store.
        standing: the name.
    """
    found = standing.found
    match found.kind:
        case "member":
            return _member(core, found.name) if is_module(core, standing.unit, found.of) else None
        case "imports":
            own = str(package_name(core, ""))
            return _member(core, found.name) if found.of == own else None
        case "binds" | "uses":
            return meaning_in(core, standing.unit, found.name)


def is_module(core: Core, unit: int, dotted: str) -> bool:
    """Return whether a dotted name means the generated module in a unit.

    Args:
        core: the store.
        unit: its place in reading order.
        dotted: the name.
    """
    return dotted in units.modules_in(core, unit) or dotted == str(package_name(core, ""))


def _member(core: Core, name: str) -> Meaning | None:
    positions = saved_statements(core, "").get(name)
    return Meaning(unit=positions[-1].unit, name=name, saved=True) if positions else None


def meaning_in(core: Core, unit: int, name: str) -> Meaning | None:
    """Return what a name of a unit's module scope means there.

    Args:
        core: the store.
        unit: its place in reading order.
        name: the name.
    """
    binders = units.code(core, unit).binders.get(name)
    if binders:
        taken = _taken(core, unit, name)
        if taken is not None:
            return _member(core, taken)
        saved = any(p.unit == unit for p in saved_statements(core, "").get(name, ()))
        return Meaning(unit=unit, name=name, saved=saved)
    borrowed = next(
        (e for e in units.session(core, unit).prelude if name in e.names and e.kind != "future"),
        None,
    )
    if borrowed is None:
        return _member(core, name) if _has_star(core, unit) else None
    lender = units.places(core, "").get(borrowed.section)
    if borrowed.kind == "supplied" or lender is None:
        return None
    own = meaning_in(core, lender, name) if lender != unit else None
    if own is None:
        return None
    return Meaning(unit=own.unit, name=own.name, borrowed=borrowed, saved=own.saved)


def _taken(core: Core, unit: int, name: str) -> str | None:
    """The saved name that a unit imports under a name, where it binds that in no other way."""
    found: set[str | None] = set()
    for chunk, row in units.code(core, unit).binders.get(name, ()):
        statement = units.code(core, unit).chunks[chunk].statements[row]
        imports = [entry for entry in statement.imports if entry.bound == name]
        if not imports:
            return None
        found.update(_saved_name(core, entry) for entry in imports)
    return found.pop() if len(found) == 1 else None


def _saved_name(core: Core, entry: Import) -> str | None:
    own = package_name(core, "")
    if names_module(entry, own) or not from_module(entry, own):
        return None
    return entry.attribute


def _has_star(core: Core, unit: int) -> bool:
    own = package_name(core, "")
    return any(from_module(entry, own) for _, entry in units.code(core, unit).stars)


# --- places ---------------------------------------------------------------------------------------


def places_of(core: Core, wanted: Meaning) -> Iterator[Standing]:
    """Yield all places of what a name means, each once, in reading order.

    Args:
        core: the store.
        wanted: what is meant.
    """
    seen: set[tuple[PagePath, int]] = set()
    for unit in range(pages.unit_count(core, "")):
        if not _may_name(core, unit, wanted.name):
            continue
        for standing in names_in(core, unit):
            at = standing.path, standing.start
            if at not in seen and _means(core, standing, wanted):
                seen.add(at)
                yield standing


def _may_name(core: Core, unit: int, name: str) -> bool:
    """Whether a page of a unit has a name anywhere in its text."""
    row = units.row(core, unit)
    if row is None or not row.chunks:
        return False
    word = name.encode()
    paths = {row.section.page, *row.sources, *(chunk.page for chunk in row.chunks)}
    return any(word in core.data(path) for path in paths)


def _means(core: Core, standing: Standing, wanted: Meaning) -> bool:
    if standing.found.name != wanted.name:
        return False
    found = meaning(core, standing)
    return found is not None and found.key == wanted.key


def definitions(core: Core, wanted: Meaning, before: Position | None = None) -> list[Standing]:
    """Return where a name is bound that has a meaning: the last place before a use, else the last.

    Args:
        core: the store.
        wanted: what is meant.
        before: the statement that uses it, where that is in the same unit.
    """
    bound = [
        standing
        for standing in names_in(core, wanted.unit)
        if standing.found.kind == "binds" and standing.found.name == wanted.name
    ]
    if wanted.borrowed is not None:
        at = wanted.borrowed.place
        exactly = [s for s in bound if start_of(core, s) == (at.path, at.line)]
        bound = exactly or bound
    if wanted.saved:
        saved = set(saved_statements(core, "").get(wanted.name, ()))
        bound = [s for s in bound if s.position in saved] or bound
    if before is not None and before.unit == wanted.unit:
        bound = [s for s in bound if s.position <= before] or bound
    return [s for s in bound if s.position == bound[-1].position][:1]


def chunk_of(core: Core, standing: Standing) -> ChunkCode:
    """Return the chunk in which a name occurs.

    Args:
        core: the store.
        standing: the name.
    """
    return units.code(core, standing.unit).chunks[standing.chunk]


def statement_of(core: Core, standing: Standing) -> Statement:
    """Return the statement in which a name occurs.

    Args:
        core: the store.
        standing: the name.
    """
    return chunk_of(core, standing).statements[standing.found.statement]


def start_of(core: Core, standing: Standing) -> tuple[PagePath, int]:
    """Return the page and line where the statement of a name begins.

    Args:
        core: the store.
        standing: the name.
    """
    place = chunk_of(core, standing).start(statement_of(core, standing))
    return place.path, place.line
