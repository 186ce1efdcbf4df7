"""A project's notes: the one way in which verbs read them, and where they are kept meanwhile."""

from __future__ import annotations

import hashlib
import sys
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from tangle import PAGE_SUFFIXES, STATE_FOLDER
from tangle.activity import step
from tangle.link import CONFIG, GraphConfig, graph_config, title_key
from tangle.model import Page, PagePath, Problem, SectionName
from tangle.notes import (
    Core,
    Plan,
    Query,
    UnitRow,
    digest,
    is_prose,
    page_of_title,
    pages,
    readable,
    roots,
    units,
)
from tangle.parse import parse
from tangle.store import (
    NOTES,
    Cache,
    NotReadable,
    folder_identity,
    library_stamp,
    read_bytes,
    user_key,
)
from tangle.typed_json import msgpack_decoder
from tangle.verbs import queries
from tangle.verbs.modules_here import module_files
from tangle.verbs.project import Project
from tangle.verbs.queries import KEPT, Emission, FoundOutput, emission
from tangle.verbs.sources import (
    Known,
    Sources,
    by_place,
    edited,
    read,
    read_settings,
    without_gc,
)

_BYTES: Final = 512 * 1024 * 1024
_AGE: Final = 30 * 24 * 3600.0
_LARGE: Final = 2000
"""Pages from which on a second process pays."""

_NO_NOTES: Final = frozenset({".git", ".tangle"})
_MANY: Final = 50
"""So many files whose stamp has become reliable are worth writing the store."""


