"""Runs many sessions, some at a time."""

from __future__ import annotations

import contextlib
import queue
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from types import FrameType

from tangle.model import Job, Result, SessionResult
from tangle.run.events import Event, Executor, Observer, ignore

_LAST_PATIENCE = 10.0
"""Seconds that the sessions have to end after Ctrl-C was pressed a second time."""


def run_jobs(
    jobs: Sequence[Job], *, executor: Executor, workers: int = 1, observe: Observer = ignore
) -> tuple[SessionResult, ...]:
    """What came of each job, in the order of the jobs.

    Ctrl-C ends the sessions; those that were not finished then have the outcome `interrupted` and
    keep the results they had, and the tuple is returned as always.

    Args:
        jobs: the sessions to run.
        executor: runs one; it is stopped upon Ctrl-C.
        workers: how many run at a time.
        observe: is called in this thread, one event at a time.

    Raises:
        Exception: what `observe` or the executor raised, after the sessions were ended.
    """
    crew = _Crew(jobs, executor, workers)
    with _interrupts_stop(crew.stop):
        try:
            crew.work(observe)
        finally:
            crew.stop()
            crew.wait()
    return crew.results()


class _Crew:
    """Threads that each take the next job until none is left."""

    def __init__(self, jobs: Sequence[Job], executor: Executor, workers: int) -> None:
        self._jobs = tuple(jobs)
        self._executor = executor
        self._told: dict[int, SessionResult] = {}
        self._todo = iter(range(len(self._jobs)))
        self._taking = threading.Lock()
        self._stopped = False
        self._mail: queue.SimpleQueue[Event | BaseException | None] = queue.SimpleQueue()
        count = max(1, min(workers, len(self._jobs)))
        self._threads = [threading.Thread(target=self._mind, daemon=True) for _ in range(count)]
        self._left = count

    def work(self, observe: Observer) -> None:
        """Starts the threads and hands on what they tell, until the last is through."""
        for thread in self._threads:
            thread.start()
        while self._left:
            try:
                item = self._mail.get()
            except KeyboardInterrupt:
                self.stop()
                continue
            if item is None:
                self._left -= 1
            elif isinstance(item, BaseException):
                raise item
            else:
                observe(item)

    def stop(self) -> None:
        """Ends what runs and starts nothing more; may be called in a signal handler."""
        if not self._stopped:
            self._stopped = True
            if len(self._told) < len(self._jobs):
                self._executor.stop()

    def wait(self) -> None:
        """Waits for the threads; they end soon, as their workers are dead."""
        until = time.monotonic() + _LAST_PATIENCE
        for thread in self._threads:
            with contextlib.suppress(RuntimeError):
                thread.join(max(0.0, until - time.monotonic()))

    def results(self) -> tuple[SessionResult, ...]:
        """One result a job, in order."""
        return tuple(
            self._told.get(index) or _never_run(job) for index, job in enumerate(self._jobs)
        )

    def _mind(self) -> None:
        try:
            while (index := self._next()) is not None:
                self._told[index] = self._executor.run(self._jobs[index], self._mail.put)
        except BaseException as error:  # noqa: BLE001 -- raised again in `work`
            self._mail.put(error)
        finally:
            self._mail.put(None)

    def _next(self) -> int | None:
        with self._taking:
            return None if self._stopped else next(self._todo, None)


@contextlib.contextmanager
def _interrupts_stop(stop: Callable[[], None]) -> Iterator[None]:
    """While this lasts, Ctrl-C calls `stop` and raises nothing, the first time.

    Only where Python's own handler is in place: another one is somebody's decision.
    """
    usual = signal.default_int_handler
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or signal.getsignal(signal.SIGINT) is not usual:
        yield
        return

    def handle(_: int, __: FrameType | None) -> None:
        signal.signal(signal.SIGINT, usual)
        stop()

    signal.signal(signal.SIGINT, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, usual)


def _never_run(job: Job) -> SessionResult:
    skipped = Result(outcome="skipped", outputs=(), failure=None, seconds=0.0)
    return SessionResult(
        section=job.section,
        outcome="interrupted",
        results=(skipped,) * len(job.cells),
        seconds=0.0,
        device="cpu",
    )
