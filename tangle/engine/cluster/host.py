"""What a Dask worker does for tangle: it runs sections with the engine, as a command does.

Functions here are called on the worker, by name. The plugin keeps the engine of the worker, with
what it forks sessions from, from one section to the next.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import os
import re
import threading
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from distributed import WorkerPlugin, get_worker
from distributed.comm.addressing import get_address_host
from msgspec import Struct
from msgspec.structs import replace

from tangle.engine.cluster.code_digest import code_digest
from tangle.engine.cluster.folders import Folders, Place, holds
from tangle.engine.cluster.lease import ACROSS_MACHINES, ON_THIS_MACHINE, Lease
from tangle.engine.cluster.live import LiveSender
from tangle.engine.cluster.messages import (
    RESULT_BYTES,
    EventMessage,
    Lacks,
    NotRun,
    Proof,
    Ran,
    Reply,
    Task,
    topic_of,
)
from tangle.engine.events import CellFinished, Event, SessionStarted
from tangle.engine.gpus import VISIBLE
from tangle.engine.local import LocalExecutor
from tangle.engine.output_limits import SHOW_LESS
from tangle.engine.pool import not_run
from tangle.model import Job, Result, SessionResult
from tangle.typed_json import decode, encode

if TYPE_CHECKING:
    from distributed import Worker

PLUGIN: Final = "tangle-sections"
GPU: Final = "GPU"
"""The resource of Dask that represents a GPU."""

_NANNYS: Final = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
"""What Dask sets to 1 in its workers' environment, unless it is configured otherwise."""


_QUOTED: Final = re.compile(r"'([^']+)'")
_NO_FILE: Final = frozenset({"FileNotFoundError", "NotADirectoryError"})


class Question(Struct, frozen=True, kw_only=True):
    """What a command asks a worker before anything runs.

    Attributes:
        modules: top-level modules that the sections import.
        proof: as in `RunContext`.
    """

    modules: tuple[str, ...]
    proof: Proof | None


class Answer(Struct, frozen=True, kw_only=True):
    """What a worker says about itself.

    Attributes:
        code: digest of its tangle's code.
        missing: modules that it does not have.
        shared: whether it shares the project's folder.
    """

    code: str
    missing: tuple[str, ...]
    shared: bool


