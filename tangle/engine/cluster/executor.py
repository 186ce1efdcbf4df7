"""Run each section as one task of a Dask cluster."""

from __future__ import annotations

import contextlib
import itertools
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct
from msgspec.structs import replace

from tangle.engine.cluster.address import BadCluster
from tangle.engine.cluster.connection import Connection, WorkerFacts, within
from tangle.engine.cluster.host import (
    GPU,
    end_run,
    forget_run,
    run_section,
    take_contents,
)
from tangle.engine.cluster.messages import (
    Lacks,
    NotRun,
    Ran,
    Reply,
    RunContext,
    SentFile,
    Task,
    decode_event,
    digest_of,
    topic_of,
)
from tangle.engine.cluster.routes import Route
from tangle.engine.events import CellResults, Observer
from tangle.engine.local import finished
from tangle.engine.pool import not_run
from tangle.engine.session_end import SKIPPED, skip_of_rest
from tangle.errors import TangleError
from tangle.model import Failure, Job, SectionName, SessionResult
from tangle.typed_json import DamagedDocument, decode, encode

if TYPE_CHECKING:
    from distributed import Future

_POLL_SECONDS: Final = 0.5
_LOOK_SECONDS: Final = 2.0
"""How often, at most, the scheduler is asked for its workers."""

_ALONE_SECONDS: Final = 60.0
"""How long a section waits while no worker can take it, and for a scheduler that is gone."""

_RESULT_SECONDS: Final = 300.0
_SEND_SECONDS: Final = 300.0
_STOP_SECONDS: Final = 6.0
"""What sessions may take to end after Ctrl-C, their last outputs included."""

_FORGET_SECONDS: Final = 2.0
_MOST_ATTEMPTS: Final = 8
_MOST_TASKS: Final = 32
"""Tasks of one section, with those that only waited on a worker that was lost."""

_MOST_BYTES: Final = 16 * 1024 * 1024
"""Bytes that are sent to a worker at a time, unless one file is larger."""


class Assignment(Struct, frozen=True, kw_only=True):
    """What a section needs on a cluster besides its job.

    Attributes:
        files: what it reads, for workers that do not share the project's folder.
        gpu: whether it wants a worker with a GPU.
    """

    files: tuple[SentFile, ...] = ()
    gpu: bool = False


