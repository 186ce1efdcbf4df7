"""The shared cache by hand: what is in it, pushing, pulling and pruning, and this user's key."""

from __future__ import annotations

import getpass
import re
import time
from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from tangle.errors import Refused, UsageError
from tangle.model import SectionName
from tangle.store import user_key
from tangle.store.remote.object_store import ObjectStore, StoredObject, shown_address
from tangle.store.remote.signing import key_path, make_key, own_key
from tangle.verbs.job_builder import RunOptions
from tangle.verbs.left_out import chosen
from tangle.verbs.notes import read_notes
from tangle.verbs.project import Project
from tangle.verbs.reports.values import Maker
from tangle.verbs.results.cache import Answers
from tangle.verbs.results.cache_settings import NoCache, cache_settings
from tangle.verbs.results.kept_runs import KeptRun, KeptRuns
from tangle.verbs.results.keyed_jobs import KeyedJob, keyed_jobs
from tangle.verbs.results.places import places_of
from tangle.verbs.results.run_sharing import as_answer, shareable, shared_cache, take_over
from tangle.verbs.results.shared import Pushed
from tangle.verbs.results.world import World

_ENTRY: Final = re.compile(
    r"[0-9a-f]{2}/[0-9a-f]{64}/(?:[0-9a-f]{16}\.\d+|\.[0-9a-f]{16}\.\d+\.[0-9a-f]{16}\.draft)"
)
"""Names of entries, and of drafts of them; what else is below the store's address is not touched.

A folder keeps the draft of a process that was ended while it wrote.
"""

_PATIENCE: Final = 60.0
"""Seconds that a command that is about nothing else waits for each answer of the store."""


class KeyReport(Struct, frozen=True, kw_only=True):
    """This user's key.

    Attributes:
        named: the public key after a name, as the configuration takes it.
        path: of the file that holds the private one.
        made: whether it was made now.
    """

    named: str
    path: str
    made: bool


class SharedEntry(Struct, frozen=True, kw_only=True):
    """What a shared cache has for a section.

    Attributes:
        maker: who ran it, and when; None where there is nothing that counts.
        device: that it was run on.
        answers: whether it answers here, with the files and packages of this machine.
    """

    section: SectionName
    maker: Maker | None = None
    device: str = ""
    answers: bool = False


class CacheStatus(Struct, frozen=True, kw_only=True):
    """The state of a shared cache.

    Attributes:
        address: without a password.
        trouble: what is wrong with the store; empty where it answers.
        keys: the names of the keys whose results count.
        writes: whether runs put results there.
    """

    address: str
    trouble: str
    keys: tuple[str, ...]
    writes: bool
    sections: tuple[SharedEntry, ...]


class Pulled(Struct, frozen=True, kw_only=True):
    """What was taken over from a shared cache.

    Attributes:
        new: sections that were taken over.
        known: how many have an answer here already.
        absent: how many have no answer there.
    """

    new: tuple[SharedEntry, ...]
    known: int
    absent: int


class PruneTerms(Struct, frozen=True, kw_only=True):
    """What is removed from a shared cache.

    Attributes:
        age: seconds after which nothing new was put under a name; None for any age. Where the
            store does not say when that was, nothing is too old.
        size: bytes that may stay; None for any number.
        dry_run: remove nothing.
    """

    age: float | None
    size: int | None
    dry_run: bool


class Pruned(Struct, frozen=True, kw_only=True):
    """What was removed from a shared cache, and what is left."""

    removed: int
    freed: int
    left: int
    size: int


def key(name: str | None) -> KeyReport:
    """Return this user's key, which is made if there is none.

    Args:
        name: that others shall know it by; None for the user's.

    Raises:
        NotPrivate: other users can read it.
        DamagedKey, NoKeyFolder, NotWritable, MissingPackage: it cannot be read, or not be made.
    """
    found = own_key()
    pair = found or make_key()
    named = f"{name or _user_name()}:{pair.public}"
    return KeyReport(named=named, path=str(key_path()), made=found is None)


def status(project: Project, sections: Sequence[str] | None) -> CacheStatus:
    """Return the state of the project's shared cache, and what it has for sections.

    Args:
        project: whose notes.
        sections: names of sections; None for all.

    Raises:
        NoCache, CacheNotTrusted: there is none that may be used.
    """
    cache = _Cache(project, sections)
    entries: dict[str, SharedEntry] = {}
    by_name = {each.keys.name: each for each in cache.wanted}

    def accept(name: str, kept: KeptRuns) -> bool:
        each = by_name[name]
        answers = as_answer(cache.answers, cache.world, each, kept) is not None
        if name not in entries or (answers and not entries[name].answers):
            entries[name] = cache.entry(each, kept.runs[0], answers=answers)
        return answers

    cache.shared.fetch(by_name, accept)
    return CacheStatus(
        address=shown_address(cache.settings.address),
        trouble=cache.shared.trouble,
        keys=tuple(sorted(cache.shared.trusted.values())),
        writes=cache.settings.writes,
        sections=tuple(
            entries.get(name) or SharedEntry(section=each.job.section)
            for name, each in by_name.items()
        ),
    )