class SectionHost(WorkerPlugin):  # type: ignore[misc,unused-ignore]
    """Runs sections on a worker; ends what it started when the worker closes."""

    name = PLUGIN
    idempotent = True  # a second command must not take the engine away from the first

    def __init__(self) -> None:
        """Travels to the worker; what it has there is made by `setup`."""
        self._worker: Worker
        self._engine: LocalExecutor
        self.folders: Folders
        self._lock: threading.Lock
        self._stops: dict[str, set[int]]
        self._ended: set[str]
        self._free_gpus: list[str]

    def setup(self, worker: Worker) -> None:
        """Start on a worker."""
        self._worker = worker
        self._engine = LocalExecutor()
        self.folders = Folders(worker.local_directory)
        self._lock = threading.Lock()
        self._stops = {}
        self._ended = set()
        self._free_gpus = _gpu_names(int(worker.state.total_resources.get(GPU, 0)))

    def teardown(self, worker: Worker) -> None:
        """End all sessions, and what they are forked from."""
        del worker
        with self._lock:
            runs = tuple(self._stops)
        for run in runs:
            self.end_run(run)
        self._engine.stop()
        self._engine.close()

    def end_run(self, run: str) -> None:
        """End the sessions of a run, and begin no more of them."""
        with self._lock:
            self._ended.add(run)
            for stop in self._stops.get(run, ()):
                os.write(stop, b"\0")

    def run(self, task: Task) -> bytes:
        """Run a section, unless files are lacking or another attempt is under way; a `Reply`."""
        me = self._worker.address
        if lacking := self.folders.lacking(task):
            return encode(Lacks(worker=me, digests=lacking))
        try:
            place = self.folders.place(task)
        except OSError as error:
            why = f"cannot write the files of the section: {error}"
            return encode(NotRun(worker=me, why=why, again=False))
        with self._stop_of(task.run) as (reader, writer):
            lease = self._lease(task, place, writer)
            if not lease.acquire():
                why = "did not get the section's lease: another attempt to run it holds it"
                return encode(NotRun(worker=me, why=why, again=True))
            try:
                reply = self._run(task, place, reader)
            finally:
                lease.release()
        if lease.is_lost:
            reply = NotRun(worker=me, why="lost touch with the scheduler", again=True)
        return _bounded(place.original(encode(reply)), me)

    def _lease(self, task: Task, place: Place, writer: int) -> Lease:
        worker = self._worker
        key = worker.get_current_task()

        def is_wanted() -> bool:
            entry = worker.state.tasks.get(key)
            return entry is not None and entry.state == "executing"

        def lose() -> None:
            os.write(writer, b"\0")

        name = f"tangle-{task.run}-{task.job.section}"
        times = ON_THIS_MACHINE if place.context.same_machine else ACROSS_MACHINES
        return Lease(worker, name, times, is_wanted=is_wanted, lost=lose)

    @contextlib.contextmanager
    def _stop_of(self, run: str) -> Iterator[tuple[int, int]]:
        """A pipe whose reading end is ready once the section has to end."""
        reader, writer = os.pipe()
        os.set_blocking(writer, False)
        with self._lock:
            self._stops.setdefault(run, set()).add(writer)
        try:
            yield reader, writer
        finally:
            with self._lock:
                self._stops[run].discard(writer)
                if not self._stops[run]:
                    del self._stops[run]
                os.close(reader)
                os.close(writer)

    def _run(self, task: Task, place: Place, stop: int) -> Reply:
        me, loop = self._worker.address, self._worker.loop
        if task.run in self._ended:
            result = not_run(task.job, "interrupted", "the run was interrupted")
            return _ran(me, result, (), shared=place.shared)
        topic = topic_of(task.run)
        section = task.job.section
        sender = LiveSender(
            EventMessage(
                section=section,
                attempt=uuid.uuid4().hex,
                worker=me,
                event=SessionStarted(section=section),
            ),
            send=lambda data: self._worker.log_event(topic, place.original(data)),
            later=lambda seconds, act: loop.add_callback(loop.call_later, seconds, act),
        )

        def observe(event: Event) -> None:
            sender.take(event if place.shared else _with_way_out(event, me))

        with self._gpu(task) as gpu:
            job = self._own(place.job(task.job), place, gpu)
            shared = None if place.context.fresh else place.context.module
            result = self._engine.run_until(job, observe, stop, shared)
        sender.flush()
        if not place.shared:
            hinted = tuple(_with_hint(entry, me) for entry in result.results)
            result = replace(result, results=hinted)
        return _ran(me, result, sender.finished, shared=place.shared)

    def _own(self, job: Job, place: Place, gpu: str | None) -> Job:
        """The job with the environment that it has on this worker."""
        environment = dict(job.environment)
        if not place.context.same_machine:
            slots = dict(place.context.slots).get(get_address_host(self._worker.address), 0)
            share = max(1, _cores() // slots) if slots else 1
            unset = [name for name in _NANNYS if os.environ.get(name, "1") == "1"]
            environment |= dict.fromkeys(unset, str(share))
            environment.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        if gpu is not None:
            environment[VISIBLE] = gpu
        return replace(job, environment=tuple(environment.items()))

    @contextlib.contextmanager
    def _gpu(self, task: Task) -> Iterator[str | None]:
        """The GPU that a section has for itself; None where it is not for us to choose."""
        name = None
        if task.gpu and ":" not in task.job.device:
            with self._lock:
                name = self._free_gpus.pop(0) if self._free_gpus else None
        try:
            yield name
        finally:
            if name is not None:
                with self._lock:
                    self._free_gpus.insert(0, name)


def run_section(payload: bytes) -> bytes:
    """Run a section on the worker that calls this, as one task of Dask; a `Reply`."""
    worker = get_worker()
    host = _host(worker)
    if host is None:
        return encode(NotRun(worker=worker.address, why="has lost tangle's plugin", again=True))
    return host.run(decode(payload, Task))


async def take_contents(contents: Mapping[str, bytes], dask_worker: Worker) -> None:
    """Keep contents that sections need; leases are renewed meanwhile, however slow the disk is."""
    if (host := _host(dask_worker)) is not None:
        await asyncio.to_thread(host.folders.take, contents)


def end_run(run: str, dask_worker: Worker) -> None:
    """End the sessions of a run, and begin no more of them."""
    if (host := _host(dask_worker)) is not None:
        host.end_run(run)


async def forget_run(run: str, dask_worker: Worker) -> None:
    """Remove the files of a run that is over."""
    if (host := _host(dask_worker)) is not None:
        await asyncio.to_thread(host.folders.forget, run)


def describe(question: bytes) -> bytes:
    """What a worker says about itself, before anything runs: an `Answer`."""
    asked = decode(question, Question)
    missing = tuple(name for name in asked.modules if not is_installed(name))
    return encode(Answer(code=code_digest(), missing=missing, shared=holds(asked.proof)))


def is_installed(name: str) -> bool:
    """Whether a top-level module can be imported by this Python."""
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return False


def _host(worker: Worker) -> SectionHost | None:
    found = worker.plugins.get(PLUGIN)
    return found if isinstance(found, SectionHost) else None


def _ran(worker: str, result: SessionResult, finished: Sequence[Result], *, shared: bool) -> Ran:
    pairs = zip(finished, result.results, strict=False)
    differing = tuple(None if early == late else early for early, late in pairs)
    return Ran(worker=worker, result=result, finished=differing, shared=shared)


def _bounded(data: bytes, worker: str) -> bytes:
    """A reply; where it is too large, one that says so."""
    if len(data) <= RESULT_BYTES:
        return data
    size, most = len(data) >> 20, RESULT_BYTES >> 20
    why = (
        f"ran it, but its outputs take {size} MiB, and no more than {most} MiB can be sent back: "
        f"{SHOW_LESS}"
    )
    return encode(NotRun(worker=worker, why=why, again=False))


def _with_way_out(event: Event, worker: str) -> Event:
    """The event; where a file is not on the worker, with the way to have it there."""
    failure = event.result.failure if isinstance(event, CellFinished) else None
    if failure is None or failure.name not in _NO_FILE:
        return event
    assert isinstance(event, CellFinished)
    return replace(event, result=_with_hint(event.result, worker))


def _with_hint(result: Result, worker: str) -> Result:
    failure = result.failure
    if failure is None or failure.name not in _NO_FILE:
        return result
    quoted = _QUOTED.search(failure.message)
    declared = f"tangle.reads:: {quoted[1]}" if quoted else "tangle.reads"
    hint = (
        f"{worker} has only those files of the project that the section is known to read: declare "
        f"this one with `{declared}`, or let the workers share the project's folder"
    )
    return replace(result, failure=replace(failure, hint=hint))


def _gpu_names(count: int) -> list[str]:
    """What `CUDA_VISIBLE_DEVICES` calls the GPUs that a worker offers."""
    named = [name.strip() for name in os.environ.get(VISIBLE, "").split(",") if name.strip()]
    return named or [str(number) for number in range(count)]


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
