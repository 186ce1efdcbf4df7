"""Where the sections of a run are run: by the engine of this machine, or on a cluster."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Final, Protocol, Self

from msgspec import Struct

from tangle.analyse import Session
from tangle.engine.events import Executor, Noticed, Observer
from tangle.engine.local import LocalExecutor
from tangle.engine.pool import run_turns
from tangle.engine.scheduler import Turn
from tangle.model import SessionResult
from tangle.verbs.job_builder import PreparedPackage, RunOptions
from tangle.verbs.project import Project
from tangle.verbs.results.cache import Answers
from tangle.verbs.results.cache_keys import Keys
from tangle.verbs.run_history import cores, gpus, thread_settings
from tangle.verbs.server_policy import server_for

LOCAL: Final = "local"
DASK: Final = "dask"


class Prepared(Struct, frozen=True, kw_only=True):
    """A section that is about to run, and what an executor may need to know about it.

    Attributes:
        session: the section.
        turn: its job, and its place among the others.
        keys: of its cells, under which the cache knows what it read.
    """

    session: Session
    turn: Turn
    keys: Keys


class Execution(Protocol):
    """Where the sections of one run are run."""

    @property
    def executor(self) -> Executor:
        """What runs one section; it can be stopped before anything is prepared."""
        ...

    @property
    def is_here(self) -> bool:
        """Whether sections run on this machine, so that its cache may keep their results."""
        ...

    def prepare(
        self, sections: Sequence[Prepared], package: PreparedPackage, answers: Answers
    ) -> Sequence[Noticed]:
        """Get ready to run sections; return what there is to say about it.

        Args:
            sections: those that are to run.
            package: that they import.
            answers: knows what they read when they last ran.
        """
        ...

    def run(
        self, turns: Sequence[Turn], executor: Executor, observe: Observer
    ) -> tuple[SessionResult, ...]:
        """Run sections; return their results in the order of the turns.

        Args:
            turns: the sections.
            executor: runs one: `self.executor`, or something around it.
            observe: receives events, in this thread.
        """
        ...

    def __enter__(self) -> Self:
        """Return itself."""
        ...

    def __exit__(self, *_: object) -> None:
        """End what was started."""
        ...


class LocalExecution:
    """Sections run in processes of the engine on this machine."""

    is_here = True

    def __init__(
        self, project: Project, options: RunOptions, observe: Observer, *, warm: bool
    ) -> None:
        """Start the engine: workers are forked from the server or, for a reason, here.

        Args:
            project: whose notes.
            options: of the run.
            observe: receives what there is to say about the server.
            warm: whether the engine starts at once, while the notes are read.
        """
        self._workers = options.jobs or cores()
        settings = thread_settings(self._workers, os.environ)
        if options.fresh:
            observe(Noticed(text="sections run in fresh processes: --fresh"))
            self._engine = LocalExecutor(settings=settings, fork=False)
            return
        server = server_for(project, wanted=options.server)
        if isinstance(server, str):
            observe(Noticed(text=f"no server: {server}"))
        wanted = None if isinstance(server, str) else server
        self._engine = LocalExecutor(settings=settings, warm=warm, server=wanted)

    @property
    def executor(self) -> Executor:
        """The engine."""
        return self._engine

    def prepare(
        self, sections: Sequence[Prepared], package: PreparedPackage, answers: Answers
    ) -> Sequence[Noticed]:
        """Have imported what the sections import."""
        del answers
        self._engine.warm()
        self._engine.prepare([entry.turn.job for entry in sections], package.module.text)
        return self._engine.notes

    def run(
        self, turns: Sequence[Turn], executor: Executor, observe: Observer
    ) -> tuple[SessionResult, ...]:
        """Run sections, as many at a time as there are cores or were asked for."""
        return run_turns(
            turns,
            executor=executor,
            workers=self._workers,
            gpus=gpus(os.environ),
            observe=observe,
        )

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the engine."""
        self._engine.close()


def execution(project: Project, options: RunOptions, observe: Observer, *, warm: bool) -> Execution:
    """Return where the sections of a run are to run.

    Args:
        project: whose notes.
        options: say which executor was asked for.
        observe: receives what there is to say.
        warm: whether to start at once, while the notes are read.

    Raises:
        NoDask: a cluster was asked for, and Dask is not installed.
    """
    if options.executor == LOCAL:
        return LocalExecution(project, options, observe, warm=warm)
    try:
        from tangle.verbs.cluster.execution import ClusterExecution  # heavy, and seldom asked for
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "tangle":
            raise
        from tangle.engine.cluster.address import NoDask

        raise NoDask from error
    return ClusterExecution(project, options)
