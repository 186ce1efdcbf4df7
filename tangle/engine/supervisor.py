"""Supervises a session's worker, from its start to its end."""

from __future__ import annotations

import contextlib
import os
import selectors
import time
from collections.abc import Callable
from typing import assert_never

from msgspec import Struct
from msgspec.structs import replace

from tangle.engine.checkpoint.store import CopiesOfSession, Past
from tangle.engine.draining import HURRIED_SECONDS, LAST_READS, interrupt, last_outputs
from tangle.engine.events import (
    CellFinished,
    CellOutput,
    CellStarted,
    DebuggerListens,
    LinesRun,
    Observer,
    Sampled,
    SessionStarted,
)
from tangle.engine.memory import MemoryWatch, shown_size
from tangle.engine.output_limits import EVENT_LINE, PRINT_LESS, WRITTEN_TEXT
from tangle.engine.postmortem import Stack, death_reason, first_place, notes_of, read_stack
from tangle.engine.process import PROGRAM_SECONDS, Worker
from tangle.engine.rawpipe import CHUNK, RawPipe
from tangle.engine.session_end import SKIPPED, ends_session, skip_of_rest
from tangle.engine.transcript import Transcript
from tangle.engine.wire import (
    Begun,
    Cleared,
    Closed,
    Ended,
    Flooded,
    Left,
    Listening,
    Measured,
    Message,
    Noted,
    Showed,
    Skipped,
    Snapshotted,
    UnseenWrite,
    Usage,
    Wrote,
    decode,
)
from tangle.model import CellEnd, Failure, Job, Outcome, Result, Seen, SessionResult

_BLINK = 0.05
"""Seconds between looks at a worker whose end the system does not announce."""

_CLOSING_SECONDS = 120.0
"""What a session may take after its last cell, to hash the files that it read."""

_LEAVING_SECONDS = 10.0
"""What threads, exit handlers and finalizers of a session may take once its cells are over."""

_EXIT_SECONDS = 1.0
"""What a worker's process may take to end by itself once everything is reported."""

_SAMPLE_SECONDS = 0.4
"""The shortest time between two reports of the memory that a session holds."""

_GROWING_SECONDS = 0.1
"""What a worker that holds too much may take to say where it is: it grows on meanwhile."""

_NOTHING_USED = Usage(device="cpu", device_memory=0, peak_memory=0)


class _Verdict(Struct, frozen=True, kw_only=True):
    """How a session ended that did not end by itself."""

    outcome: Outcome
    failure: Failure | None


class _Supervised(Struct, frozen=True, kw_only=True):
    """A worker that has started."""

    worker: Worker
    memory: MemoryWatch


