"""Graph to plan: the package, and one session a unit, with every problem on the way."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from tangle.analyse.borrow import Borrowing, module_aliases
from tangle.analyse.code import ChunkCode, Definitions, UnitCode, unit_code
from tangle.analyse.package import Closure, Reach, package_attribute
from tangle.analyse.plan import Borrowed, Package, PackageName, Plan, PlannedChunk, Session
from tangle.model import CodeLine, Graph, Place, Problem, Section, SectionName, Unit


def plan(graph: Graph, name: PackageName, *, borrow: bool = True) -> Plan:
    """Work out the package and the sessions of a graph; no line of the notes is run."""
    units = tuple(unit_code(unit) for unit in graph.units)
    definitions = Definitions(units)
    closure = Closure(definitions=definitions, name=name)
    package = closure.package(_sections(graph.units))
    planner = _Planner(definitions, closure, package, borrow=borrow)
    sessions = tuple(planner.session(index) for index in range(len(units)))
    problems = [
        *graph.problems,
        *(code.parsed.problem for unit in units for code in unit.chunks if code.parsed.problem),
        *closure.problems,
        *planner.problems,
        *_unknown_needs(graph.units),
    ]
    located = (_located(problem, graph, units) for problem in problems)
    return Plan(
        graph=graph, package=package, sessions=sessions, problems=tuple(_in_order(located))
    )


def _sections(units: Iterable[Unit]) -> Mapping[SectionName, Section]:
    return {part.name: part for unit in units for part in (unit.section, *unit.parts)}


def _in_order(problems: Iterable[Problem]) -> Iterator[Problem]:
    """Problems by their place, each once."""
    seen: set[tuple[object, ...]] = set()
    for problem in sorted(problems, key=lambda entry: _key(entry)[:4]):
        if _key(problem) not in seen:
            seen.add(_key(problem))
            yield problem


def _key(problem: Problem) -> tuple[str, int, int, str, str]:
    place = problem.place
    return (place.path, place.line, place.column, problem.code, problem.message)


def _located(problem: Problem, graph: Graph, units: Iterable[UnitCode]) -> Problem:
    """The problem with its section, and the line of the page that it points at."""
    page = graph.pages.get(problem.place.path)
    if page is None:
        return problem
    section = problem.section
    if section is None:
        section = _section_of(problem, units)
    excerpt = problem.excerpt
    if excerpt is None:
        excerpt = _line(page.data, problem.place.line)
    return replace(problem, section=section, excerpt=excerpt)


def _section_of(problem: Problem, units: Iterable[UnitCode]) -> SectionName | None:
    for unit in units:
        for code in unit.chunks:
            chunk = code.chunk
            if chunk.page != problem.place.path or not chunk.lines:
                continue
            if chunk.line <= problem.place.line <= chunk.lines[-1].place.line:
                return code.occurrence.section
    return None


def _line(data: bytes, line: int) -> str:
    """One line of a page, without its line end."""
    start = 0
    for _ in range(line - 1):
        start = data.find(b"\n", start) + 1
        if start == 0:
            return ""
    end = data.find(b"\n", start)
    text = data[start : end if end >= 0 else len(data)].decode(errors="replace")
    return text.rstrip("\r")


def _unknown_needs(units: Iterable[Unit]) -> Iterator[Problem]:
    units = tuple(units)
    known = {unit.name for unit in units}
    for unit in units:
        for name in unit.needs:
            if name not in known:
                yield Problem(
                    code="unknown-section",
                    severity="error",
                    place=Place(path=unit.section.page, line=unit.section.line),
                    section=unit.name,
                    message=f"tangle.needs names section {name}, which is not in this graph",
                    hint="name a section with two numbers, such as 3.5",
                )


class _Planner:
    """Plans the sessions, one by one."""

    def __init__(
        self, definitions: Definitions, closure: Closure, package: Package, *, borrow: bool
    ) -> None:
        self.problems: list[Problem] = []
        self._definitions = definitions
        self._closure = closure
        self._package = package
        self._borrow = borrow
        self._reach = Reach.of(package)
        self._texts = tuple(saved.text for saved in package.saved)

    def session(self, index: int) -> Session:
        """The session of a unit."""
        unit = self._definitions.units[index]
        borrowing = Borrowing(
            definitions=self._definitions,
            package=self._package,
            saved=self._closure.by_position,
            unit=index,
            aliases=module_aliases(self._closure, index + 1),
            allowed=self._borrow,
        )
        prelude = borrowing.borrowed()
        self.problems.extend(borrowing.problems)
        reached = self._reach.closure(self._asked(unit.chunks, prelude, borrowing.aliases))
        broken = [code.parsed.problem for code in unit.chunks if code.parsed.problem]
        return Session(
            unit=unit.unit,
            prelude=prelude,
            chunks=tuple(self._chunks(unit, prelude, borrowing.aliases)),
            imports=self._imports(unit, prelude, used=bool(reached)),
            package=tuple(self._texts[at] for at in sorted(reached)),
            problems=(*broken, *borrowing.problems),
        )

    def _asked(
        self, chunks: Iterable[ChunkCode], prelude: Iterable[Borrowed], aliases: frozenset[str]
    ) -> set[str]:
        """Names of the package that a session asks for."""
        asked = {name for entry in prelude if entry.kind == "saved" for name in entry.names}
        for code in chunks:
            for statement in code.statements:
                for use in statement.uses:
                    attribute = package_attribute(use, self._package.name, aliases)
                    if attribute is not None:
                        asked.add(attribute)
                for entry in statement.imports:
                    if entry.module == str(self._package.name) and entry.attribute:
                        asked.add(entry.attribute)
        if "*" in asked:
            asked.update(self._package.exports)
        return asked

    def _chunks(
        self, unit: UnitCode, prelude: Iterable[Borrowed], aliases: frozenset[str]
    ) -> Iterator[PlannedChunk]:
        """The chunks, each with the digest of all the code that its output depends on."""
        prelude = tuple(prelude)
        chain = hashlib.sha256()
        _add(chain, *(entry.text for entry in prelude))
        done: set[int] = set()
        for code in unit.chunks:
            asked = self._asked([code], prelude, aliases)
            reached = self._reach.closure(asked) - done
            done |= reached
            _add(chain, *(self._texts[at] for at in sorted(reached)))
            if code.chunk.settings.run:
                _add(chain, code.chunk.code)
            yield PlannedChunk(code=code, digest=chain.hexdigest()[:12])

    def _imports(
        self, unit: UnitCode, prelude: Iterable[Borrowed], *, used: bool
    ) -> tuple[str, ...]:
        modules = {
            module for code in unit.chunks for module in imported_modules(code.parsed.tree)
        }
        for entry in prelude:
            modules.update(_modules_in(entry.lines))
        if used or self._closure.name.root in modules:
            for text in self._package.imports:
                modules.update(imported_modules(ast.parse(text)))
            for saved in self._package.saved:
                modules.update(imported_modules(saved.statement.node))
        return tuple(sorted(modules - {self._closure.name.root, ""}))


def _add(chain: hashlib._Hash, *texts: str) -> None:
    for text in texts:
        data = text.encode("utf-8", "surrogatepass")
        chain.update(len(data).to_bytes(8, "big"))
        chain.update(data)


def _modules_in(lines: Iterable[CodeLine]) -> Iterator[str]:
    yield from imported_modules(ast.parse("\n".join(line.text for line in lines)))


def imported_modules(tree: ast.AST) -> Iterator[str]:
    """Top-level names of the modules that code imports anywhere in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for entry in node.names:
                yield entry.name.partition(".")[0]
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            yield node.module.partition(".")[0]
