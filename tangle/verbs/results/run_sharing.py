"""The shared cache in a run: what it answers, and what is put there after the outputs are written.

Whatever is wrong with it, the sections run; each thing that is wrong is said once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

from tangle.engine.events import Noticed, Observer
from tangle.errors import TangleError
from tangle.store.remote.object_store import ObjectStore
from tangle.store.remote.signing import KeyPair, own_key
from tangle.verbs.project import Project
from tangle.verbs.results.cache import Answers
from tangle.verbs.results.cache_settings import CacheSettings, cache_settings
from tangle.verbs.results.exchanged_runs import to_keep, to_share
from tangle.verbs.results.kept_runs import KeptRun, KeptRuns
from tangle.verbs.results.keyed_jobs import KeyedJob
from tangle.verbs.results.shared import Pushed, Shared
from tangle.verbs.results.world import World

OWN_NAME: Final = "you"
"""Whose a result is that this user's own key signed, where the configuration does not name it."""


class RunSharing:
    """The shared cache of one run.

    Attributes:
        trusted: names of the public keys whose results count, by key; empty without a cache.
    """

    def __init__(self, project: Project, world: World, observe: Observer) -> None:
        """Find out whether there is a shared cache; ask it nothing yet.

        Args:
            project: whose notes are run.
            world: what is on disk now.
            observe: receives what is wrong.
        """
        self.trusted: Mapping[str, str] = {}
        self._world = world
        self._observe = observe
        self._shared: Shared | None = None
        self._finish: Callable[[], Pushed] | None = None
        try:
            settings = cache_settings(project)
            if settings is not None:
                self._shared = shared_cache(settings)
                self.trusted = self._shared.trusted
        except TangleError as error:
            self._notice(str(error))

    def take_over(self, answers: Answers, wanted: Sequence[KeyedJob]) -> bool:
        """Take over what others have put there; return whether there was anything.

        Args:
            answers: the results that are kept here.
            wanted: sections that those do not answer.
        """
        if self._shared is None:
            return False
        found = take_over(self._shared, answers, self._world, wanted)
        self._notice(self._shared.trouble)
        return bool(found)

    def begin_push(self, answers: Answers, done: Sequence[KeyedJob]) -> None:
        """Begin to put results there.

        Args:
            answers: the results that are kept here.
            done: sections that have passed.
        """
        if self._shared is None or not self._shared.can_push:
            return
        self._finish = self._shared.push(shareable(answers, self._world, done))

    def finish_push(self) -> None:
        """Wait until the results are there, within bounds."""
        if self._shared is None or self._finish is None:
            return
        pushed = self._finish()
        if pushed.left:
            self._notice(
                f"{self._shared.trouble}; not shared: {pushed.left} of the results; "
                "`tangle cache push` shares them later"
            )
        if pushed.large:
            self._notice(f"not shared: {pushed.large} of the results, which are too large")

    def _notice(self, text: str) -> None:
        if text:
            self._observe(Noticed(text=f"shared cache: {text}", trouble=True))


def shared_cache(settings: CacheSettings, *, patience: float | None = None) -> Shared:
    """Return the shared cache of a project.

    Args:
        settings: of it.
        patience: seconds to wait for each answer of the store; None for a run, which waits less,
            and writes only where the settings say so.

    Raises:
        NotPrivate, DamagedKey, NoKeyFolder: the user's own key cannot be used.
    """
    pair = own_key()
    trusted = {**_own_name(pair), **settings.trusted}
    writes = settings.writes or patience is not None
    return Shared(ObjectStore(settings.address), trusted, pair if writes else None, patience)


def take_over(
    shared: Shared, answers: Answers, world: World, wanted: Sequence[KeyedJob]
) -> dict[str, KeptRun]:
    """Take over the results of sections that answer here; return each by its name.

    Args:
        shared: the shared cache.
        answers: the results that are kept here.
        world: what is on disk now.
        wanted: the sections.
    """
    by_name = {
        each.keys.name: each for each in wanted if 0 < len(each.job.cells) <= each.keys.answerable
    }
    found: dict[str, KeptRun] = {}

    def accept(name: str, kept: KeptRuns) -> bool:
        each = by_name[name]
        local = None if name in found else as_answer(answers, world, each, kept)
        if local is not None:
            answers.add(each.keys, local)
            (found[name],) = local.runs
        return name in found

    shared.fetch(by_name, accept)
    return found


def as_answer(answers: Answers, world: World, wanted: KeyedJob, kept: KeptRuns) -> KeptRuns | None:
    """Return a run of someone else as it is kept here; None if it does not answer here.

    Args:
        answers: the results that are kept here.
        world: what is on disk now.
        wanted: the section.
        kept: the run, the only one, with what it names.
    """
    local = to_keep(kept, world)
    if local is None or not answers.would_answer(wanted.job, wanted.keys, local):
        return None
    return local


def shareable(
    answers: Answers, world: World, jobs: Iterable[KeyedJob]
) -> Iterator[tuple[str, KeptRuns]]:
    """Yield the results of this user's own runs, each with its name.

    Args:
        answers: the results that are kept here.
        world: what is on disk now.
        jobs: whose results are to be shared.
    """
    for each in jobs:
        kept = answers.runs(each.keys)
        found = to_share(kept, each.keys, world) if kept is not None else None
        if found is not None:
            yield each.keys.name, found


def _own_name(pair: KeyPair | None) -> dict[str, str]:
    return {} if pair is None else {pair.public: OWN_NAME}
