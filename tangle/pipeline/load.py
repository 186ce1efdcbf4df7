"""Notes to plan: reads every page and works out what the notes come to; runs nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tangle.analyse import Known, Plan, plan
from tangle.link import GraphConfig, KnownPages, link
from tangle.model import Page, PagePath, Problem
from tangle.parse import parse
from tangle.pipeline.project import Project
from tangle.pipeline.reading import (
    Sources,
    by_place,
    graph_settings,
    parsed,
    read,
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


def load(project: Project, *, before: Loaded | None = None) -> Loaded:
    """Read the notes, and work out what they come to.

    Args:
        project: whose notes.
        before: what they came to before; it still does where no byte of them has changed, and
            pages whose bytes are the same are not parsed again.

    Raises:
        NotReadable: the graph's folder cannot be listed.
    """
    sources = read(project)
    if before is not None and before.project == project and before.sources == sources:
        return before
    return loaded(project, sources, known=before.pages if before is not None else None)


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
        problems=by_place([*problems, *unread, *result.problems]),
    )
