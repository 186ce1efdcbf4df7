"""Read the files of a graph from disk."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from msgspec import Struct, field
from msgspec.structs import replace

from tangle.activity import step
from tangle.errors import ChangedMeanwhile
from tangle.model import CONFIG, PagePath, Place, Problem
from tangle.model.problems.graph import NESTED_GRAPH
from tangle.model.problems.page import NOT_DOWNLOADED, SYNC_COPY, UNREADABLE_PAGE
from tangle.notes import digest
from tangle.store import (
    NotReadable,
    Stamp,
    file_stamps,
    graph_files,
    read_bytes,
    sync_copies,
)
from tangle.verbs.project import Project


class Sources(Struct, frozen=True, kw_only=True, eq=False):
    """The files of a graph as they are on disk now.

    Attributes:
        settings: the text of its `config.edn`.
        digests: of the bytes of every page that could be read, in order of path.
        data: those bytes; they may be read when they are asked for.
        stamps: of files that need not be read again as long as they have them.
        unread: the problems of those that could not.
        notices: what else was left out, as problems: copies by sync tools, graphs in the graph.
        org_pages: how many pages are in Org's format, which tangle does not read.
    """

    settings: str
    digests: Mapping[PagePath, str]
    data: Mapping[PagePath, bytes]
    unread: tuple[Problem, ...] = ()
    notices: tuple[Problem, ...] = ()
    stamps: Mapping[PagePath, Known] = field(default_factory=dict)
    org_pages: int = 0

    def __eq__(self, other: object) -> bool:
        """Whether the files are the same, whatever was read of them and when."""
        return isinstance(other, Sources) and _compared(self) == _compared(other)

    __hash__ = None  # type: ignore[assignment]


class Known(NamedTuple):
    """A page whose file was read: how it was then, and the digest of its bytes."""

    stamp: Stamp
    digest: str


class PageFiles(Mapping[PagePath, bytes]):
    """The bytes of pages, each read once, when it is asked for."""

    def __init__(
        self, graph: Path, digests: Mapping[PagePath, str], known: Mapping[PagePath, bytes]
    ) -> None:
        """Take the pages of a graph.

        Args:
            graph: its folder.
            digests: of the bytes of all pages.
            known: the bytes of some.
        """
        self._graph = graph
        self._digests = digests
        self._known = dict(known)

    def __getitem__(self, path: PagePath) -> bytes:
        """The bytes of a page, which still have the digest that they had."""
        found = self._known.get(path)
        if found is None:
            wanted = self._digests[path]
            try:
                found = read_bytes(self._graph / path)
            except NotReadable:
                raise ChangedMeanwhile(path) from None
            if digest(found) != wanted:
                raise ChangedMeanwhile(path)
            self._known[path] = found
        return found

    def with_pages(
        self, digests: Mapping[PagePath, str], changed: Mapping[PagePath, bytes]
    ) -> PageFiles:
        """The same pages, but for the bytes of some."""
        return PageFiles(self._graph, digests, {**self._known, **changed})

    def __contains__(self, path: object) -> bool:
        return path in self._digests

    def __iter__(self) -> Iterator[PagePath]:
        return iter(self._digests)

    def __len__(self) -> int:
        return len(self._digests)


def read_settings(project: Project) -> str:
    """The text of the graph's `config.edn`.

    Raises:
        NotReadable: it cannot be read.
    """
    return read_bytes(project.graph / CONFIG).decode("utf-8", "replace")


def read(
    project: Project,
    *,
    settings: str | None = None,
    hidden: Sequence[str] | None = None,
    known: Mapping[PagePath, Known] | None = None,
) -> Sources:
    """Read the files of a graph.

    Args:
        project: whose graph.
        settings: the text of its `config.edn`, where that is read already.
        hidden: what it says of hidden pages, where that is known.
        known: files that were read before; those that are as they were then are not opened.

    Raises:
        NotReadable: the graph's folder cannot be listed.
    """
    if settings is None:
        settings = read_settings(project)
    if hidden is None:
        from tangle.link import graph_config

        hidden = graph_config(settings)[0].hidden
    files = graph_files(project.graph, hidden)
    stamps = file_stamps(project.graph, files.pages)
    before = known or {}
    data: dict[PagePath, bytes] = {}
    digests: dict[PagePath, str] = {}
    kept: dict[PagePath, Known] = {}
    unread = [_absent(path) for path in files.absent]
    for number, path in enumerate(files.pages):
        step("reading pages", number, len(files.pages))
        stamp, last = stamps.get(path), before.get(path)
        if stamp is not None and last is not None and last.stamp == stamp:
            kept[path], digests[path] = last, last.digest
            continue
        try:
            data[path] = read_bytes(project.graph / path)
        except NotReadable as error:
            unread.append(unread_problem(project, path, error))
            continue
        digests[path] = digest(data[path])
        if stamp is not None:
            kept[path] = Known(stamp, digests[path])
    pages = PageFiles(project.graph, digests, data)
    copies = sync_copies(pages)
    return Sources(
        settings=settings,
        digests={path: found for path, found in digests.items() if path not in copies},
        data=pages,
        unread=tuple(unread),
        notices=(*(_copy(*entry) for entry in copies.items()), *map(_nested, files.nested)),
        stamps=kept,
        org_pages=files.org,
    )


def _compared(sources: Sources) -> tuple[object, ...]:
    """What says that files changed; of the bytes, their digests do."""
    digests, unread, notices = sources.digests, sources.unread, sources.notices
    return sources.settings, digests, unread, notices, sources.org_pages


def given(settings: str, data: Mapping[PagePath, bytes]) -> Sources:
    """The sources of a graph whose bytes are known, less the copies that sync tools left in it.

    Args:
        settings: the text of its `config.edn`.
        data: the bytes of every page, copies too.
    """
    copies = sync_copies(data)
    return Sources(
        settings=settings,
        digests={path: digest(data[path]) for path in sorted(data) if path not in copies},
        data=data,
        notices=tuple(_copy(*entry) for entry in copies.items()),
    )


def edited(sources: Sources, changed: Mapping[PagePath, bytes]) -> Sources:
    """Sources with other bytes of some pages, or with pages more: unsaved texts over files.

    Args:
        sources: as they are on disk.
        changed: the new texts, by path.
    """
    found = {**sources.digests, **{path: digest(data) for path, data in changed.items()}}
    digests, data = {path: found[path] for path in sorted(found)}, sources.data
    return replace(
        sources,
        digests=digests,
        data=data.with_pages(digests, changed)
        if isinstance(data, PageFiles)
        else {**data, **changed},
        stamps={path: known for path, known in sources.stamps.items() if path not in changed},
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


@contextmanager
def without_gc() -> Iterator[None]:
    """Without the collector of cycles, which looks through all that was read again and again.

    What is read is kept, and has no cycles: on ten thousand pages it takes 40 % of the time. Nor
    does it look through that later.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.freeze()
            gc.enable()


def by_place(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Problems in order of place."""
    return tuple(sorted(problems, key=_place_order))


def _place_order(problem: Problem) -> tuple[str, int, int]:
    return (problem.place.path, problem.place.line, problem.place.column)


def unread_problem(project: Project, path: PagePath, error: NotReadable) -> Problem:
    """Return the problem of a page that could not be read.

    Args:
        project: whose notes.
        path: of the page.
        error: why.
    """
    message, _, hint = str(error).removeprefix(f"{project.graph / path}: ").partition("; ")
    return UNREADABLE_PAGE.at(Place(path=path, line=1), message, hint=hint)


def shown(project: Project, problem: Problem) -> Problem:
    """Return the problem with its page's path relative to the project.

    Args:
        project: whose notes.
        problem: with a path relative to the graph.
    """
    place = replace(problem.place, path=PagePath(project.shown(problem.place.path)))
    return replace(problem, place=place)