class Shelf(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked of notes beyond what every command asks, kept in a document of its own.

    Attributes:
        name: of the document.
        queries: those that are kept besides the usual ones.
        roots: the answers that are remembered besides the usual ones.
    """

    name: str = ""
    queries: tuple[Query[Any, Any], ...] = ()
    roots: Callable[[Core], Iterator[tuple[Query[Any, Any], Any]]] = lambda _: iter(())


_USUAL: Final = Shelf()


class Notes:
    """A project's notes as they were read, and what they come to, worked out as it is asked for.

    Attributes:
        sources: the files that they are made of.
        config: the graph's settings.
    """

    def __init__(
        self, project: Project, sources: Sources, core: Core, shelf: Shelf = _USUAL
    ) -> None:
        """Give the files to a store.

        Args:
            project: whose notes.
            sources: the files.
            core: the store; what was asked of it before is not worked out again.
            shelf: what is kept of them besides.
        """
        self.project = project
        self.shelf = shelf
        self.sources = sources
        config, self._config_problems = graph_config(sources.settings)
        self.config = replace(
            config,
            include=project.options.include,
            exclude=project.options.exclude,
            exclude_tags=project.options.exclude_tags,
        )
        self._core = core
        give(core, project, self.config, sources)
        self._revision = core.revision
        self._plan = Plan(core)

    @property
    def is_current(self) -> bool:
        """Whether the store has not gone on to later notes."""
        return self._core.revision == self._revision

    @property
    def is_worked_out(self) -> bool:
        """Whether their sections were asked for already."""
        return "rows" in self.__dict__

    @property
    def core(self) -> Core:
        """The store of these notes; another where the one that they had has gone on."""
        if not self.is_current:
            self._core = Core()
            give(self._core, self.project, self.config, self.sources)
            self._revision = self._core.revision
            self._plan = Plan(self._core)
        return self._core

    def give(self, *inputs: tuple[Query[Any, Any], Any]) -> None:
        """Give the store of these notes more than the notes: values of inputs without a key."""
        core = self.core
        for asked, value in inputs:
            core.set(asked, "", value)
        self._revision = core.revision

    @property
    def plan(self) -> Plan:
        """The package and the sessions."""
        return self._plan if self.core is self._plan.core else Plan(self.core)

    @cached_property
    def rows(self) -> tuple[UnitRow, ...]:
        """The row of every unit, in reading order."""
        with without_gc():
            return self.plan.rows

    @cached_property
    def places(self) -> Mapping[SectionName, int]:
        """The place of each section in reading order."""
        return {row.name: place for place, row in enumerate(self.rows)}

    @cached_property
    def pages(self) -> Mapping[PagePath, Page]:
        """Every page that can be read; each is parsed when it is asked for."""
        return _Pages(self)

    @cached_property
    def unread(self) -> tuple[Problem, ...]:
        """The problems of pages that could not be read."""
        with without_gc():
            return (*self.sources.unread, *pages.unread(self.core, ""))

    @cached_property
    def problems(self) -> tuple[Problem, ...]:
        """All that is wrong with the notes, in order of place."""
        with without_gc():
            found = self.plan.problems
        return by_place([*self._config_problems, *self.unread, *self.sources.notices, *found])

    @cached_property
    def outputs(self) -> Mapping[PagePath, tuple[FoundOutput, ...]]:
        """The outputs that stand in the pages."""
        return queries.outputs(self.core, "")

    @property
    def saved_names(self) -> tuple[tuple[int, tuple[str, ...]], ...]:
        """The names that each saved statement adds to the package, by the place of its unit."""
        return units.saved_names(self.core, "")

    @property
    def named_project(self) -> Project:
        """The project, with the name that its package has."""
        return replace(self.project, package=units.package_name(self.core, ""))

    @property
    def avoided(self) -> str:
        """What a package called after the graph would hide, where it is called otherwise."""
        return units.package_choice(self.core, "").avoided

    @property
    def has_package(self) -> bool:
        """Whether they save something, or import a package that they mean to save into."""
        return bool(self.saved_names) or units.package_choice(self.core, "").by_notes

    @property
    def is_overlay(self) -> bool:
        """Whether the package is laid over an installed one of its name."""
        return units.overlay(self.core, "") is not None

    @property
    def module_text(self) -> str | None:
        """The text of the generated module; None where nothing is saved."""
        return queries.module_text(self.core, "")

    def script(self, name: SectionName) -> str:
        """The text of the script of a section that has code."""
        return queries.script(self.core, self.places[name]) or ""

    def page_of_title(self, title: str) -> PagePath | None:
        """The page of a title or alias."""
        return page_of_title(self.core, title)

    def pages_with_heading(self, number: tuple[int, ...]) -> tuple[PagePath, ...]:
        """The pages outside of books that have code and a heading, or a title, of that number."""
        return pages.pages_with_heading(self.core, number)

    def title(self, path: PagePath) -> str:
        """The title of a page that can be read."""
        return pages.facts(self.core, path).title

    def is_excluded(self, path: PagePath) -> bool:
        """Whether the configuration keeps a page from taking part."""
        return pages.excluded(self.core, path)

    def pages_tagged(self, tag: str) -> tuple[PagePath, ...]:
        """The pages with code under a tag."""
        return pages.pages_tagged(self.core, title_key(tag))

    def tags(self) -> tuple[str, ...]:
        """The tags under which code stands, in the form in which titles compare."""
        return tuple(
            sorted(frozenset().union(*(pages.code_tags(self.core, p) for p in self.pages)))
        )

    def names_of_pages(self) -> Mapping[str, PagePath]:
        """The page of each title and alias, in the form in which titles compare."""
        return pages.index(self.core, "").names

    def remember(self) -> None:
        """Keep what was worked out for the next command, and whatever that may want as well.

        The pages that changed are in memory now; later queries have to read them again.
        """
        if not (self.is_current and self._core.news):
            return
        kept = _Kept(self.project, self.sources.settings, self.shelf)
        if kept.has_place():
            with without_gc():
                for root, key in _roots(self._core):
                    root(self._core, key)
                kept.put(self._core, self.sources.stamps)


class _Pages(Mapping[PagePath, Page]):
    """The pages of notes, each parsed when it is asked for."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self._paths = dict.fromkeys(readable(notes.core))
        self._known: dict[PagePath, Page] = {}

    def __getitem__(self, path: PagePath) -> Page:
        found = self._known.get(path)
        if found is None:
            if path not in self._paths:
                raise KeyError(path)
            found = self._known[path] = self._page(path)
        return found

    def _page(self, path: PagePath) -> Page:
        notes = self._notes
        if notes.is_current:
            return pages.page(notes.core, path)
        return parse(notes.sources.data[path], path)

    def __contains__(self, path: object) -> bool:
        return path in self._paths

    def __iter__(self) -> Iterator[PagePath]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)


