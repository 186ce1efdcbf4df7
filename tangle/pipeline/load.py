"""Notes to plan: reads every page and works out what the notes come to; runs nothing."""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from tangle import __version__
from tangle.analyse import Known, Plan, plan
from tangle.link import CONFIG, GraphConfig, KnownPages, graph_config, link
from tangle.model import Page, PagePath, Place, Problem, Uuid
from tangle.parse import NotUtf8, parse
from tangle.pipeline.project import Project
from tangle.store import (
    LOCK_FOLDER,
    Cache,
    NotReadable,
    folder_identity,
    page_files,
    read_bytes,
)

SETTINGS: Final = ".tangle/settings"
"""What the graph's settings were read as, on this machine."""


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


def read(project: Project) -> Sources:
    """Read the files of a graph.

    Raises:
        NotReadable: the graph's folder cannot be listed.
    """
    settings = read_bytes(project.graph / CONFIG).decode("utf-8", "replace")
    config, _ = _config(project, settings)
    data: dict[PagePath, bytes] = {}
    unread: list[Problem] = []
    for path in page_files(project.graph, config.hidden):
        try:
            data[path] = read_bytes(project.graph / path)
        except NotReadable as error:
            unread.append(_unread(project.graph / path, path, error))
    return Sources(settings=settings, data=data, unread=tuple(unread))


def _config(project: Project, settings: str) -> tuple[GraphConfig, tuple[Problem, ...]]:
    """What a `config.edn` says; remembered where tangle has a folder, as it is slow to read."""
    folder = folder_identity(project.state / LOCK_FOLDER)
    if folder is None:
        return graph_config(settings)
    facts = f"{folder}\0{__version__}\0{settings}".encode("utf-8", "surrogatepass")
    key = hashlib.sha256(facts).hexdigest()
    cache = Cache(project.state / SETTINGS)
    if (known := _as_config(cache.get(key))) is not None:
        return known, ()
    config, problems = graph_config(settings)
    if not problems:
        cache.put(key, asdict(config))
    return config, problems


def _as_config(document: Mapping[str, Any] | None) -> GraphConfig | None:
    if document is None:
        return None
    try:
        return GraphConfig(**{**document, "hidden": tuple(document["hidden"])})
    except (KeyError, TypeError):
        return None


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
    config, problems = _config(project, sources.settings)
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
        sources=sources,
        config=config,
        pages=pages,
        plan=result,
        unread=tuple(unread),
        problems=tuple(found),
    )


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