def push(project: Project, sections: Sequence[str] | None) -> Pushed:
    """Put the results of this user's that the cache here holds into the shared cache.

    Args:
        project: whose notes.
        sections: names of sections; None for all.

    Raises:
        NoCache, CacheNotTrusted: there is none that may be used.
        NoKey: this user has no key.
        StoreFailed: the store does not do what it should.
    """
    cache = _Cache(project, sections)
    if not cache.shared.can_push:
        raise NoKey
    pushed = cache.shared.push(shareable(cache.answers, cache.world, cache.wanted))()
    cache.check()
    return pushed


def pull(project: Project, sections: Sequence[str] | None) -> Pulled:
    """Take over from the shared cache what answers here.

    Args:
        project: whose notes.
        sections: names of sections; None for all.

    Raises:
        NoCache, CacheNotTrusted: there is none that may be used.
        StoreFailed: the store does not answer as it should.
    """
    cache = _Cache(project, sections)
    wanted = [e for e in cache.wanted if cache.answers.answer(e.job, e.keys) is None]
    found = take_over(cache.shared, cache.new_answers(), cache.world, wanted)
    cache.check()
    new = tuple(
        cache.entry(each, found[each.keys.name], answers=True)
        for each in wanted
        if each.keys.name in found
    )
    return Pulled(new=new, known=len(cache.wanted) - len(wanted), absent=len(wanted) - len(new))


def prune(project: Project, terms: PruneTerms) -> Pruned:
    """Remove old entries from the shared cache, and the oldest beyond a size.

    Entries under one name go together: a reader looks for the next only where there is one before.

    Args:
        project: whose shared cache.
        terms: what is to be removed.

    Raises:
        NoCache, CacheNotTrusted: there is none that may be used.
        StoreFailed: the store does not list or remove what it holds.
    """
    settings = cache_settings(project)
    if settings is None:
        raise NoCache
    store = ObjectStore(settings.address)
    groups: defaultdict[str, list[StoredObject]] = defaultdict(list)
    for each in store.objects():
        if _ENTRY.fullmatch(each.name):
            groups[each.name.rpartition(".")[0]].append(each)
    newest_first = sorted(groups.values(), key=_modified, reverse=True)
    now, removed, freed, left, size = time.time(), 0, 0, 0, 0
    for group in newest_first:
        more = sum(each.size for each in group)
        old = terms.age is not None and 0 < _modified(group) < now - terms.age
        if old or (terms.size is not None and size + more > terms.size):
            removed, freed = removed + len(group), freed + more
            for each in group if not terms.dry_run else ():
                store.remove(each.name)
        else:
            left, size = left + len(group), size + more
    return Pruned(removed=removed, freed=freed, left=left, size=size)


class NoKey(UsageError):
    """This user has no key that could sign results."""

    def __init__(self) -> None:
        """Say how to make one."""
        super().__init__("there is no key to sign results with; make one: tangle cache key")


class _Cache:
    """The shared cache of a project with what a command needs beside it."""

    def __init__(self, project: Project, sections: Sequence[str] | None) -> None:
        settings = cache_settings(project)
        if settings is None:
            raise NoCache
        self.settings: Final = settings
        self.shared: Final = shared_cache(settings, patience=_PATIENCE)
        self.world: Final = World(places=places_of(project.root))
        self._state = project.state
        self.answers: Final = self.new_answers()
        loaded = read_notes(project)
        jobs = keyed_jobs(loaded, chosen(loaded, sections), RunOptions())
        self.wanted: Final = [each for each in jobs if each.job.cells]

    def new_answers(self) -> Answers:
        """The results that are kept here, as if nothing had been asked for yet."""
        return Answers(self._state, user_key(), self.world, frozenset(self.shared.trusted))

    def entry(self, each: KeyedJob, run: KeptRun, *, answers: bool) -> SharedEntry:
        """What the store has for a section."""
        maker = Maker(who=self.shared.trusted[run.signer], when=run.made)
        device = run.cells[-1].end.device
        return SharedEntry(section=each.job.section, maker=maker, device=device, answers=answers)

    def check(self) -> None:
        """Raise the error that turned the store off, if one did."""
        if self.shared.trouble:
            raise StoreOff(self.shared.trouble)


class StoreOff(Refused):
    """The store did not do what it should."""


def _modified(group: Sequence[StoredObject]) -> float:
    """When the newest of some objects was written; 0 where the store does not say."""
    return max(each.modified for each in group)


def _user_name() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "me"