def give(core: Core, project: Project, config: GraphConfig, sources: Sources) -> None:
    """Give a store what a project's notes are worked out from.

    Args:
        core: the store.
        project: whose notes they are.
        config: what Logseq's configuration says.
        sources: the pages on disk.
    """
    options = project.options
    core.configure(config, project.package, borrow=options.borrow == "on", book=options.book)
    core.name_package(found=not options.package)
    modules = module_files(project)
    core.install(modules, modules.stamp(project.package), supply=options.supply == "on")
    core.set(emission, "", Emission.of(project))
    core.take(sources.digests, sources.data)


# --- reading --------------------------------------------------------------------------------------


class _LastRead(threading.local):
    """The notes that this thread, or the one that the process was forked in, has read last.

    Threads do not share them: a store may be asked in one thread only.
    """

    def __init__(self) -> None:
        self.notes: Notes | None = None


_last_read: Final = _LastRead()


def read_notes(project: Project, shelf: Shelf = _USUAL) -> Notes:
    """A project's notes as they are on disk now.

    Where nothing has changed they are the very same as before.

    Args:
        project: whose notes.
        shelf: what is kept of them besides what every command asks.

    Raises:
        NotReadable: the graph's folder, or its configuration, cannot be read.
    """
    settings = read_settings(project)
    last = _last_read.notes
    if (
        last is not None
        and last.project == project
        and last.sources.settings == settings
        and last.shelf == shelf
    ):
        stamps = last.sources.stamps
        sources = read(project, settings=settings, hidden=last.config.hidden, known=stamps)
        if sources == last.sources:
            return last
        _last_read.notes = Notes(project, sources, last.core, shelf)
        return _last_read.notes
    kept = _Kept(project, settings, shelf)
    core = Core()
    with without_gc():
        known = kept.recall(core)
        sources = read(project, settings=settings, known=known)
        found = _last_read.notes = Notes(project, sources, core, shelf)
        if not known and len(sources.digests) > _LARGE:
            _read_beside(core, sources)
    fresh = sum(known.get(path) is not entry for path, entry in sources.stamps.items())
    core.news = core.news or fresh > _MANY
    return found


def _read_beside(core: Core, sources: Sources) -> None:
    """Have a fork look at some of the pages of a large graph, while this process looks at others.

    The fork takes pages of prose: what is known of them is small, and no more is asked of them.
    """
    from tangle.engine.side_task import beside

    prose, others = [], 0
    for path in sources.digests:
        data = sources.data[path]
        if is_prose(data):
            prose.append(path)
        else:
            others += len(data)
    sizes = tuple(accumulate(len(sources.data[path]) for path in prose))
    half = ((sizes[-1] if sizes else 0) + others) / 2
    share = sum(size <= half for size in sizes)
    outcome = beside(lambda: pages.work_out_facts(core, prose[:share]))
    own = set(sources.digests).difference(prose[:share])
    try:
        for number, path in enumerate(sources.digests):
            step("looking for code", number, len(sources.digests))
            if path in own:
                pages.facts_alone(core, path)
    finally:
        found = outcome()
    if found is not None:
        pages.adopt_facts(core, found)


def held_notes(project: Project, shelf: Shelf = _USUAL) -> Notes:
    """A project's notes with the bytes of all pages in memory, for a look that lasts.

    Args:
        project: whose notes.
        shelf: what is kept of them besides what every command asks.

    Raises:
        NotReadable: the graph's folder cannot be listed.
    """
    sources = read(project)
    return Notes(project, sources, recalled(project, sources, shelf), shelf)


def recalled(project: Project, sources: Sources, shelf: Shelf = _USUAL) -> Core:
    """Return a store for a project's notes, with the answers that are kept on disk.

    Args:
        project: whose notes.
        sources: the files.
        shelf: as for `held_notes`.
    """
    core = Core()
    _Kept(project, sources.settings, shelf).recall(core)
    return core


def updated(notes: Notes, paths: Collection[Path]) -> Notes:
    """Notes after some files may have changed; the very same where they are no others.

    Args:
        notes: as `held_notes` gave them.
        paths: what the system says has changed.

    Raises:
        NotReadable: the graph's folder cannot be listed.
    """
    before = notes.sources
    sources = sources_after(notes.project, before, paths)
    return notes if sources == before else Notes(notes.project, sources, notes.core, notes.shelf)


