"""Run many sessions, several at a time."""

from __future__ import annotations

import contextlib
import queue
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from types import FrameType

from msgspec.structs import replace

from tangle.engine.events import Event, Executor, Observer, ignore
from tangle.engine.gpus import VISIBLE
from tangle.engine.scheduler import Schedule, Start, Turn
from tangle.engine.session_end import SKIPPED, needed_ended
from tangle.model import Job, Outcome, SessionResult, Skip

_LAST_PATIENCE = 10.0
"""Seconds that the sessions have to end after Ctrl-C was pressed a second time."""


def run_jobs(
    jobs: Sequence[Job], *, executor: Executor, workers: int = 1, observe: Observer = ignore
) -> tuple[SessionResult, ...]:
    """Run independent jobs; return their results in the order of the jobs.

    Args:
        jobs: to run.
        executor: runs one.
        workers: how many run at a time.
        observe: receives events, in this thread.
    """
    turns = [Turn(job=job, seconds=0.0) for job in jobs]
    return run_turns(turns, executor=executor, workers=workers, observe=observe)


def run_turns(
    turns: Sequence[Turn],
    *,
    executor: Executor,
    workers: int = 1,
    gpus: Sequence[str] = (),
    observe: Observer = ignore,
) -> tuple[SessionResult, ...]:
    """Run jobs that may need one another; return their results in the order of the turns.

    A job that needs one which did not pass has the outcome `skipped`. Ctrl-C ends the sessions;
    those that were not finished then have the outcome `interrupted` and keep the results they had,
    and the tuple is returned as always.

    Args:
        turns: the sessions to run.
        executor: runs one; it is stopped upon Ctrl-C.
        workers: how many run at a time.
        gpus: what `CUDA_VISIBLE_DEVICES` is to say for a session that has a GPU for itself.
        observe: is called in this thread, one event at a time.

    Raises:
        Exception: what `observe` or the executor raised, after the sessions were ended.
    """
    pool = WorkerPool(turns, executor, workers, gpus)
    with _interrupts_stop(pool.stop):
        try:
            pool.work(observe)
        finally:
            pool.stop()
            pool.wait()
    return pool.results()


class WorkerPool:
    """Threads that each run the next session until none is left."""

    def __init__(
        self, turns: Sequence[Turn], executor: Executor, workers: int, gpus: Sequence[str]
    ) -> None:
        self._turns = tuple(turns)
        self._executor = executor
        self._gpus = tuple(gpus)
        self._schedule = Schedule(turns, workers=workers, gpus=len(gpus))
        self._ended: dict[int, SessionResult] = {}
        self._changed = threading.Condition()  # of a lock that a signal's handler may take again
        self._stopped = False
        self._mail: queue.SimpleQueue[Event | BaseException | None] = queue.SimpleQueue()
        count = max(1, min(workers, len(self._turns)))
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
        if self._stopped:
            return
        self._stopped = True
        if len(self._ended) < len(self._turns):
            self._executor.stop()
        with self._changed:
            self._changed.notify_all()

    def wait(self) -> None:
        """Waits for the threads; they end soon, as their workers are dead."""
        until = time.monotonic() + _LAST_PATIENCE
        for thread in self._threads:
            with contextlib.suppress(RuntimeError):
                thread.join(max(0.0, until - time.monotonic()))

    def results(self) -> tuple[SessionResult, ...]:
        """One result a job, in order."""
        return tuple(
            self._ended.get(index) or self._not_run(index) for index in range(len(self._turns))
        )

    def _not_run(self, index: int) -> SessionResult:
        turn = self._turns[index]
        if index not in self._schedule.skipped:
            return not_run(turn.job, "interrupted", "the run was interrupted")
        return not_run(turn.job, "skipped", self._lacking(index))

    def _lacking(self, index: int) -> str:
        """Why a turn was skipped: `needs 3.4, which needs 3.1, which failed`."""
        failed = next(
            need
            for need in sorted(self._turns[index].needs)
            if need < index and ((end := self._ended.get(need)) is None or end.outcome != "passed")
        )
        ended = self._ended.get(failed)
        if ended is None:
            return f"needs {self._turns[failed].job.section}, which {self._lacking(failed)}"
        return needed_ended(ended.section, ended.outcome)

    def _mind(self) -> None:
        try:
            while (start := self._next()) is not None:
                result = self._run(start)
                with self._changed:
                    self._ended[start.index] = result
                    self._schedule.end(start.index, passed=result.outcome == "passed")
        except BaseException as error:  # noqa: BLE001 -- raised again in `work`
            self._mail.put(error)
        finally:
            self._mail.put(None)

    def _next(self) -> Start | None:
        """The next session, once there is one; None at the end.

        Of hundreds of threads, those that wait wake one at a time: the thread whose session ended
        looks for another, and each that finds one wakes one more.
        """
        with self._changed:
            while not self._stopped and not self._schedule.is_over:
                start = self._schedule.start()
                if start is not None:
                    self._changed.notify()
                    return start
                self._changed.wait()
            self._changed.notify_all()
        return None

    def _run(self, start: Start) -> SessionResult:
        """Runs a job, on its own GPU where it has one."""
        job = self._turns[start.index].job
        name = "" if start.gpu is None else self._gpus[start.gpu]
        if not name or ":" in job.device:  # a number that the user chose counts among all of them
            return self._executor.run(job, self._mail.put)
        alone = replace(job, environment=(*job.environment, (VISIBLE, name)))
        result = self._executor.run(alone, self._mail.put)
        return replace(result, device=result.device.replace("cuda:0", f"cuda:{start.gpu}"))


@contextlib.contextmanager
def _interrupts_stop(stop: Callable[[], None]) -> Iterator[None]:
    """While this lasts, Ctrl-C calls `stop` and raises nothing, the first time.

    Only where Python's own handler is in place: any other was installed on purpose.
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


def not_run(job: Job, outcome: Outcome, reason: str) -> SessionResult:
    """The result of a session that never started.

    Args:
        job: of the session.
        outcome: of the session.
        reason: why its cells were skipped.
    """
    skipped = replace(SKIPPED, skip=Skip(before=reason))
    return SessionResult(
        section=job.section,
        outcome=outcome,
        results=(skipped,) * len(job.cells),
        seconds=0.0,
        device="cpu",
    )
