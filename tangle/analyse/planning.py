"""Graph to plan: the package, and one session a unit, with every problem on the way."""

from __future__ import annotations

import ast
import hashlib
import itertools
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from tangle.analyse.borrow import Borrowing, module_names, own_module_names
from tangle.analyse.borrow_closure import Lender
from tangle.analyse.code import ChunkCode, Position, UnitCode, unit_code
from tangle.analyse.definitions import Definitions, Lookups
from tangle.analyse.locate import Locator
from tangle.analyse.modules import WantedModule, modules_of_unit
from tangle.analyse.package import Closure
from tangle.analyse.plan import Borrowed, Package, Plan, PlannedChunk, Saved, Session
from tangle.analyse.plan_memo import Known
from tangle.analyse.reachability import Reach, asked_of_package
from tangle.analyse.suspicious_code import doubtful
from tangle.model import (
    Graph,
    PackageName,
    Page,
    Place,
    Problem,
    Property,
    Section,
    SectionName,
    Unit,
    in_order,
)
from tangle.model.problems.graph import UNKNOWN_SECTION


@dataclass(frozen=True, slots=True, kw_only=True)
class PackagePlan:
    """The package, and what sessions need to know of it.

    Attributes:
        saved: the statements that it has; None where they are not known but by their position.
        modules: top-level modules that it imports.
        problems: of what is saved.
        lookups: what it was worked out from.
    """

    package: Package
    saved: Mapping[Position, Saved | None]
    reach: Reach
    modules: frozenset[str]
    problems: tuple[Problem, ...]
    lookups: Lookups


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitPlan:
    """The session of a unit, and what others need to know of it.

    Attributes:
        syntax: the problems of chunks that do not parse.
        missing: problems of names that nobody defines; of attributes, with a dot before the name.
        doubts: what is no error, but most likely not meant: prices, slips, marks of lists.
        modules: what it imports, where it does so first on a page.
        lookups: what it was worked out from.
    """

    session: Session
    code: UnitCode
    syntax: tuple[Problem, ...]
    missing: Mapping[str, Problem]
    doubts: tuple[Problem, ...]
    modules: tuple[WantedModule, ...]
    lookups: Lookups


def plan(
    graph: Graph, name: PackageName, *, borrow: bool = True, known: Known | None = None
) -> Plan:
    """Work out the package and the sessions of a graph; no line of the notes is run.

    Args:
        graph: the notes.
        name: what the package is called.
        borrow: whether a section may take names from earlier ones.
        known: what the last plan of the same notes, with the same `name` and `borrow`, found out.
    """
    codes = [unit_code(unit, graph.pages, before=known) for unit in graph.units]
    planning = Planning(codes, name, borrow=borrow)
    package = planning.package()
    if known is not None:
        known.begin(codes, package.package)
    units = planning.sessions(package, range(len(codes)), {}, before=known)
    problems = [
        *graph.problems,
        *(problem for unit in units for problem in unit.syntax),
        *package.problems,
        *(problem for unit in units for problem in (*unit.missing.values(), *unit.doubts)),
        *unknown_needs(graph, {unit.name for unit in graph.units}),
    ]
    located = map(Locator(graph).located, problems)
    return Plan(
        graph=graph,
        package=package.package,
        sessions=tuple(unit.session for unit in units),
        problems=tuple(in_order(located)),
    )


