"""Runs sessions again and again, each from the last copy of it that serves."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from tangle.engine.checkpoint.store import Past, Snapshot, SnapshotGone, Snapshots
from tangle.engine.events import CellStarted, Event, Observer
from tangle.engine.forkserver.server import ServerWanted
from tangle.engine.local import LocalExecutor, finished, runs_again
from tangle.engine.process import PROGRAM_SECONDS, Worker, start_worker
from tangle.engine.supervisor import WorkerSupervisor
from tangle.engine.wire import Snapshotted
from tangle.model import Job, SessionResult

WORTH_A_COPY = 0.02
"""Seconds of running that are worth a copy of the process."""

_LEAVING_SECONDS = 1.0


class ResumingExecutor(LocalExecutor):
    """Keeps copies of the sessions that it runs, and runs what comes after the best one.

    What comes of a job is what comes of it in a fresh process. Where the system cannot do it, each
    session runs from its start.
    """

    def __init__(
        self,
        *,
        settings: Mapping[str, str] | None = None,
        warm: bool = False,
        server: ServerWanted | None = None,
        threshold: float = WORTH_A_COPY,
    ) -> None:
        """Makes an executor, which has to be closed.

        Args:
            settings: environment variables that every worker gets.
            warm: connect to a fork server at once.
            server: which server that may be.
            threshold: seconds of running that are worth a copy.
        """
        super().__init__(settings=settings, warm=warm, server=server)
        self._threshold = threshold if sys.platform == "linux" else None
        self._parting: list[threading.Thread] = []
        self.copies = Snapshots()

    def run(self, job: Job, observe: Observer) -> SessionResult:
        """Runs one session to its end, from the best copy of it that there is.

        No cell runs twice, except where the copy's process is lost while its fork runs.
        """
        job = replace(job, snapshots=self._threshold)
        result = None
        while result is None:
            found = self.copies.best(job)
            try:
                result = self._try(job, observe, found)
            except SnapshotGone as gone:
                assert found is not None
                self.copies.drop(found)
                if gone.has_begun:
                    observe(runs_again(job))
        observe(finished(result))
        return result

    def resumes_at(self, job: Job) -> int | None:
        """How many cells of a job need not be run again; None where no copy of it serves."""
        found = self.copies.best(job)
        return None if found is None else found.index

    def go_on(self) -> None:
        """Undoes `stop`; only when nothing runs."""
        os.set_blocking(self._stop_reader, False)
        with contextlib.suppress(BlockingIOError):
            os.read(self._stop_reader, 64)

    def settle(self) -> None:
        """Waits for what sessions leave to do at their end, and keeps within the memory."""
        for thread in tuple(self._parting):
            thread.join()
        self.copies.save_memory()

    def close(self) -> None:
        """Ends the copies too."""
        for thread in tuple(self._parting):
            thread.join()
        self.copies.close()
        super().close()

    def _try(self, job: Job, observe: Observer, found: Snapshot | None) -> SessionResult:
        """What came of it.

        Raises:
            SnapshotGone: the copy has ended.
        """
        past = Past() if found is None else found.past
        copies = _Copies(all=self.copies, job=job, past=past, parting=self._parting)
        begun: list[Event] = []

        def watch(event: Event) -> None:
            if isinstance(event, CellStarted):
                begun.append(event)
            observe(event)

        supervisor = WorkerSupervisor(job, watch, self._stop_reader, copies)
        forker = found or self._forker(job, observe)
        result = supervisor.run(lambda: start_worker(job, self._settings, forker))
        if supervisor.was_lost and found is None:
            observe(runs_again(job))
            supervisor = WorkerSupervisor(job, watch, self._stop_reader, copies)
            result = supervisor.run(lambda: start_worker(job, self._settings))
        if found is not None and result.outcome == "died" and (supervisor.was_lost or not begun):
            raise SnapshotGone("it could not go on", has_begun=bool(begun))
        return result


class _Copies(Struct, kw_only=True):
    """One session's part in the copies."""

    all: Snapshots
    job: Job
    past: Past
    parting: list[threading.Thread]

    def took(self, message: Snapshotted, past: Past, cookie: str) -> None:
        """Takes over a copy."""
        self.all.took(message, self.job, past, cookie)

    def know_too_little(self, since: float) -> None:
        """Ends the copies made since a time: the next runs do not go on from them."""
        self.all.drop_since(self.job.section, since)

    def see_off(self, worker: Worker) -> None:
        """Minds the worker's last moments in a thread."""

        def mind() -> None:
            worker.await_end(_LEAVING_SECONDS)
            worker.close(patience=PROGRAM_SECONDS)

        thread = threading.Thread(target=mind)
        thread.start()
        self.parting[:] = [*(t for t in self.parting if t.is_alive()), thread]