class DaskExecutor:
    """Runs sections on the workers of a cluster; an executor that was stopped stays so."""

    def __init__(
        self,
        connection: Connection,
        context: RunContext,
        assignments: Mapping[SectionName, Assignment],
        read: Callable[[SentFile], bytes],
    ) -> None:
        """Prepare the workers for a run.

        Args:
            connection: to the cluster, whose workers fit; closed by `close`.
            context: what all sections share.
            assignments: what each needs; one that is not among them needs nothing.
            read: returns the content of a file; an error of tangle's says why it cannot.

        Raises:
            BadCluster: the workers cannot be prepared.
        """
        self._connection = connection
        self._context = encode(context)
        self._digest = digest_of(self._context)
        self._run = context.run
        self._assignments = dict(assignments)
        self._read = read
        self._routes: dict[str, Route] = {}
        self._numbers = itertools.count()
        self._stopping = threading.Event()
        self._recovering = threading.Lock()
        self._generation = 0
        self._sending: dict[str, threading.Lock] = {}
        self._sent: dict[tuple[str, str], float] = {}
        self._looking = threading.Lock()
        self._looked = 0.0
        self._workers: tuple[WorkerFacts, ...] = ()
        self._prepare()
        self._stopper = threading.Thread(target=self._stop_workers, daemon=True)
        self._stopper.start()
        self._closed = False

    # --- an executor ------------------------------------------------------------------------------

    def run(self, job: Job, observe: Observer) -> SessionResult:
        """Run one section on the worker that Dask chooses; nothing that its code does is raised."""
        route = Route(job.section, observe)
        self._routes[job.section] = route
        try:
            result = self._result(job, route)
        finally:
            del self._routes[job.section]
        observe(finished(result))
        return result

    def stop(self) -> None:
        """End all sections; may be called in a signal handler."""
        self._stopping.set()

    def close(self) -> None:
        """Remove the run's files from the workers, and leave the cluster; may be called twice."""
        if self._closed:
            return
        self._closed = True
        self._stopping.set()
        self._stopper.join(_STOP_SECONDS)
        client = self._connection.client
        with contextlib.suppress(Exception):  # what is left there ends with the workers
            within(_FORGET_SECONDS, lambda: client.run(forget_run, self._run, on_error="ignore"))
        self._connection.close()

    # --- the run ----------------------------------------------------------------------------------

    def _prepare(self) -> None:
        """Let workers have what all sections share, and listen to what they send."""
        self._connection.install()
        client = self._connection.client
        contents = {self._digest: self._context}
        try:
            client.subscribe_topic(topic_of(self._run), self._take_event)
            within(_SEND_SECONDS, lambda: client.run(take_contents, contents, on_error="ignore"))
        except Exception as error:
            raise BadCluster(f"the cluster was lost: {error}") from error

    def _take_event(self, event: tuple[float, Any]) -> None:
        with contextlib.suppress(DamagedDocument):
            message = decode_event(event[1])
            if (route := self._routes.get(message.section)) is not None:
                route.take(message)

    def _stop_workers(self) -> None:
        self._stopping.wait()
        if self._routes:
            client = self._connection.client
            with contextlib.suppress(Exception):  # each section's wait is bounded anyway
                within(_STOP_SECONDS, lambda: client.run(end_run, self._run, on_error="ignore"))

    # --- one section ------------------------------------------------------------------------------

    def _result(self, job: Job, route: Route) -> SessionResult:
        """What came of the first attempt whose result counts; a bounded number is made.

        A task may be lost with a worker that ran another section, or reach a worker that is new and
        lacks everything. Neither is held against the section.
        """
        at: str | None = None
        why = ""
        attempts = 0
        sent: set[tuple[str, str]] = set()
        for _ in range(_MOST_TASKS):
            begun = route.begun
            reply = self._attempt(job, route, at)
            if isinstance(reply, Ran):
                return _accepted(reply, route)
            if self._stopping.is_set():
                return not_run(job, "interrupted", "the run was interrupted")
            at = reply.worker if isinstance(reply, Lacks) else None
            if isinstance(reply, Lacks):
                lacking = {(reply.worker, digest) for digest in reply.digests}
                attempts += not lacking.isdisjoint(sent)
                sent |= lacking
                reply = self._send(reply, job.section)
            else:
                attempts += bool(reply.worker) or route.begun > begun
            why = f"worker {reply.worker} {reply.why}" if reply.worker else reply.why
            if not reply.again or attempts >= _MOST_ATTEMPTS:
                break
        return _died(job, why)

    def _attempt(self, job: Job, route: Route, at: str | None) -> Reply:
        """One task of Dask, and the worker's reply, or that there is none.

        Args:
            job: the section.
            route: of its events.
            at: the worker that should run it; None for any.
        """
        generation = self._generation
        try:
            future = self._submit(job, at)
        except Exception as error:  # noqa: BLE001 -- whatever Dask raises where a scheduler is gone
            return self._recovered(generation, str(error))
        done = threading.Event()
        future.add_done_callback(lambda _: done.set())
        try:
            if (lost := self._wait(job, route, done, at)) is not None:
                return lost
            if future.status == "finished":
                return _reply(within(_RESULT_SECONDS, future.result))
            if future.status == "error":
                raised = within(_RESULT_SECONDS, future.exception)
                again = type(raised).__name__ == "KilledWorker"  # as others beside it were
                return _lost(_words(raised), again=again)
            return self._recovered(generation, "the scheduler was lost")
        except Exception as error:  # noqa: BLE001 -- as above
            return self._recovered(generation, _words(error))
        finally:
            with contextlib.suppress(Exception):
                if not done.is_set():
                    future.cancel()
                future.release()

    def _submit(self, job: Job, at: str | None) -> Future[bytes]:
        number = next(self._numbers)
        assignment = self._assignments.get(job.section, Assignment())
        bare = replace(
            job,
            path=(),
            sources=(),
            environment=job.environment if self._connection.is_own else (),
        )
        task = Task(
            run=self._run,
            context=self._digest,
            job=bare,
            files=assignment.files,
            gpu=assignment.gpu,
        )
        return self._connection.client.submit(
            run_section,
            encode(task),
            key=f"tangle-{self._run}-{job.section}-{number}-{secrets.token_hex(4)}",
            pure=False,
            priority=-number,  # sections are asked for in the order of the schedule
            resources={GPU: 1} if assignment.gpu else None,
            workers=[at] if at else None,
            allow_other_workers=bool(at),
        )

    def _wait(self, job: Job, route: Route, done: threading.Event, at: str | None) -> NotRun | None:
        """Wait for a task; why it will not end, where that is so.

        Dask forgets a task whose wanted worker was lost while there was no other: it would wait for
        ever, whatever workers come.
        """
        gpu = self._assignments.get(job.section, Assignment()).gpu
        began = alone = time.monotonic()
        while not done.wait(_POLL_SECONDS):
            if self._stopping.is_set():
                if route.worker:
                    done.wait(_STOP_SECONDS)
                return None if done.is_set() else _lost("the run was interrupted", again=False)
            workers = self._workers_since(began)
            here = {worker.address for worker in workers}
            if at and here.isdisjoint((at, route.worker)):
                return _lost(f"worker {at} was lost", again=True)
            if route.worker in here or any(worker.gpus or not gpu for worker in workers):
                alone = time.monotonic()
            elif time.monotonic() - alone > _ALONE_SECONDS:
                kind = "with a GPU " if gpu else ""
                why = f"the cluster has had no worker {kind}for {_ALONE_SECONDS:g} s"
                return _lost(why, again=False)
        return None

    def _workers_since(self, moment: float) -> tuple[WorkerFacts, ...]:
        """The workers at that moment of the monotonic clock or later."""
        with self._looking:
            if self._looked < max(moment, time.monotonic() - _LOOK_SECONDS):
                self._looked = time.monotonic()
                self._workers = self._connection.workers()
            return self._workers

    def _recovered(self, generation: int, why: str) -> NotRun:
        """That an attempt was lost; another may be made once the cluster can be used again."""
        again = self._recover(generation)
        return _lost(f"the connection to the cluster was lost: {why}", again=again)

    def _recover(self, generation: int) -> bool:
        """Wait until the cluster can be used again; False if it cannot for too long.

        Args:
            generation: of the connection that was lost; another thread may have a new one already.
        """
        with self._recovering:
            if generation != self._generation or self._stopping.is_set():
                return True
            until = time.monotonic() + _ALONE_SECONDS
            while time.monotonic() < until and not self._stopping.wait(_POLL_SECONDS):
                with contextlib.suppress(BadCluster):
                    if self._connection.client.status != "running":
                        self._connection.reconnect()
                    if self._connection.workers():
                        self._prepare()
                        self._generation += 1
                        return True
        return False

    # --- files ------------------------------------------------------------------------------------

    def _send(self, lacks: Lacks, section: SectionName) -> NotRun:
        """Send a worker what it lacks, unless that was done meanwhile; whether it can run now."""
        asked = time.monotonic()
        files = self._assignments.get(section, Assignment()).files
        known = {file.digest: file for file in files}
        with self._sending.setdefault(lacks.worker, threading.Lock()):
            batch: dict[str, bytes] = {}
            for digest in lacks.digests:
                if self._sent.get((lacks.worker, digest), 0.0) >= asked:
                    continue
                try:
                    batch[digest] = self._content(digest, known)
                except TangleError as error:
                    return NotRun(worker="", why=str(error), again=False)
                if sum(map(len, batch.values())) >= _MOST_BYTES:
                    self._deliver(lacks.worker, batch)
                    batch = {}
            self._deliver(lacks.worker, batch)
        return NotRun(worker=lacks.worker, why="does not keep what it is sent", again=True)

    def _content(self, digest: str, known: Mapping[str, SentFile]) -> bytes:
        """The content of a digest.

        Raises:
            TangleError: the file cannot be read, or is another one by now.
        """
        if digest == self._digest:
            return self._context
        content = self._read(known[digest])
        if digest_of(content) != digest:
            path = known[digest].path
            raise TangleError(f"{path}: this file was changed while the run began; run it again")
        return content

    def _deliver(self, worker: str, batch: Mapping[str, bytes]) -> None:
        if not batch:
            return
        client = self._connection.client
        with contextlib.suppress(Exception):  # a worker that is gone lacks nothing any more
            within(
                _SEND_SECONDS,
                lambda: client.run(take_contents, dict(batch), workers=[worker], on_error="ignore"),
            )
        now = time.monotonic()
        self._sent.update({(worker, digest): now for digest in batch})