class Planning:
    """Works out the package, and the sessions that somebody asks for.

    Attributes:
        name: what the package is called.
        borrow: whether a section may take names from earlier ones.
        definitions: where names are defined, over all units.
        own_names: for each unit the names to which it binds the generated module.
        module_names: for each the names that mean it there.
    """

    def __init__(
        self,
        units: Sequence[UnitCode],
        name: PackageName,
        *,
        borrow: bool = True,
        own_names: Mapping[int, frozenset[str]] = MappingProxyType({}),
    ) -> None:
        """Index the units; `own_names` are known of those that are not to be read."""
        self.definitions = Definitions(units)
        self.own_names = tuple(
            own_names[index] if index in own_names else own_module_names(unit, name)
            for index, unit in enumerate(units)
        )
        self.module_names = module_names(units, self.own_names)
        self.name = name
        self.borrow = borrow

    def package(self) -> PackagePlan:
        """Work out the package."""
        closure = Closure(
            definitions=self.definitions, name=self.name, module_names=self.module_names
        )
        with self.definitions.looking() as lookups:
            package = closure.package(_sections(unit.unit for unit in self.definitions.units))
        return PackagePlan(
            package=package,
            saved=closure.by_position,
            reach=Reach.of(package),
            modules=frozenset(_package_modules(package)),
            problems=tuple(closure.problems),
            lookups=lookups,
        )

    def sessions(
        self,
        package: PackagePlan,
        wanted: Iterable[int],
        known: Mapping[int, Mapping[str, Problem]],
        *,
        before: Known | None = None,
    ) -> tuple[UnitPlan, ...]:
        """Work out sessions.

        Args:
            package: what they may ask for.
            wanted: which units, in reading order.
            known: of other units, what is missing there.
            before: what the last plan found out; it has begun with this one, and learns.
        """
        planner = _Planner(self, package, known, before)
        return tuple(planner.unit(index) for index in wanted)


def _sections(units: Iterable[Unit]) -> Mapping[SectionName, Section]:
    return {part.name: part for unit in units for part in (unit.section, *unit.parts)}


def unknown_needs(graph: Graph, known: Collection[SectionName]) -> Iterator[Problem]:
    """Sections that `tangle.needs` names, and that are not among the known ones."""
    for unit in graph.units:
        for name in unit.needs:
            if name not in known:
                yield UNKNOWN_SECTION.at(
                    _asking(graph, unit, name),
                    f"tangle.needs names section {name}, which is not in this graph",
                    section=unit.name,
                )


def _asking(graph: Graph, unit: Unit, name: SectionName) -> Place:
    """Where the property stands that names a section."""
    for occurrence in unit.occurrences:
        chunk = occurrence.chunk
        for path, block in ((occurrence.page, occurrence.host), (chunk.page, chunk.block)):
            for entry in _properties_around(graph.pages[path], block):
                if entry.key == "tangle.needs" and name in entry.value:
                    return Place(path=path, line=entry.line)
    return Place(path=unit.section.page, line=unit.section.line)


def _properties_around(page: Page, block: int) -> Iterator[Property]:
    """The properties of a block, of those around it, and of the page."""
    while block >= 0:
        yield from page.blocks[block].properties
        block = page.blocks[block].parent
    yield from page.blocks[0].properties