def sources_after(project: Project, before: Sources, paths: Collection[Path]) -> Sources:
    """Return the files of a graph after changes; the same object if nothing changed.

    Args:
        project: whose notes.
        before: the files as they were.
        paths: what the system says has changed.

    Raises:
        NotReadable: the graph's folder cannot be listed.
    """
    graph = project.graph
    named = [path.relative_to(graph) for path in paths if path.is_relative_to(graph)]
    about = {PagePath(path.as_posix()) for path in named if _may_matter(path)}
    if not about:
        return before
    data = _read_again(graph, about) if about <= before.digests.keys() else None
    if data is None:  # a page came or went, a folder was renamed, or the settings are others
        return read(project)
    changed = {p: d for p, d in data.items() if digest(d) != before.digests[p]}
    return edited(before, changed) if changed else before


def _read_again(graph: Path, paths: Collection[PagePath]) -> dict[PagePath, bytes] | None:
    """What known pages hold; None where one cannot be read, or is a page no more."""
    found: dict[PagePath, bytes] = {}
    for path in paths:
        file = graph / path
        if file.is_symlink():
            return None
        try:
            found[path] = read_bytes(file)
        except NotReadable:
            return None
    return found


def _may_matter(path: Path) -> bool:
    """Whether a path below the graph may be a page, the settings, or a folder of pages."""
    if not _NO_NOTES.isdisjoint(path.parts) or path.name.startswith("."):
        return False
    return path.suffix in (*PAGE_SUFFIXES, "") or path.as_posix() == CONFIG


def remember_notes() -> None:
    """Keep the notes that this thread has read last for the next command."""
    if _last_read.notes is not None:
        _last_read.notes.remember()


def forget_notes() -> None:
    """Keep nothing in this thread."""
    _last_read.notes = None


# --- on disk --------------------------------------------------------------------------------------


class _Document(msgspec.Struct):
    """Notes on disk."""

    files: dict[PagePath, Known]
    store: bytes


_document: Final = msgpack_decoder(_Document)


class _Kept:
    """What is kept of a project with these settings.

    What was kept by another tangle, by another Python, for other options or in another folder
    counts as nothing, and so does what is damaged.
    """

    def __init__(self, project: Project, settings: str, shelf: Shelf = _USUAL) -> None:
        self._shelf = shelf
        self._cache = Cache(project.state / NOTES, bytes, key=user_key())
        self._folder = project.state / STATE_FOLDER
        self._facts = repr(
            (
                *(library_stamp(), sys.version, msgspec.__version__),
                *(str(project.root), str(project.graph), str(project.output)),
                *(str(project.package), repr(project.options), settings, shelf.name),
            )
        )

    def recall(self, core: Core) -> Mapping[PagePath, Known]:
        """Fill a store; the files that need not be read again."""
        key = self._key()
        data = self._cache.get_bytes(key) if key else None
        if data is None:
            return {}
        try:
            document = _document.decode(data)
            core.load(document.store, (*KEPT, *self._shelf.queries))
        except (ValueError, IndexError, msgspec.MsgspecError):
            return {}
        return document.files

    def has_place(self) -> bool:
        """Whether the project has a folder to keep it in."""
        return self._key() is not None

    def put(self, core: Core, files: Mapping[PagePath, Known]) -> None:
        """Keep a store, where the project has a folder for tangle's own files already."""
        if key := self._key():
            store = core.dump((*_roots(core), *self._shelf.roots(core)))
            self._cache.put_bytes(
                key, msgspec.msgpack.encode(_Document(files=dict(files), store=store))
            )
            self._cache.prune(_BYTES, _AGE)

    def _key(self) -> str | None:
        """The settings' digest, with what no other machine's folder has: a copied one is no use."""
        folder = folder_identity(self._folder)
        if folder is None:
            return None
        return hashlib.sha256(f"{folder}\n{self._facts}".encode("utf-8", "replace")).hexdigest()


def _roots(core: Core) -> Iterator[tuple[Query[Any, Any], Any]]:
    yield from roots(core)
    yield queries.module_text, ""
    yield queries.outputs, ""
    for place in range(pages.unit_count(core, "")):
        yield queries.script, place
