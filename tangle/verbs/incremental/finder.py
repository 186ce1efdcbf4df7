"""Graph and plan to findings, for all of a graph or for a part of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import attrgetter

from tangle.analyse import (
    Locator,
    PackagePlan,
    Planning,
    UnitCode,
    UnitPlan,
    package_face,
    unit_code,
    unknown_needs,
    used_by_saved,
)
from tangle.emit import module, script_paths, section_script, shared_files
from tangle.link import (
    MAX_TOTAL,
    Leaning,
    Linked,
    PageFacts,
    leanings,
    linked,
    page_anchors,
    page_facts,
)
from tangle.model import (
    Chunk,
    CodeLine,
    Fence,
    Page,
    PagePath,
    Problem,
    SectionName,
    Settings,
    Unit,
)
from tangle.model.problems.markers import TOO_LARGE
from tangle.verbs.generated import folder_from_output
from tangle.verbs.incremental.findings import (
    ChunkDigest,
    Findings,
    FoundModule,
    FoundOutput,
    FoundProblem,
    PackageFindings,
    PageFindings,
    UnitFindings,
    digest_of,
    section_of,
)
from tangle.verbs.project import Project
from tangle.verbs.sources import graph_settings
from tangle.write import PROPERTY, stored_outputs


def find_all(
    project: Project, settings: str, pages: Mapping[PagePath, Page], digests: Mapping[PagePath, str]
) -> Findings:
    """Look at every page.

    Args:
        project: whose pages.
        settings: the text of the graph's `config.edn`.
        pages: all pages that could be read, in order of path.
        digests: of their bytes.
    """
    config, problems = graph_settings(project, settings)
    found = linked(pages.values(), config)
    graph = found.graph
    planning = Planning(
        [unit_code(unit, graph.pages) for unit in graph.units],
        project.package,
        borrow=project.options.borrow == "on",
    )
    package = planning.package()
    plans = planning.sessions(package, range(len(graph.units)), {})
    needs = by_section(unknown_needs(graph, {unit.name for unit in graph.units}))
    facts = {path: page_facts(found, path, config) for path in pages}
    leans = leanings(facts, found.outlines)
    finder = Finder(project, found)
    package_findings = finder.package(package)
    return with_files(
        project,
        Findings(
            hidden=config.hidden,
            name_format=config.name_format,
            unit=config.unit,
            journal_format=config.journal_format,
            problems=tuple(map(FoundProblem.of, problems)),
            pages={
                path: finder.page(path, digests[path], facts[path], leans.get(path, Leaning()))
                for path in pages
            },
            ids={uuid: path for uuid, (path, _) in graph.ids.items()},
            units=tuple(
                finder.unit(
                    index, plan, planning, package_findings, needs.get(plan.session.name, ())
                )
                for index, plan in enumerate(plans)
            ),
            package=package_findings,
            shared={},
            scripts=(),
            referred_size=referred_size(found),
        ),
        module(package.package).text,
    )


def with_files(project: Project, found: Findings, module_text: str) -> Findings:
    """Findings with the files that their units and the package come to."""
    sections = [section_of(unit) for unit in found.units if unit.chunks]
    return found._replace(
        shared=shared_files(project.package, module_text, sections),
        scripts=tuple(script_paths(project.package, sections)),
    )


def referred_size(found: Linked) -> int:
    """The characters of all chunks that references in code bring lines to."""
    if any(problem.code == TOO_LARGE.code for problem in found.graph.problems):
        return MAX_TOTAL
    return sum(
        sum(len(line.text) + 1 for line in chunk.lines)
        for chunks in found.chunks.values()
        for chunk in chunks
        if any(line.place.line != at for at, line in _numbered(chunk))
    )


def _numbered(chunk: Chunk) -> Iterable[tuple[int, CodeLine]]:
    return enumerate(chunk.lines, start=chunk.line + 1)


class Finder:
    """Tells what is found in a graph, or in a part of one."""

    def __init__(self, project: Project, found: Linked) -> None:
        """Look at a graph."""
        self._project = project
        self._found = found
        self._graph = found.graph
        self._locate = Locator(found.graph).located
        self._problems: defaultdict[PagePath, list[Problem]] = defaultdict(list)
        for problem in found.graph.problems:
            self._problems[problem.place.path].append(problem)

    def page(self, path: PagePath, known: str, facts: PageFacts, leaning: Leaning) -> PageFindings:
        """The findings of a page; `known` is the digest of its bytes."""
        return PageFindings(
            digest=known,
            facts=digest_of(facts),
            anchors=digest_of(page_anchors(self._found, path)),
            problems=self.located(self._problems.get(path, ())),
            outputs=tuple(_outputs(self._graph.pages[path])),
            takes=tuple(sorted(leaning.takes)),
            yields=tuple(sorted(leaning.yields)),
        )

    def unit(
        self,
        index: int,
        found: UnitPlan,
        planning: Planning,
        package: PackageFindings,
        needs: Iterable[Problem],
    ) -> UnitFindings:
        """The findings of a unit; `needs` are the problems of what it needs."""
        session, code = found.session, found.code
        section = code.unit.section
        text, placed = faces(code.unit, self._graph.pages)
        return UnitFindings(
            name=session.name,
            number=section.number,
            title=section.title,
            page=section.page,
            line=section.line,
            pages=unit_pages(code.unit),
            code=text,
            placed=placed,
            defines=tuple(sorted(code.names.defines)),
            changes=tuple(sorted(code.names.changes)),
            lost=tuple(sorted(code.names.lost)),
            marked=code.names.marked,
            lends=lends(index, code, package),
            own_names=tuple(sorted(planning.own_names[index])),
            module_names=tuple(sorted(planning.module_names[index])),
            units=tuple(sorted(found.lookups.units - {index})),
            names=tuple(sorted(found.lookups.names)),
            near=tuple(sorted(found.lookups.near)),
            package=tuple(sorted(found.lookups.package)),
            syntax=self.located(found.syntax),
            missing=tuple(
                (name, FoundProblem.of(self._locate(p))) for name, p in found.missing.items()
            ),
            doubts=self.located(found.doubts),
            needs=self.located(needs),
            modules=tuple(map(FoundModule.of, found.modules)),
            chunks=len(session.chunks),
            borrowed=len(session.prelude),
            broken=bool(session.problems) or any(c.code.broken for c in session.chunks),
            script=_script(self._project, found),
            digests=tuple(
                ChunkDigest(
                    page=planned.occurrence.page,
                    host=planned.occurrence.host,
                    digest=planned.digest,
                    section=planned.occurrence.section,
                    runs=planned.occurrence.chunk.settings.run,
                )
                for planned in session.chunks
            ),
        )

    def package(self, found: PackagePlan) -> PackageFindings:
        """The findings of the package."""
        reach = found.reach
        return PackageFindings(
            exports=tuple(sorted(found.package.exports)),
            star=found.package.star,
            modules=tuple(sorted(found.modules)),
            problems=self.located(found.problems),
            saved=tuple((at.unit, at.chunk, at.statement) for at in found.saved),
            names=tuple(saved.names for saved in found.package.saved),
            by_name=reach.by_name,
            next=reach.next,
            statements=reach.statements,
            cached=reach.cached,
            declared=reach.declared,
            units=tuple(sorted(found.lookups.units)),
            asked=tuple(sorted(found.lookups.names)),
            used=tuple(sorted(used_by_saved(found.package))),
        )

    def located(self, problems: Iterable[Problem]) -> Sequence[FoundProblem]:
        """Problems with their section and their line, as they are kept."""
        return tuple(FoundProblem.of(self._locate(problem)) for problem in problems)


def by_section(problems: Iterable[Problem]) -> Mapping[SectionName | None, list[Problem]]:
    """Problems by the section that they name."""
    found: defaultdict[SectionName | None, list[Problem]] = defaultdict(list)
    for problem in problems:
        found[problem.section].append(problem)
    return found


def lends(index: int, code: UnitCode, package: PackageFindings) -> str:
    """The digest of what the package can notice of a unit, if it looks at it at all."""
    if index not in package.units:
        return ""
    return digest_of(*package_face(code, frozenset(package.used)))


def _script(project: Project, found: UnitPlan) -> str:
    if not found.session.chunks:
        return ""
    folder = folder_from_output(project, found.code.unit.section.page)
    return section_script(found.session, project.package, folder=folder, seed=project.options.seed)


def _outputs(page: Page) -> Iterator[FoundOutput]:
    if PROPERTY.encode() not in page.data.lower():
        return
    for stored in stored_outputs(page):
        yield FoundOutput(
            host=stored.host,
            line=stored.line,
            code_digest=stored.code_digest,
            edited=stored.edited,
            reworked=stored.reworked,
            assets=stored.assets,
        )


# --- what is noticed of a unit -------------------------------------------------------------------


def unit_pages(unit: Unit) -> tuple[PagePath, ...]:
    """All pages that a unit's code and its sections stand in."""
    found = {unit.section.page, *(part.page for part in unit.parts)}
    for occurrence in unit.occurrences:
        found.update((occurrence.page, occurrence.chunk.page))
        found.update(line.place.path for line in occurrence.chunk.lines)
    return tuple(sorted(found))


