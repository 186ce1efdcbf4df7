"""Notes to plan: reads every page and works out what the notes come to; runs nothing."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

from tangle.analyse import Known, Plan, plan
from tangle.link import CONFIG, GraphConfig, KnownPages, graph_config, link
from tangle.model import Page, PagePath, Place, Problem, Uuid
from tangle.parse import NotUtf8, parse
from tangle.pipeline.project import Project
from tangle.store import NotReadable, page_files, read_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """The files of a graph as they are on disk now.

    Attributes:
        settings: the text of its `config.edn`.
        data: the bytes of every page that could be read.
        unread: the problems of those that could not.
    """

    settings: str
    data: Mapping[PagePath, bytes]
    unread: tuple[Problem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A project's notes as they are on disk now, and what they come to.

    Attributes:
        sources: the files, as they were read.
        pages: every page that could be read.
        unread: the problems of pages that could not be read.
        problems: all that is wrong with the notes, in order of place.
    """

    project: Project
    config: GraphConfig
    sources: Sources
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


def read(project: Project) -> Sources:
    """Read the files of a graph.

    Raises:
        NotReadable: the graph's folder cannot be listed.
    """
    settings = read_bytes(project.graph / CONFIG).decode("utf-8", "replace")
    config, _ = graph_config(settings)
    data: dict[PagePath, bytes] = {}
    unread: list[Problem] = []
    for path in page_files(project.graph, config.hidden):
        try:
            data[path] = read_bytes(project.graph / path)
        except NotReadable as error:
            unread.append(_unread(project.graph / path, path, error))
    return Sources(settings=settings, data=data, unread=tuple(unread))


def load(project: Project, *, known: Mapping[PagePath, Page] | None = None) -> Loaded:
    """Read the notes, and work out what they come to.

    Args:
        project: whose notes.
        known: pages read before; one whose bytes are the same is not parsed again.

    Raises:
        NotReadable: the graph's folder cannot be listed.
    """
    return loaded(project, read(project), known=known)


def reload(before: Loaded) -> Loaded:
    """The notes as they are on disk now; the same as before where no byte of them has changed.

    Raises:
        NotReadable: the graph's folder cannot be listed.
    """
    sources = read(before.project)
    if sources == before.sources:
        return before
    return loaded(before.project, sources, known=before.pages)


def loaded(
    project: Project,
    sources: Sources,
    *,
    known: Mapping[PagePath, Page] | None = None,
    elsewhere: AbstractSet[Uuid] = frozenset(),
    last: LastTime | None = None,
) -> Loaded:
    """What the files of a graph come to.

    Args:
        project: whose notes.
        sources: the files.
        known: pages read before; one whose bytes are the same is not parsed again.
        elsewhere: ids of blocks on pages that are not among the files.
        last: what was found out the last time.
    """
    with _without_collector():
        return _loaded(project, sources, known or {}, elsewhere, last or LastTime())


@contextmanager
def _without_collector() -> Iterator[None]:
    """Without the collector of cycles, which looks through all that was read again and again.

    What is read is kept, and has no cycles: on ten thousand pages it takes 40 % of the time.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _loaded(
    project: Project,
    sources: Sources,
    known: Mapping[PagePath, Page],
    elsewhere: AbstractSet[Uuid],
    last: LastTime,
) -> Loaded:
    config, problems = _config(sources.settings)
    pages: dict[PagePath, Page] = {}
    unread = list(sources.unread)
    for path, data in sources.data.items():
        before = known.get(path)
        try:
            pages[path] = (
                before if before is not None and before.data == data else parse(data, path)
            )
        except NotUtf8 as error:
            unread.append(_unread(project.graph / path, path, error))
    graph = link(pages.values(), config, elsewhere=elsewhere, known=last.pages)
    borrow = project.options.borrow == "on"
    result = plan(graph, project.package, borrow=borrow, known=last.plan)
    found = sorted([*problems, *unread, *result.problems], key=_place_order)
    return Loaded(
        project=project,
        config=config,
        sources=sources,
        pages=pages,
        plan=result,
        unread=tuple(unread),
        problems=tuple(found),
    )


@lru_cache(maxsize=4)
def _config(settings: str) -> tuple[GraphConfig, tuple[Problem, ...]]:
    config, problems = graph_config(settings)
    return config, tuple(problems)


def _place_order(problem: Problem) -> tuple[str, int, int]:
    return (problem.place.path, problem.place.line, problem.place.column)


def _unread(file: Path, path: PagePath, error: NotUtf8 | NotReadable) -> Problem:
    line = error.line if isinstance(error, NotUtf8) else 1
    code = "not-utf8" if isinstance(error, NotUtf8) else "unreadable-page"
    said = str(error).removeprefix(f"{path}:{line}: ").removeprefix(f"{file}: ")
    message, _, hint = said.partition("; ")
    return Problem(
        code=code,
        severity="error",
        place=Place(path=path, line=line),
        message=message,
        hint=hint or None,
    )


def shown(project: Project, problem: Problem) -> Problem:
    """The problem with its page's path as messages name it."""
    place = replace(problem.place, path=PagePath(project.shown(problem.place.path)))
    return replace(problem, place=place)