class _Planner:
    """Plans the sessions, one by one."""

    def __init__(
        self,
        planning: Planning,
        package: PackagePlan,
        known: Mapping[int, Mapping[str, Problem]],
        before: Known | None,
    ) -> None:
        self._before = before
        self._known = dict(known)
        self._definitions = planning.definitions
        self._module_names = planning.module_names
        self._package = package.package
        self._borrow = planning.borrow
        self._lender = Lender(
            definitions=planning.definitions,
            name=planning.name,
            saved=package.saved,
            module_names=planning.module_names,
        )
        self._reach = package.reach
        self._modules = cache(_modules_in)
        self._package_modules = package.modules

    def unit(self, index: int) -> UnitPlan:
        """The session of a unit."""
        found = self._before.session(index) if self._before is not None else None
        if found is not None:
            self._known[index] = found.missing
            return found
        made = self._new_unit(index)
        if self._before is not None and not made.session.problems:
            self._before.learn_session(index, made)
        return made

    def _new_unit(self, index: int) -> UnitPlan:
        unit = self._definitions.units[index]
        with self._definitions.looking() as lookups:
            borrowing = Borrowing(
                lender=self._lender,
                package=self._package,
                unit=index,
                aliases=self._module_names[index],
                allowed=self._borrow,
                known=self._known,
            )
            prelude = borrowing.borrowed()
            inherited = borrowing.inherited()
            doubts = (*borrowing.costly(), *borrowing.slips())
        own = borrowing.missing
        self._known[index] = own
        taken = _taken_from_package(prelude)
        asked = [name for code in unit.chunks for name in self._asked(code, borrowing.aliases)]
        asked += taken
        lookups.package.update(asked)
        lent = self._reach.closure(taken)
        broken = tuple(code.parsed.problem for code in unit.chunks if code.parsed.problem)
        session = Session(
            unit=unit.unit,
            prelude=prelude,
            chunks=tuple(self._chunks(unit, prelude, borrowing.aliases)),
            imports=self._imports(unit, prelude, used=bool(self._reach.closure(asked))),
            lent=tuple(self._reach.texts(lent)),
            problems=(*unit.unit.faults, *broken, *inherited, *own.values()),
            cache=self._reach.cacheable(lent) and all(entry.cache for entry in prelude),
            reads=_unique(
                itertools.chain(*(entry.reads for entry in prelude), self._reach.reads(lent))
            ),
        )
        forms = (problem for code in unit.chunks for problem in doubtful(code))
        return UnitPlan(
            session=session,
            code=unit,
            syntax=broken,
            missing=own,
            doubts=(*forms, *doubts),
            modules=tuple(modules_of_unit(unit)),
            lookups=lookups,
        )

    def _asked(self, code: ChunkCode, aliases: frozenset[str]) -> Iterator[str]:
        return asked_of_package(code.statements, self._package.name, aliases)

    def _chunks(
        self, unit: UnitCode, prelude: Sequence[Borrowed], aliases: frozenset[str]
    ) -> Iterator[PlannedChunk]:
        """The chunks, each with the digest of all the code that its output depends on."""
        chain = hashlib.sha256()
        _add(chain, *(entry.text for entry in prelude))
        done = self._reach.closure(_taken_from_package(prelude))
        _add(chain, *self._reach.texts(done))
        for code in unit.chunks:
            reached: frozenset[int] = frozenset()
            if code.runs:
                reached = self._reach.closure(self._asked(code, aliases)) - done
                done |= reached
                _add(chain, *self._reach.texts(reached), code.code)
            yield PlannedChunk(
                code=code,
                digest=chain.hexdigest()[:12],
                reaches=tuple(self._reach.texts(reached)),
                cache=code.chunk.settings.cache and self._reach.cacheable(reached),
                reads=_unique(
                    itertools.chain(code.chunk.settings.reads, self._reach.reads(reached))
                ),
            )

    def _imports(
        self, unit: UnitCode, prelude: Iterable[Borrowed], *, used: bool
    ) -> tuple[str, ...]:
        trees = (code.parsed.tree for code in unit.chunks if "import" in code.parsed.text)
        modules = {module for tree in trees for module in imported_modules(tree)}
        for entry in prelude:
            modules |= self._modules(entry.plain)
        root = self._package.name.root
        if used or root in modules:
            modules |= self._package_modules
        return tuple(sorted(modules - {root}))


def _taken_from_package(prelude: Iterable[Borrowed]) -> list[str]:
    return [name for entry in prelude for name in entry.takes]


def _package_modules(package: Package) -> Iterator[str]:
    for texts in package.imports.values():
        for text in texts:
            yield from imported_modules(ast.parse(text))
    for saved in package.saved:
        if "import" in saved.text:
            yield from imported_modules(saved.statement.node)


def _modules_in(lines: tuple[str, ...]) -> frozenset[str]:
    text = "\n".join(lines)
    return frozenset(imported_modules(ast.parse(text)) if "import" in text else ())


def _unique(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))


def _add(chain: hashlib._Hash, *texts: str) -> None:
    for text in texts:
        data = text.encode()
        chain.update(len(data).to_bytes(8, "big"))
        chain.update(data)


def imported_modules(tree: ast.AST) -> Iterator[str]:
    """Top-level names of the modules that code imports anywhere in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for entry in node.names:
                yield entry.name.partition(".")[0]
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            yield node.module.partition(".")[0]
