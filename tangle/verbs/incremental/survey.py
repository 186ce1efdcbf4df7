"""What `build`, `check` and `list` need of the notes; what did not change is remembered.

`find_all` looks at every page, and so says what is right. `renewed` works out again only what an
edit can have touched: it has to come to the same, or to give up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import starmap
from typing import TYPE_CHECKING

from tangle.model import Place, Problem, in_order
from tangle.store import ForeignFile, TreeChanges, plan_tree
from tangle.verbs.incremental.findings import (
    Findings,
    FoundModule,
    FoundProblem,
    digest,
    problem_of,
)
from tangle.verbs.incremental.memory import Memory
from tangle.verbs.project import Project
from tangle.verbs.reports.values import SectionRow
from tangle.verbs.sources import (
    Sources,
    by_place,
    parsed,
    read,
    read_settings,
    without_gc,
)

if TYPE_CHECKING:
    from tangle.analyse import WantedModule
    from tangle.verbs.incremental.part import Parse


class Survey:
    """A project's notes as they are on disk now, and what they come to.

    Attributes:
        findings: what is known of them.
        unread: the problems of pages that could not be read.
        notices: of what else was left out.
    """

    def __init__(self, project: Project, *, parse: Parse | None = None) -> None:
        """Look at the notes.

        Args:
            project: whose notes.
            parse: reads a page; `tangle.parse.parse` where nothing is given.

        Raises:
            NotReadable: the graph's folder, or its configuration, cannot be read.
        """
        self.project = project
        settings = read_settings(project)
        self._memory = Memory(project, settings)
        self._kept = self._memory.recall()
        hidden = self._kept.hidden if self._kept is not None else None
        sources = read(project, settings=settings, hidden=hidden)
        found: Findings | None = None
        if self._kept is not None and not sources.unread:
            with without_gc():
                found = _brought_up_to_date(project, self._kept, sources, parse)
        self.unread: tuple[Problem, ...] = ()
        self.notices = sources.notices
        if found is None:
            with without_gc():
                found, self.unread = _anew(project, sources, parse)
        self.findings = found

    @cached_property
    def problems(self) -> tuple[Problem, ...]:
        """All that is wrong with the notes, in order of place."""
        found = self.findings
        told: list[FoundProblem] = [
            *(problem for page in found.pages.values() for problem in page.problems),
            *found.package.problems,
        ]
        for unit in found.units:
            told += (*unit.syntax, *unit.doubts, *unit.needs)
            told += (problem for _, problem in unit.missing)
        told_of_graph = in_order(map(problem_of, told))
        return by_place(
            [*map(problem_of, found.problems), *self.unread, *self.notices, *told_of_graph]
        )

    def rows(self) -> tuple[SectionRow, ...]:
        """The sections that are scripts, and the numbered ones without code, in reading order."""
        from tangle.verbs.write_back.staleness import section_rows

        return tuple(section_rows(self.project, self.findings))

    def modules(self) -> Iterator[WantedModule]:
        """What the code imports, where a page does so first."""
        from tangle.analyse import WantedModule, once_a_page

        def wanted(found: FoundModule) -> WantedModule:
            place = Place(path=found.path, line=found.line, column=found.column)
            return WantedModule(name=found.name, place=place, section=found.section)

        modules = (module for unit in self.findings.units for module in unit.modules)
        return once_a_page(map(wanted, starmap(FoundModule, modules)))

    @cached_property
    def files(self) -> Mapping[str, str]:
        """Path and text of every file that the notes come to."""
        return {**self._made, **self.held}

    @cached_property
    def held(self) -> Mapping[str, str]:
        """Path and text of the files that pages made which were left out; they stay as they are."""
        if not self.unread:
            return {}
        from tangle.verbs.generated import held

        return held(self.project, self._made, self.unread)

    @property
    def _made(self) -> Mapping[str, str]:
        found = self.findings
        texts = (unit.script for unit in found.units if unit.chunks)
        return {**found.shared, **dict(zip(found.scripts, texts, strict=True))}

    def changes(self) -> TreeChanges:
        """What building would change.

        Raises:
            ForeignFile: a file stands in the way that tangle did not write.
        """
        root = self.project.output
        changes = plan_tree(root, self.files, owned=self.project.package.root)
        if changes.foreign:
            raise ForeignFile([root / name for name in changes.foreign])
        return changes

    def remember(self) -> None:
        """Keep what was found for the next command; not where pages could not be read."""
        if not self.unread and self.findings is not self._kept:
            self._memory.keep(self.findings)


def _brought_up_to_date(
    project: Project, known: Findings, sources: Sources, parse: Parse | None
) -> Findings | None:
    """What is found now, where that follows from what is remembered."""
    if sources.data.keys() != known.pages.keys():
        return None
    digests = {path: digest(data) for path, data in sources.data.items()}
    changed = {path: now for path, now in digests.items() if now != known.pages[path].digest}
    if not changed:
        return known
    from tangle.parse import may_conflict

    if any(may_conflict(sources.data[path]) for path in changed):
        return None
    from tangle.verbs.incremental.renewal import renewed

    return renewed(project, known, sources.data, changed, parse)


def _anew(
    project: Project, sources: Sources, parse: Parse | None
) -> tuple[Findings, tuple[Problem, ...]]:
    """What is found on all pages that can be read, and the problems of the others."""
    from tangle.parse import parse as own_parse
    from tangle.verbs.incremental.finder import find_all

    pages, unread = parsed(project, sources, parse or own_parse)
    digests = {path: digest(page.data) for path, page in pages.items()}
    return find_all(project, sources.settings, pages, digests), unread
