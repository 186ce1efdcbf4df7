"""Graph to plan: the package, and one session a unit, with every problem on the way."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache

from tangle.analyse.borrow import Borrowing, module_names
from tangle.analyse.code import ChunkCode, UnitCode, unit_code
from tangle.analyse.definitions import Definitions
from tangle.analyse.known import Known
from tangle.analyse.lend import Lender
from tangle.analyse.locate import Locator
from tangle.analyse.package import Closure
from tangle.analyse.plan import Borrowed, Package, PackageName, Plan, PlannedChunk, Session
from tangle.analyse.reach import Reach, asked_of_package
from tangle.model import Graph, Page, Place, Problem, Property, Section, SectionName, Unit


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
    units = tuple(unit_code(unit, graph.pages, known) for unit in graph.units)
    definitions = Definitions(units)
    names = module_names(definitions, name)
    closure = Closure(definitions=definitions, name=name, module_names=names)
    package = closure.package(_sections(graph.units))
    if known is not None:
        known.begin(units, package)
    planner = _Planner(closure, package, borrow=borrow, known=known)
    sessions = tuple(planner.session(index) for index in range(len(units)))
    problems = [
        *graph.problems,
        *(code.parsed.problem for unit in units for code in unit.chunks if code.parsed.problem),
        *(problem for unit in units for code in unit.chunks for problem in _list_dashes(code)),
        *closure.problems,
        *planner.problems,
        *_unknown_needs(graph),
    ]
    located = map(Locator(graph).located, problems)
    return Plan(graph=graph, package=package, sessions=sessions, problems=tuple(_in_order(located)))


def _list_dashes(code: ChunkCode) -> Iterator[Problem]:
    """Calls with a sign in front whose value nobody takes: a list's mark that got into the code."""
    for statement in code.statements[:-1]:
        match statement.node:
            case ast.Expr(value=ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=ast.Call())):
                yield Problem(
                    code="list-dash",
                    severity="warning",
                    place=code.start(statement),
                    section=code.occurrence.section,
                    message="a sign stands in front of this call, and its value is not used",
                    hint="if it is a list's mark, take it away",
                )
            case _:
                continue


def _sections(units: Iterable[Unit]) -> Mapping[SectionName, Section]:
    return {part.name: part for unit in units for part in (unit.section, *unit.parts)}


def _in_order(problems: Iterable[Problem]) -> Iterator[Problem]:
    """Problems by their place, each once."""
    seen: set[tuple[str, int, int, str, str]] = set()
    for problem in sorted(problems, key=_key):
        if _key(problem) not in seen:
            seen.add(_key(problem))
            yield problem


def _key(problem: Problem) -> tuple[str, int, int, str, str]:
    place = problem.place
    return (place.path, place.line, place.column, problem.code, problem.message)


def _unknown_needs(graph: Graph) -> Iterator[Problem]:
    known = {unit.name for unit in graph.units}
    for unit in graph.units:
        for name in unit.needs:
            if name not in known:
                yield Problem(
                    code="unknown-section",
                    severity="error",
                    place=_asking(graph, unit, name),
                    section=unit.name,
                    message=f"tangle.needs names section {name}, which is not in this graph",
                    hint="name a section with two numbers, such as 3.5",
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
        self, closure: Closure, package: Package, *, borrow: bool, known: Known | None
    ) -> None:
        self._before = known
        self.problems: list[Problem] = []
        self._known: dict[int, Mapping[str, Problem]] = {}
        self._closure = closure
        self._package = package
        self._borrow = borrow
        self._lender = Lender(
            definitions=closure.definitions,
            name=closure.name,
            saved=closure.by_position,
            module_names=closure.module_names,
        )
        self._reach = Reach.of(package)
        self._modules = cache(_modules_in)
        self._package_modules = frozenset(_package_modules(package))

    def session(self, index: int) -> Session:
        """The session of a unit."""
        found = self._before.session(index) if self._before is not None else None
        if found is not None:
            self.problems.extend(found.warnings)
            self._known[index] = {}
            return found.session
        return self._new_session(index)

    def _new_session(self, index: int) -> Session:
        unit = self._closure.definitions.units[index]
        borrowing = Borrowing(
            lender=self._lender,
            package=self._package,
            unit=index,
            aliases=self._closure.module_names[index],
            allowed=self._borrow,
            known=self._known,
        )
        prelude = borrowing.borrowed()
        own = borrowing.missing.values()
        warnings = [*borrowing.costly(), *borrowing.slips()]
        self.problems.extend((*own, *warnings))
        self._known[index] = borrowing.missing
        reached = self._reach.closure(
            [name for code in unit.chunks for name in self._asked(code, borrowing.aliases)]
            + _taken_from_package(prelude)
        )
        broken = [code.parsed.problem for code in unit.chunks if code.parsed.problem]
        made = Session(
            unit=unit.unit,
            prelude=prelude,
            chunks=tuple(self._chunks(unit, prelude, borrowing.aliases)),
            imports=self._imports(unit, prelude, used=bool(reached)),
            package=tuple(self._reach.texts(reached)),
            problems=(*broken, *borrowing.inherited(), *own),
        )
        if self._before is not None and not made.problems:
            self._before.learn_session(index, made, warnings)
        return made

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
            if code.runs:
                reached = self._reach.closure(self._asked(code, aliases)) - done
                done |= reached
                _add(chain, *self._reach.texts(reached), code.chunk.code)
            yield PlannedChunk(code=code, digest=chain.hexdigest()[:12])

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
