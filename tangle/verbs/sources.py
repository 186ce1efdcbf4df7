"""Read the files of a graph from disk."""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from tangle import STATE_FOLDER, __version__
from tangle.model import CONFIG, Page, PagePath, Place, Problem
from tangle.model.problems.graph import NESTED_GRAPH
from tangle.model.problems.page import NOT_DOWNLOADED, NOT_UTF8, SYNC_COPY, UNREADABLE_PAGE
from tangle.store import (
    SETTINGS,
    Cache,
    GraphFiles,
    NotReadable,
    folder_identity,
    graph_files,
    read_bytes,
    sync_copies,
    user_key,
)
from tangle.verbs.project import Project

if TYPE_CHECKING:
    from tangle.link import GraphConfig
    from tangle.parse import NotUtf8

"""What the graph's settings were read as, on this machine."""

_BYTES: Final = 2**20
_AGE: Final = 90 * 24 * 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """The files of a graph as they are on disk now.

    Attributes:
        settings: the text of its `config.edn`.
        data: the bytes of every page that could be read.
        unread: the problems of those that could not.
        notices: what else was left out, as problems: copies by sync tools, graphs in the graph.
    """

    settings: str
    data: Mapping[PagePath, bytes]
    unread: tuple[Problem, ...] = ()
    notices: tuple[Problem, ...] = ()


def read_settings(project: Project) -> str:
    """The text of the graph's `config.edn`.

    Raises:
        NotReadable: it cannot be read.
    """
    return read_bytes(project.graph / CONFIG).decode("utf-8", "replace")


def read(
    project: Project, *, settings: str | None = None, hidden: Sequence[str] | None = None
) -> Sources:
    """Read the files of a graph.

    Args:
        project: whose graph.
        settings: the text of its `config.edn`, where that is read already.
        hidden: what it says of hidden pages, where that is known.

    Raises:
        NotReadable: the graph's folder cannot be listed.
    """
    if settings is None:
        settings = read_settings(project)
    if hidden is None:
        hidden = graph_settings(project, settings)[0].hidden
    files = graph_files(project.graph, hidden)
    data: dict[PagePath, bytes] = {}
    unread = [_absent(path) for path in files.absent]
    for path in files.pages:
        try:
            data[path] = read_bytes(project.graph / path)
        except NotReadable as error:
            unread.append(unread_problem(project, path, error))
    return without_copies(settings, data, unread, files)


def without_copies(
    settings: str,
    data: Mapping[PagePath, bytes],
    unread: Iterable[Problem] = (),
    files: GraphFiles | None = None,
) -> Sources:
    """The sources of a graph, less the copies that sync tools left beside its pages.

    Args:
        settings: the text of its `config.edn`.
        data: the bytes of every page that could be read, copies too.
        unread: the problems of those that could not.
        files: what stands in the graph's folder, where that is known.
    """
    copies = sync_copies(data)
    nested = files.nested if files is not None else ()
    return Sources(
        settings=settings,
        data={path: text for path, text in data.items() if path not in copies} if copies else data,
        unread=tuple(unread),
        notices=(*(_copy(*entry) for entry in copies.items()), *map(_nested, nested)),
    )


def _absent(path: PagePath) -> Problem:
    return NOT_DOWNLOADED.at(
        Place(path=path, line=1),
        "this page is in iCloud and not on this machine, so it is left out",
    )


def _copy(path: PagePath, original: PagePath) -> Problem:
    return SYNC_COPY.at(
        Place(path=path, line=1),
        f"this is a copy of {original} that a sync tool made, and is left out",
    )


def _nested(folder: PagePath) -> Problem:
    return NESTED_GRAPH.at(
        Place(path=PagePath(f"{folder}/{CONFIG}"), line=1),
        "this folder is a separate graph, and its pages are left out of this one",
        hint=f"run tangle in that folder for them, or move {CONFIG} away to make it one graph",
    )


def parsed(
    project: Project, sources: Sources, parse: Callable[[bytes, PagePath], Page]
) -> tuple[dict[PagePath, Page], tuple[Problem, ...]]:
    """Return the parsed pages, and the problems of pages that cannot be read.

    One with an unresolved merge conflict is none of them: two versions of it stand there at once.

    Args:
        project: whose notes.
        sources: the files of its graph.
        parse: reads a page.
    """
    from tangle.parse import NotUtf8, merge_conflict

    pages: dict[PagePath, Page] = {}
    unread = list(sources.unread)
    for path, data in sources.data.items():
        try:
            page = parse(data, path)
        except NotUtf8 as error:
            unread.append(unread_problem(project, path, error))
            continue
        if (conflict := merge_conflict(page)) is not None:
            unread.append(conflict)
        else:
            pages[path] = page
    return pages, tuple(unread)


def graph_settings(project: Project, settings: str) -> tuple[GraphConfig, tuple[Problem, ...]]:
    """Return the settings of a `config.edn`, cached in the state folder, as it is slow to read.

    Args:
        project: whose notes.
        settings: the text of the file.
    """
    from tangle.link import GraphConfig, graph_config

    folder = folder_identity(project.state / STATE_FOLDER)
    if folder is None:
        return graph_config(settings)
    facts = f"{folder}\0{__version__}\0{settings}".encode("utf-8", "surrogatepass")
    key = hashlib.sha256(facts).hexdigest()
    # With the text, so that no other document can pass for one: each setting has a default.
    cache = Cache(project.state / SETTINGS, tuple[str, GraphConfig], key=user_key())
    known = cache.get(key)
    if known is not None and known[0] == settings:
        return known[1], ()
    config, problems = graph_config(settings)
    if not problems:
        cache.put(key, (settings, config))
        cache.prune(_BYTES, _AGE)
    return config, problems


@contextmanager
def without_gc() -> Iterator[None]:
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


def by_place(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Problems in order of place."""
    return tuple(sorted(problems, key=_place_order))


def _place_order(problem: Problem) -> tuple[str, int, int]:
    return (problem.place.path, problem.place.line, problem.place.column)


def unread_problem(project: Project, path: PagePath, error: NotUtf8 | NotReadable) -> Problem:
    """Return the problem of a page that could not be read.

    Args:
        project: whose notes.
        path: of the page.
        error: why.
    """
    file = project.graph / path
    unreadable = isinstance(error, NotReadable)
    line = 1 if isinstance(error, NotReadable) else error.line
    kind = UNREADABLE_PAGE if unreadable else NOT_UTF8
    said = str(error).removeprefix(f"{path}:{line}: ").removeprefix(f"{file}: ")
    message, _, hint = said.partition("; ")
    return kind.at(Place(path=path, line=line), message, hint=hint)


def shown(project: Project, problem: Problem) -> Problem:
    """Return the problem with its page's path relative to the project.

    Args:
        project: whose notes.
        problem: with a path relative to the graph.
    """
    place = replace(problem.place, path=PagePath(project.shown(problem.place.path)))
    return replace(problem, place=place)
