"""Notes to plan: reads every page and works out what the notes come to; runs nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tangle.analyse import Plan, plan
from tangle.link import GraphConfig, graph_config, link
from tangle.model import Page, PagePath, Problem
from tangle.parse import NotUtf8, parse
from tangle.pipeline.project import Project
from tangle.pipeline.reading import Sources, by_place, read, unread_problem, without_gc


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A project's notes as they are on disk now, and what they come to.

    Attributes:
        pages: every page that could be read.
        unread: the problems of pages that could not be read.
        problems: all that is wrong with the notes, in order of place.
    """

    project: Project
    config: GraphConfig
    pages: Mapping[PagePath, Page]
    plan: Plan
    unread: tuple[Problem, ...]
    problems: tuple[Problem, ...]


def load(project: Project, *, known: Mapping[PagePath, Page] | None = None) -> Loaded:
    """Read the notes, and work out what they come to.

    Args:
        project: whose notes.
        known: pages read before; one whose bytes are the same is not parsed again.

    Raises:
        NotReadable: the graph's folder cannot be listed.
    """
    return loaded(project, read(project), known=known)


def loaded(
    project: Project, sources: Sources, *, known: Mapping[PagePath, Page] | None = None
) -> Loaded:
    """What the files of a graph come to.

    Args:
        project: whose notes.
        sources: the files.
        known: pages read before; one whose bytes are the same is not parsed again.
    """
    with without_gc():
        return _loaded(project, sources, known or {})


def _loaded(project: Project, sources: Sources, known: Mapping[PagePath, Page]) -> Loaded:
    config, problems = graph_config(sources.settings)
    pages: dict[PagePath, Page] = {}
    unread = list(sources.unread)
    for path, data in sources.data.items():
        before = known.get(path)
        try:
            pages[path] = (
                before if before is not None and before.data == data else parse(data, path)
            )
        except NotUtf8 as error:
            unread.append(unread_problem(project, path, error))
    graph = link(pages.values(), config)
    result = plan(graph, project.package, borrow=project.options.borrow == "on")
    return Loaded(
        project=project,
        config=config,
        pages=pages,
        plan=result,
        unread=tuple(unread),
        problems=by_place([*problems, *unread, *result.problems]),
    )