_settings_of = attrgetter(*Settings.__dataclass_fields__)
_rest_of_unit = [
    name for name in Unit.__dataclass_fields__ if name not in {"section", "parts", "occurrences"}
]


def faces(unit: Unit, pages: Mapping[PagePath, Page]) -> tuple[str, str]:
    """The digests of what other units can notice of a unit, without its places and with them."""
    sections = (unit.section, *unit.parts)
    text: list[object] = [
        [(s.name, s.number, s.title, s.page) for s in sections],
        [getattr(unit, name) for name in _rest_of_unit],
    ]
    places: list[object] = [[s.line for s in sections]]
    fences: dict[PagePath, Mapping[int, Fence]] = {}
    for occurrence in unit.occurrences:
        chunk = occurrence.chunk
        if chunk.page not in fences:
            fences[chunk.page] = {fence.line: fence for fence in pages[chunk.page].fences}
        fence = fences[chunk.page][chunk.line]
        text.append((occurrence.page, occurrence.section, chunk.page, chunk.whole, chunk.session))
        text.append(occurrence.referred)
        text.append((_settings_of(chunk.settings), chunk.code if chunk.whole else fence.code))
        places.append((occurrence.host, occurrence.order, chunk.block, chunk.order, chunk.line))
        places.append(fence.margins)
        if occurrence.referred:
            places.append(list(_around(pages[chunk.page], chunk.block)))
        places.append(pages[chunk.page].data[fence.span.start : fence.span.end])
        places.append([pages[path].data for path in _foreign(chunk, occurrence.page, fence)])
    code = digest_of(text)
    return code, digest_of(code, places)


def _around(page: Page, block: int) -> Iterator[int]:
    """The blocks around one: a problem of it names the section that it stands in."""
    while block >= 0:
        block = page.blocks[block].parent
        yield block


def _foreign(chunk: Chunk, page: PagePath, fence: Fence) -> Sequence[PagePath]:
    """The pages of which any change counts.

    A problem in a line that a reference brought shows that line and the section around it.
    """
    if "<<" in fence.code:
        return sorted({page, chunk.page, *(line.place.path for line in chunk.lines)})
    return () if chunk.page == page else (chunk.page,)
