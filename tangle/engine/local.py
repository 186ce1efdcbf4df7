"""Run each session in a separate process on this machine."""

from __future__ import annotations

import contextlib
import os
import threading
import weakref
from collections.abc import Mapping, Sequence
from typing import Self

from tangle.engine.events import Noticed, Observer, SessionFinished
from tangle.engine.fork_source import ForkSource
from tangle.engine.forkserver.server import ServerWanted
from tangle.engine.process import start_worker
from tangle.engine.process_handle import Forker
from tangle.engine.scratch import remove_abandoned
from tangle.engine.supervisor import WorkerSupervisor
from tangle.model import Job, SessionResult


class LocalExecutor:
    """Runs each session in a worker process of its own on this machine.

    An executor that was stopped stays so.
    """

    def __init__(
        self,
        *,
        settings: Mapping[str, str] | None = None,
        warm: bool = False,
        server: ServerWanted | None = None,
        fork: bool = True,
    ) -> None:
        """Makes an executor.

        Args:
            settings: environment variables that every worker gets, such as `OMP_NUM_THREADS`.
            warm: connect to a fork server at once, where the system can have one; close
                the executor when it is not needed any more.
            server: which server that may be; it is started where it does not run.
            fork: whether workers may be forked; else every session has a fresh process.
        """
        self._settings = dict(settings or {})
        self._stop_reader, self._stop_writer = os.pipe()
        os.set_blocking(self._stop_writer, False)
        weakref.finalize(self, _close, self._stop_reader, self._stop_writer)
        self._server = server
        self._fork = fork
        self._fork_source: ForkSource | None = None
        self._preparing = threading.Lock()
        if warm:
            self.warm()

    def __enter__(self) -> Self:
        """The executor, which is closed at the end."""
        return self

    def __exit__(self, *_: object) -> None:
        """Closes it."""
        self.close()

    def warm(self) -> None:
        """Has something to fork workers from, where the system can do it and there is nothing."""
        if self._fork_source is None and self._fork:
            self._fork_source = ForkSource(self._settings, self._stop_reader, self._server)

    def prepare(self, jobs: Sequence[Job], shared: str = "") -> None:
        """Has the modules imported that jobs to come import, so that each need not do it.

        Args:
            jobs: the sessions.
            shared: code that each of them may import: the generated package's.
        """
        if self._fork_source is not None:
            self._fork_source.prepare(jobs, shared)

    def close(self) -> None:
        """Ends what was started; may be called twice."""
        if self._fork_source is not None:
            self._fork_source.close()
        remove_abandoned()

    def run(self, job: Job, observe: Observer) -> SessionResult:
        """Runs one session to its end; nothing that its code does is raised."""
        return self._run(job, observe, self._stop_reader, self._forker(job, observe))

    def run_until(
        self, job: Job, observe: Observer, stop: int, shared: str | None
    ) -> SessionResult:
        """Runs one session of several commands', forked where that is possible.

        Args:
            job: the session.
            observe: is called at every step.
            stop: a descriptor; once it can be read, the session is over.
            shared: code that it may import: that of its command's generated package; None for a
                fresh process.
        """
        if shared is None:
            return self._run(job, observe, stop, None)
        with self._preparing:
            self.warm()
            self.prepare([job], shared)
            forker = self._forker(job, observe)
        return self._run(job, observe, stop, forker)

    def _run(self, job: Job, observe: Observer, stop: int, forker: Forker | None) -> SessionResult:
        supervisor = WorkerSupervisor(job, observe, stop)
        result = supervisor.run(lambda: start_worker(job, self._settings, forker))
        if supervisor.was_lost:
            observe(runs_again(job))
            supervisor = WorkerSupervisor(job, observe, stop)
            result = supervisor.run(lambda: start_worker(job, self._settings))
        observe(finished(result))
        return result

    @property
    def notes(self) -> tuple[Noticed, ...]:
        """How it came by what it forks workers from."""
        return self._fork_source.notes if self._fork_source is not None else ()

    def _forker(self, job: Job, observe: Observer) -> Forker | None:
        return self._fork_source.forker(job, observe) if self._fork_source is not None else None

    def stop(self) -> None:
        """Kills the workers of all sessions; may be called in a signal handler."""
        with contextlib.suppress(BlockingIOError):
            os.write(self._stop_writer, b"\0")


def runs_again(job: Job) -> Noticed:
    """The notice about a session that was lost with the process that forked it."""
    why = "the process that it was forked from was killed; it runs again in a fresh process"
    return Noticed(text=f"{job.section}: {why}", trouble=True)


def finished(result: SessionResult) -> SessionFinished:
    """The event at a session's end."""
    return SessionFinished(section=result.section, outcome=result.outcome, seconds=result.seconds)


def _close(*fds: int) -> None:
    for fd in fds:
        os.close(fd)
