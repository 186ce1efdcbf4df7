"""Units to plan: the package, what each unit borrows, and its session."""

from __future__ import annotations

import ast
import hashlib
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Protocol

from msgspec import Struct

from tangle.analyse.borrow import Borrowing, PackageFace
from tangle.analyse.borrow_closure import Wanted
from tangle.analyse.code import ChunkCode, Position, UnitCode
from tangle.analyse.modules import imported_modules
from tangle.analyse.package import Closure, Saving
from tangle.analyse.plan import Borrowed, Package, PlannedChunk, Session
from tangle.analyse.reachability import Reach, asked_of_package
from tangle.analyse.suspicious_code import doubtful
from tangle.model import Page, PagePath, Place, Problem, Property, SectionName, Unit
from tangle.model.problems.graph import UNKNOWN_SECTION


class PackagePlan(Struct, frozen=True, kw_only=True):
    """The package, and what sessions need to know of it.

    Attributes:
        saved: where the statements stand that it has.
        modules: top-level modules that it imports.
        problems: of what is saved.
    """

    package: Package
    saved: tuple[Position, ...]
    reach: Reach
    modules: frozenset[str]
    problems: tuple[Problem, ...]


def plan_package(closure: Closure, units: Mapping[int, Saving]) -> PackagePlan:
    """Work out the package.

    Args:
        closure: builds it.
        units: what each unit saves that has a marker, in reading order.
    """
    package = closure.package(units)
    saved = closure.by_position
    modules = {module for entry in saved.values() for module in entry.modules}
    for texts in package.imports.values():
        modules.update(module for text in texts for module in imported_modules(ast.parse(text)))
    return PackagePlan(
        package=package,
        saved=tuple(saved),
        reach=Reach.of(package, tuple(saved.values())),
        modules=frozenset(modules),
        problems=tuple(closure.problems),
    )


class PackageReach(PackageFace, Protocol):
    """What the planner of a session asks of the package."""

    def reach(self, name: str) -> frozenset[int]:
        """The saved statements that a name leads to; `*` is for all names."""

    def saved_texts(self, index: int) -> tuple[str, ...]:
        """A saved statement, behind the imports that it uses."""

    def declared(self, index: int) -> tuple[str, ...]:
        """The files that its chunk declares."""

    def cacheable(self, index: int) -> bool:
        """Whether results that depend on it may be cached."""

    def modules(self) -> frozenset[str]:
        """The top-level modules that the package imports."""


class Borrowings(Struct, frozen=True, kw_only=True):
    """What a unit takes from others, and what it lacks.

    Attributes:
        wanted: the borrowed statements, in reading order.
        leading: what stands before them: imports from `__future__`, and supplied ones.
        missing: problems of undefined names; of attributes, with a dot before the name.
        guesses: of which of them a likely name is to be found, and for which name.
        passed_on: names that may be missing in the units that something is borrowed from.
        doubts: what is no error, but most likely not meant.
        aliases: the names that mean the generated module.
    """

    wanted: tuple[Wanted, ...]
    leading: tuple[Borrowed, ...]
    missing: tuple[tuple[str, Problem], ...]
    guesses: tuple[tuple[str, str], ...]
    passed_on: tuple[tuple[int, str], ...]
    doubts: tuple[Problem, ...]
    aliases: frozenset[str]


def borrowings(borrowing: Borrowing) -> Borrowings:
    """Work out what a unit borrows."""
    wanted = borrowing.borrowed()
    return Borrowings(
        wanted=wanted,
        leading=tuple(borrowing.leading()),
        missing=tuple(borrowing.missing.items()),
        guesses=tuple(borrowing.guesses.items()),
        passed_on=tuple(dict.fromkeys(borrowing.passed_on())),
        doubts=(*borrowing.costly(), *borrowing.slips()),
        aliases=borrowing.aliases,
    )


def plan_session(
    unit: UnitCode,
    found: Borrowings,
    package: PackageReach,
    missing: Iterable[Problem],
    entry: Callable[[Wanted], Borrowed],
) -> Session:
    """The session of a unit.

    Args:
        unit: its code.
        found: what it borrows.
        package: what it may reach.
        missing: the problems of names that are missing in it, or come with what it borrows.
        entry: a borrowed statement.
    """
    prelude = (*found.leading, *map(entry, found.wanted))
    planner = _Planner(package, found.aliases)
    taken = [name for borrowed in prelude for name in borrowed.takes]
    asked = [name for code in unit.chunks for name in planner.asked(code)]
    lent = planner.closure(taken)
    broken = (code.parsed.problem for code in unit.chunks if code.parsed.problem)
    imports = _imports(unit, prelude)
    if package.name.root in imports or planner.closure([*asked, *taken]):
        imports |= package.modules()
    return Session(
        unit=unit.unit,
        prelude=prelude,
        chunks=tuple(planner.chunks(unit, prelude, lent)),
        imports=tuple(sorted(imports - {package.name.root})),
        lent=tuple(planner.texts(lent)),
        problems=(*unit.unit.faults, *broken, *missing),
        cache=planner.cacheable(lent) and all(borrowed.cache for borrowed in prelude),
        reads=_unique(*(borrowed.reads for borrowed in prelude), planner.reads(lent)),
    )