class WorkerSupervisor:
    """Runs a job in one worker: its messages, its output, its deadlines, its memory, its end.

    Attributes:
        was_lost: whether the worker ended because the process that forked it did: what it did is
            to be done again.
    """

    def __init__(
        self, job: Job, observe: Observer, stop: int, copies: CopiesOfSession | None = None
    ) -> None:
        """Has no worker yet.

        Args:
            job: what is to be run.
            observe: is called at every step.
            stop: a descriptor; once it can be read, the session is over.
            copies: where the session goes on from, and what it leaves for the next run.
        """
        self._job = job
        self._observe = observe
        self._stop = stop
        self._transcript = Transcript(len(job.cells))
        self._results: list[Result] = []
        self._copies = copies
        self._copied: set[int] = set()  # they outlive the session, and are the copies' affair
        if copies is not None:
            self._results += copies.past.results
            self._transcript.go_on_from(copies.past.logs)
        self.was_lost = False
        self._running = False
        self._started = self._cell_started = time.monotonic()
        self._verdict: _Verdict | None = None
        self._closed: Closed | None = None
        self._leave_by = 0.0
        self._left = False
        self._late_seen = Seen()
        self._notices: list[str] = []
        self._ended_late = False
        self._usage = _NOTHING_USED
        self._line = bytearray()
        self._scanned = 0
        self._sampled = self._started
        self._raw: dict[int, RawPipe] = {}
        self._supervised: _Supervised | None = None

    def run(self, start: Callable[[], Worker]) -> SessionResult:
        """What came of it."""
        try:
            worker = start()
        except OSError as error:
            self._verdict = self._died(f"the session's process cannot be started: {error}")
            return self._result()
        try:
            cells = len(self._job.cells)
            self._observe(SessionStarted(section=self._job.section, cells=cells))
            self._supervise(worker)
            if self._copies is not None and self._verdict is None:
                self._copies.see_off(worker)
                return self._result()
        except BaseException:
            worker.close()
            raise
        worker.close(patience=PROGRAM_SECONDS if self._verdict is None else 0.0)
        return self._result()

    # --- the loop -----------------------------------------------------------------------------

    def _supervise(self, worker: Worker) -> None:
        pid, limit = worker.process.pid, self._job.max_memory
        memory = MemoryWatch(pid, limit, worker.orphans, spared=self._copied)
        self._supervised = _Supervised(worker=worker, memory=memory)
        log = self._transcript
        self._raw = {
            1: RawPipe(worker.out, worker.mark, lambda text: log.log.write("stdout", text)),
            2: RawPipe(worker.err, worker.mark, lambda text: log.log.write("stderr", text)),
        }
        os.set_blocking(worker.events, False)
        with selectors.DefaultSelector() as selector:
            fds = [self._stop, worker.events, worker.out, worker.err, worker.ended]
            for fd in fds:
                if fd is not None:
                    selector.register(fd, selectors.EVENT_READ)
            while not self._is_over:
                ready = {key.fd for key, _ in selector.select(self._patience())}
                self._step(ready, selector)
        if self._ended_late:
            worker.kill()
        elif self._verdict is None and self._copies is None:
            worker.await_end(_EXIT_SECONDS)
        elif self._verdict is not None:
            self._note_peak()
            if self._verdict.outcome in ("interrupted", "timed-out"):
                interrupt(worker, tuple(self._raw.values()), self._line)
            worker.kill()
            self._collect_rest()

    def _step(self, ready: set[int], selector: selectors.BaseSelector) -> None:
        worker = self._worker
        if self._stop in ready and self._closed is None:
            self._decide(_Verdict(outcome="interrupted", failure=None))
            return
        if self._stop in ready:
            selector.unregister(self._stop)
            self._leave_by = min(self._leave_by, time.monotonic() + HURRIED_SECONDS)
        for pipe in self._raw.values():
            if pipe.fd in ready:
                pipe.read()
                pipe.release()
                if pipe.at_end:
                    selector.unregister(pipe.fd)
        if worker.events in ready and not self._read_events():
            selector.unregister(worker.events)
        self._show_outputs()
        self._check_flood()
        self._check_end()
        self._check_deadlines()
        self._check_memory()

    @property
    def _worker(self) -> Worker:
        assert self._supervised is not None
        return self._supervised.worker

    @property
    def _memory(self) -> MemoryWatch:
        assert self._supervised is not None
        return self._supervised.memory

    @property
    def _is_over(self) -> bool:
        return self._verdict is not None or self._left

    def _decide(self, verdict: _Verdict) -> None:
        """Ends the session; once its cells are over, their results stand."""
        if self._closed is None:
            self._verdict = verdict
            return
        self._left = True
        if verdict.failure is not None:
            place = verdict.failure.place
            where = (
                f" (at {place.path}:{place.line})" if verdict.failure.traceback and place else ""
            )
            self._notices.append(f"{verdict.failure.message}{where}")
            self._ended_late = True

    def _patience(self) -> float:
        deadline = self._deadline()
        moments = [self._memory.due] if deadline is None else [self._memory.due, deadline[0]]
        waits = [max(0.0, moment - time.monotonic()) for moment in moments]
        if self._worker.ended is None:
            waits.append(_BLINK)
        return min(waits)

    # --- what comes from the worker -----------------------------------------------------------

    def _read_events(self) -> bool:
        """Takes one chunk of messages; False when no more can come."""
        try:
            data = os.read(self._worker.events, CHUNK)
        except BlockingIOError:
            return True
        self._line += data
        while not self._is_over:
            at = self._line.find(b"\n", self._scanned)
            if at < 0:
                break
            line = bytes(self._line[:at])
            del self._line[: at + 1]
            self._scanned = 0
            self._take_line(line)
        self._scanned = len(self._line)
        if self._scanned > EVENT_LINE:
            self._decide(self._died("the session's process sent a message without an end"))
        return bool(data)

    def _take_line(self, line: bytes) -> None:
        try:
            marks, message = decode(line)
        except ValueError:
            self._decide(self._garbled())
            return
        for mark in marks:
            self._raw[mark].pass_mark(WRITTEN_TEXT)
        self._take(message)
        for pipe in self._raw.values():
            pipe.release()

    def _take(self, message: Message) -> None:
        match message:
            case Begun():
                self._begin(message.index)
            case Wrote() | Showed() | Cleared():
                self._transcript.take(message)
            case Measured() | Listening():
                self._observe(self._event(message))
            case Ended() | Skipped():
                self._end(message)
            case Noted() | Closed() | Left() | Flooded():
                self._take_end(message)
            case Snapshotted() | UnseenWrite():
                self._note_copy(message)
            case _:
                assert_never(message)

    def _event(self, message: Measured | Listening) -> LinesRun | DebuggerListens:
        section = self._job.section
        if isinstance(message, Measured):
            return LinesRun(section=section, lines=message.lines)
        return DebuggerListens(section=section, host=message.host, port=message.port)

    def _take_end(self, message: Noted | Closed | Left | Flooded) -> None:
        match message:
            case Closed():
                self._closed = message
                self._usage = message.usage
                self._leave_by = time.monotonic() + _LEAVING_SECONDS
                self._transcript.close()
            case Left():
                self._left = True
                self._late_seen = message.seen
            case Noted():
                if message.text not in self._notices:
                    self._notices.append(message.text)
            case Flooded():
                self._decide(self._flooded())
            case _:
                assert_never(message)

    def _note_copy(self, message: Snapshotted | UnseenWrite) -> None:
        if self._copies is None:
            return
        if isinstance(message, UnseenWrite):
            self._copies.know_too_little(message.time)
            return
        self._copied.add(message.pid)
        if message.index == len(self._results) and not self._running:
            logs = self._transcript.logs[: message.index]
            past = Past(results=tuple(self._results), logs=tuple(logs))
            self._copies.took(message, past, self._worker.process.family)

    def _show_outputs(self) -> None:
        """Report what the running cell has put out since the last time."""
        if self._running and (new := self._transcript.log.take_new()) and not self.was_lost:
            section, index = self._job.section, len(self._results)
            self._observe(CellOutput(section=section, index=index, outputs=new))

    def _begin(self, index: int) -> None:
        if self._running or index != len(self._results) or index >= len(self._job.cells):
            self._decide(self._garbled())
            return
        self._running = True
        self._transcript.current = index
        self._cell_started = time.monotonic()
        cell, section = self._job.cells[index], self._job.section
        self._observe(CellStarted(section=section, index=index, name=cell.name, place=cell.place))

    def _end(self, message: Ended | Skipped) -> None:
        skipped = isinstance(message, Skipped)
        if self._running == skipped or not message.index == len(self._results) < self._count:
            self._decide(self._garbled())
            return
        if isinstance(message, Skipped):
            self._add_skipped(message)
            return
        for pipe in self._raw.values():
            pipe.end_cell()
        self._usage = usage = message.usage
        end = CellEnd(
            seen=message.seen,
            seconds=time.monotonic() - self._started,
            device=usage.device,
            device_memory=usage.device_memory,
            peak_memory=usage.peak_memory,
            revised=self._transcript.revised(),
        )
        self._add(message.outcome, message.failure, message.seconds, end)

    def _add_skipped(self, message: Skipped) -> None:
        self._transcript.current = message.index
        self._cell_started = time.monotonic()
        result = replace(SKIPPED, skip=message.skip)
        self._results.append(result)
        section = self._job.section
        self._observe(CellFinished(section=section, index=message.index, result=result))

    @property
    def _count(self) -> int:
        return len(self._job.cells)

    def _add(
        self,
        outcome: Outcome,
        failure: Failure | None,
        seconds: float,
        end: CellEnd | None = None,
    ) -> None:
        self._show_outputs()
        index = len(self._results)
        result = Result(
            outcome=outcome,
            outputs=self._transcript.logs[index].freeze(),
            failure=failure,
            seconds=seconds,
            end=end,
        )
        self._running = False
        self._results.append(result)
        if self.was_lost:  # the session runs again, and this cell with it
            return
        self._observe(CellFinished(section=self._job.section, index=index, result=result))

    def _collect_rest(self) -> None:
        """Takes what the dead worker had put out before its end."""
        for pipe in self._raw.values():
            for _ in range(LAST_READS):
                if pipe.count > WRITTEN_TEXT or not pipe.read():
                    break
        with contextlib.suppress(ValueError):
            for marks, message in last_outputs(self._worker, self._line):
                for mark in marks:
                    self._raw[mark].pass_mark(0)
                self._transcript.take(message)
        for pipe in self._raw.values():
            pipe.finish()

    # --- ends that the worker does not tell ---------------------------------------------------

    def _check_flood(self) -> None:
        raw = max(pipe.count for pipe in self._raw.values())
        if not self._is_over and (raw > WRITTEN_TEXT or self._transcript.log.flooded):
            self._decide(self._flooded())

    def _check_end(self) -> None:
        if self._is_over or not self._worker.has_ended():
            return
        for _ in range(LAST_READS):
            if not self._read_events() or self._is_over:
                break
        if not self._is_over:
            stack = read_stack(self._worker.read_trace(0.0), notes_of(self._job))
            self.was_lost = self._worker.process.was_lost
            self._decide(self._died(death_reason(self._worker.kill()), stack))

    def _deadline(self) -> tuple[float, str] | None:
        """When the session must be ended, and what to say then."""
        if self._closed is not None:
            text = (
                "the session did not end by itself: a thread, a process or an exit handler was "
                "still at work, and was ended"
            )
            return self._leave_by, text
        limits: list[tuple[float, str]] = []
        if self._job.timeout is not None:
            text = f"the session took more than {self._job.timeout:g} s"
            limits.append((self._started + self._job.timeout, text))
        if self._running:
            seconds = self._job.cells[len(self._results)].timeout
            if seconds is not None:
                limits.append(
                    (self._cell_started + seconds, f"the cell took more than {seconds:g} s")
                )
        elif self._is_through():
            text = "the session did not end after its last cell"
            limits = [(self._cell_started + _CLOSING_SECONDS, text)]
        return min(limits, default=None)

    def _is_through(self) -> bool:
        """Whether no cell is to come."""
        done = self._results
        if not done or len(done) == self._count:
            return bool(done)
        last = done[-1]
        ended = last.outcome not in ("passed", "skipped")
        return ended and ends_session(self._job, last.failure)

    def _check_deadlines(self) -> None:
        deadline = self._deadline()
        if self._is_over or deadline is None or time.monotonic() < deadline[0]:
            return
        self._note_peak()  # being asked can wake it from a wait in C, and it ends
        stack = read_stack(self._worker.ask_stack(), notes_of(self._job))
        self._decide(self._verdict_of("timed-out", "Timeout", deadline[1], stack))

    def _check_memory(self) -> None:
        if self._is_over or not self._memory.look():
            return
        if self._memory.outgrown:
            stack = read_stack(self._worker.ask_stack(_GROWING_SECONDS), notes_of(self._job))
            limit = shown_size(self._job.max_memory or 0)
            message = f"the session held more than {limit} of memory (max_memory)"
            self._decide(self._verdict_of("died", "MemoryLimit", message, stack))
            return
        now = time.monotonic()
        if self._memory.held and now - self._sampled >= _SAMPLE_SECONDS:
            self._sampled = now
            section, device = self._job.section, self._usage.device
            self._observe(Sampled(section=section, memory=self._memory.held, device=device))

    def _note_peak(self) -> None:
        peak = max(self._usage.peak_memory, self._worker.peak_memory())
        self._usage = replace(self._usage, peak_memory=peak)

    def _died(self, reason: str, stack: Stack | None = None) -> _Verdict:
        return self._verdict_of("died", "WorkerDied", reason, stack or Stack())

    def _garbled(self) -> _Verdict:
        return self._died("the session's process sent something that is not a message")

    def _flooded(self) -> _Verdict:
        limit = WRITTEN_TEXT >> 20
        message = (
            f"the cell printed more than {limit} MiB of text, or went on after it was stopped; "
            f"{PRINT_LESS}"
        )
        return self._verdict_of("died", "OutputLimit", message, Stack())

    def _verdict_of(self, outcome: Outcome, name: str, message: str, stack: Stack) -> _Verdict:
        index = min(len(self._results), len(self._job.cells) - 1)
        place = stack.place or (first_place(self._job.cells[index]) if index >= 0 else None)
        said = f"{stack.traceback}{name}: {message}\n" if stack.traceback else ""
        failure = Failure(name=name, message=message, traceback=said, place=place)
        return _Verdict(outcome=outcome, failure=failure)

    # --- the result ---------------------------------------------------------------------------

    def _result(self) -> SessionResult:
        seconds = time.monotonic() - self._started
        outcome = self._settle()
        closed = self._closed
        return SessionResult(
            section=self._job.section,
            outcome=outcome,
            results=self._final_results(),
            seconds=seconds,
            device=self._usage.device,
            peak_memory=self._usage.peak_memory,
            device_memory=self._usage.device_memory,
            versions=closed.versions if closed else (),
            late=self._transcript.late.freeze(),
            late_seen=self._late_seen,
            notices=tuple(self._notices),
        )

    def _settle(self) -> Outcome:
        """Gives the cell that ran, or was to run next, its result; the session's outcome."""
        verdict = self._verdict
        if verdict is None and self._closed is not None and self._closed.failure is not None:
            verdict = _Verdict(outcome="failed", failure=self._closed.failure)
        if verdict is None:
            outcomes = [result.outcome for result in self._results]
            return next((outcome for outcome in outcomes if outcome != "passed"), "passed")
        stopped_before = verdict.failure is None and not self._running
        if len(self._results) < len(self._job.cells) and not stopped_before:
            seconds = time.monotonic() - self._cell_started if self._running else 0.0
            self._add(verdict.outcome, verdict.failure, seconds)
        return verdict.outcome

    def _final_results(self) -> tuple[Result, ...]:
        """One result a cell, with the outputs as they are now: later cells may update them."""
        told = [
            replace(result, outputs=log.freeze())
            for result, log in zip(self._results, self._transcript.logs, strict=False)
        ]
        rest = SKIPPED
        if 0 < len(told) < self._count:
            last = len(told) - 1
            rest = replace(SKIPPED, skip=skip_of_rest(self._job, last, told[last].outcome))
        return (*told, *[rest] * (self._count - len(told)))
