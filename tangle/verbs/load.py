"""Notes to plan: reads every page and works out what the notes come to; runs nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from tangle.analyse import Known, Plan, plan
from tangle.link import GraphConfig, KnownPages, link
from tangle.model import Page, PagePath, Problem
from tangle.parse import parse
from tangle.verbs.project import Project
from tangle.verbs.sources import (
    Sources,
    by_place,
    graph_settings,
    parsed,
    read,
    read_settings,
    without_gc,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A project's notes as they are on disk now, and what they come to.

    Attributes:
        sources: the files that it was made of.
        pages: every page that could be read.
        unread: the problems of pages that could not be read.
        problems: all that is wrong with the notes, in order of place.
    """

    project: Project
    sources: Sources
    config: GraphConfig
    pages: Mapping[PagePath, Page]
    plan: Plan
    unread: tuple[Problem, ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LastTime:
    """What loading the same project's notes has found out, for the next time; it learns.

    Attributes:
        pages: of linking.
        plan: of planning; None where nothing is to be learnt.
    """

    pages: KnownPages = field(default_factory=KnownPages)
    plan: Known | None = None


@dataclass(slots=True, kw_only=True)
class ReadAhead:
    """Notes that this process, or the one that it was forked from, has read before.

    Attributes:
        notes: what they came to; None where none were read.
        last: what was found out about them.
    """

    notes: Loaded | None = None
    last: LastTime = field(default_factory=lambda: LastTime(plan=Known()))

    def forget(self) -> None:
        """Knows nothing any more."""
        self.notes = None
        self.last = LastTime(plan=Known())

    def of(self, project: Project) -> Loaded | None:
        """What a project's notes came to, if they are those that were read."""
        return self.notes if self.notes is not None and self.notes.project == project else None


AHEAD: Final = ReadAhead()


def load(project: Project, *, before: Loaded | None = None) -> Loaded:
    """Read the notes, and work out what they come to.

    Args:
        project: whose notes.
        before: what they came to before; it still does where no byte of them has changed, and
            pages whose bytes are the same are not parsed again. Without it, what was read ahead.

    Raises:
        NotReadable: the graph's folder cannot be listed.
    """
    ahead = AHEAD.of(project)
    before = before or ahead
    if before is None:
        return loaded(project, read(project))
    settings = read_settings(project)
    same = settings == before.sources.settings
    sources = read(project, settings=settings, hidden=before.config.hidden if same else None)
    if before.project == project and before.sources == sources:
        return before
    last = AHEAD.last if ahead is not None else None
    return loaded(project, sources, known=before.pages, last=last)


def loaded(
    project: Project,
    sources: Sources,
    *,
    known: Mapping[PagePath, Page] | None = None,
    last: LastTime | None = None,
) -> Loaded:
    """What the files of a graph come to.

    Args:
        project: whose notes.
        sources: the files.
        known: pages read before; one whose bytes are the same is not parsed again.
        last: what was found out the last time.
    """
    with without_gc():
        return _loaded(project, sources, known or {}, last or LastTime())


def _loaded(
    project: Project, sources: Sources, known: Mapping[PagePath, Page], last: LastTime
) -> Loaded:
    config, problems = graph_settings(project, sources.settings)

    def page(data: bytes, path: PagePath) -> Page:
        before = known.get(path)
        return before if before is not None and before.data == data else parse(data, path)

    pages, unread = parsed(project, sources, page)
    graph = link(pages.values(), config, known=last.pages)
    borrow = project.options.borrow == "on"
    result = plan(graph, project.package, borrow=borrow, known=last.plan)
    return Loaded(
        project=project,
        sources=sources,
        config=config,
        pages=pages,
        plan=result,
        unread=unread,
        problems=by_place([*problems, *unread, *sources.notices, *result.problems]),
    )