class _Planner:
    """Plans chunks by what they reach of the package."""

    def __init__(self, package: PackageReach, aliases: frozenset[str]) -> None:
        self._package = package
        self._aliases = aliases

    def asked(self, code: ChunkCode) -> Iterator[str]:
        return asked_of_package(code.statements, self._package.name, self._aliases)

    def closure(self, names: Iterable[str]) -> frozenset[int]:
        return frozenset[int]().union(*map(self._package.reach, dict.fromkeys(names)))

    def texts(self, reached: Iterable[int]) -> Iterator[str]:
        for index in sorted(reached):
            yield from self._package.saved_texts(index)

    def reads(self, reached: Iterable[int]) -> Iterator[str]:
        for index in sorted(reached):
            yield from self._package.declared(index)

    def cacheable(self, reached: Iterable[int]) -> bool:
        return all(map(self._package.cacheable, sorted(reached)))

    def chunks(
        self, unit: UnitCode, prelude: Sequence[Borrowed], lent: frozenset[int]
    ) -> Iterator[PlannedChunk]:
        """The chunks, each with the digest of all the code that its output depends on."""
        chain = hashlib.sha256()
        _add(chain, *(entry.text for entry in prelude))
        done = lent
        _add(chain, *self.texts(done))
        for code in unit.chunks:
            reached: frozenset[int] = frozenset()
            if code.runs:
                reached = self.closure(self.asked(code)) - done
                done |= reached
                _add(chain, *self.texts(reached), code.code)
            yield PlannedChunk(
                code=code,
                digest=chain.hexdigest()[:12],
                reaches=tuple(self.texts(reached)),
                cache=code.chunk.settings.cache and self.cacheable(reached),
                reads=_unique(code.chunk.settings.reads, self.reads(reached)),
            )


def unit_doubts(unit: UnitCode, found: Borrowings) -> tuple[Problem, ...]:
    """What is no error, but most likely not meant: prices, slips, marks of lists.

    Args:
        unit: its code.
        found: what it borrows, with the doubts about that.
    """
    return (*(problem for code in unit.chunks for problem in doubtful(code)), *found.doubts)


def unknown_needs(
    unit: Unit,
    is_known: Callable[[SectionName], bool],
    page: Callable[[PagePath], Page],
    meant: Callable[[SectionName], str | None],
) -> Iterator[Problem]:
    """Sections that `tangle.needs` names in a unit, and that are not among the known ones.

    Args:
        unit: the unit.
        is_known: whether a unit has a name.
        page: finds the page of a path.
        meant: what to write in place of an unknown name; None if that is not clear.
    """
    for name in unit.needs:
        if not is_known(name):
            yield UNKNOWN_SECTION.at(
                _asking(unit, name, page),
                f"tangle.needs names {name}, but no section or page with code is called so",
                section=unit.name,
                hint=meant(name),
            )


def _asking(unit: Unit, name: SectionName, page: Callable[[PagePath], Page]) -> Place:
    """Where the property stands that names a section."""
    for occurrence in unit.occurrences:
        chunk = occurrence.chunk
        for path, block in ((occurrence.page, occurrence.host), (chunk.page, chunk.block)):
            for entry in _properties_around(page(path), block):
                if entry.key == "tangle.needs" and name in entry.value:
                    return Place(path=path, line=entry.line)
    return Place(path=unit.section.page, line=unit.section.line)


def _properties_around(page: Page, block: int) -> Iterator[Property]:
    """The properties of a block, of those around it, and of the page."""
    while block >= 0:
        yield from page.blocks[block].properties
        block = page.blocks[block].parent
    yield from page.blocks[0].properties


def _imports(unit: UnitCode, prelude: Iterable[Borrowed]) -> set[str]:
    trees = (code.parsed.tree for code in unit.chunks if "import" in code.parsed.text)
    modules = {module for tree in trees for module in imported_modules(tree)}
    return modules.union(*(_modules_in(entry.plain) for entry in prelude))


@lru_cache(maxsize=4096)
def _modules_in(lines: tuple[str, ...]) -> frozenset[str]:
    text = "\n".join(lines)
    return frozenset(imported_modules(ast.parse(text)) if "import" in text else ())


def _unique(*texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(itertools.chain(*texts)))


def _add(chain: hashlib._Hash, *texts: str) -> None:
    for text in texts:
        data = text.encode()
        chain.update(len(data).to_bytes(8, "big"))
        chain.update(data)