def _lost(why: str, *, again: bool) -> NotRun:
    """That no worker answered for a task."""
    return NotRun(worker="", why=why, again=again)


def _reply(data: bytes) -> Reply:
    kinds: Any = Reply
    reply: Reply = decode(data, kinds)
    return reply


def _accepted(ran: Ran, route: Route) -> SessionResult:
    """The one result of a section that counts."""
    pairs = zip(ran.finished, ran.result.results, strict=False)
    results = tuple(early or late for early, late in pairs)
    route.observe(CellResults(section=ran.result.section, results=results))
    return replace(ran.result, worker=ran.worker)


def _died(job: Job, why: str) -> SessionResult:
    """The result of a section that no worker ran to its end."""
    result = not_run(job, "died", "")
    if not job.cells:
        return result
    failure = Failure(name="WorkerDied", message=why, traceback="", place=job.cells[0].place)
    first = replace(SKIPPED, outcome="died", failure=failure)
    rest = replace(SKIPPED, skip=skip_of_rest(job, 0, "died"))
    return replace(result, results=(first, *[rest] * (len(job.cells) - 1)))


def _words(error: BaseException | None) -> str:
    """What an exception of a task says."""
    name = type(error).__name__
    if name == "KilledWorker":
        return "each worker that ran it was killed; does the section use up a machine's memory?"
    return f"the section could not be run: {name}: {' '.join(str(error).split())[:300]}"
