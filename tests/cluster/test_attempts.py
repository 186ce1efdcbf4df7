"""Attempts at a section whose workers are lost, with a cluster of no processes, and of one."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import psutil
import pytest

from tangle.engine.events import SessionStarted, ignore
from tangle.model import Cell, Job, PagePath, Place, SectionName, SessionResult
from tangle.typed_json import encode

pytest.importorskip("distributed", reason="needs dask.distributed: pip install -e '.[cluster]'")

import dask

from tangle.engine.cluster.connection import Connection, WorkerFacts
from tangle.engine.cluster.executor import DaskExecutor
from tangle.engine.cluster.messages import EventMessage, Lacks, Ran, RunContext, encode_event

ONE = SectionName("One")
JOB = Job(
    section=ONE,
    cells=(
        Cell(
            name="1",
            code="1",
            origins=(),
            place=Place(path=PagePath("pages/One.md"), line=2, column=1),
        ),
    ),
    directory="/",
)
CONTEXT = RunContext(
    run="0",
    roots=(),
    proof=None,
    package="/package",
    files=(),
    module="",
    sources=(),
    slots=(),
    same_machine=True,
    fresh=False,
)
PASSED = SessionResult(section=ONE, outcome="passed", results=(), seconds=0.0, device="cpu")


class KilledWorker(Exception):
    """What Dask says of a task whose workers died, whichever of their tasks was to blame."""


ANSWER = encode(Ran(worker="tcp://b:1", result=PASSED, finished=(), shared=True))


class Future:
    """A task that is over, or that Dask has forgotten."""

    def __init__(self, end: bytes | Exception | None) -> None:
        self._end = end
        self.status = {bytes: "finished", type(None): "pending"}.get(type(end), "error")

    def add_done_callback(self, act: Callable[[Future], None]) -> None:
        if self._end is not None:
            act(self)

    def result(self) -> bytes:
        assert isinstance(self._end, bytes)
        return self._end

    def exception(self) -> Exception:
        assert isinstance(self._end, Exception)
        return self._end

    def cancel(self) -> None:
        """Do nothing."""

    def release(self) -> None:
        """Do nothing."""


class Cluster:
    """A connection, and its client, to workers that are killed so many times."""

    is_own = True

    def __init__(self, killed: int, *, begun: bool) -> None:
        self.client = self
        self.tasks = 0
        self._killed = killed
        self._begun = begun
        self._take: Callable[[tuple[float, bytes]], None]

    def install(self) -> None:
        """Do nothing."""

    def run(self, *_: object, **__: object) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""

    def subscribe_topic(self, _: str, take: Callable[[tuple[float, bytes]], None]) -> None:
        self._take = take

    def submit(self, *_: object, **__: object) -> Future:
        self.tasks += 1
        if self._begun:
            event = SessionStarted(section=ONE)
            attempt = str(self.tasks)
            message = EventMessage(section=ONE, attempt=attempt, worker="tcp://a:1", event=event)
            self._take((0.0, encode_event(message)))
        return Future(KilledWorker() if self.tasks <= self._killed else ANSWER)


def ran(cluster: Cluster) -> SessionResult:
    executor = DaskExecutor(cast("Any", cluster), CONTEXT, {}, read=lambda _: b"")
    try:
        return executor.run(JOB, ignore)
    finally:
        executor.close()


def test_a_section_that_only_waited_on_lost_workers_runs_in_the_end() -> None:
    cluster = Cluster(20, begun=False)
    assert ran(cluster).outcome == "passed"
    assert cluster.tasks == 21


def test_a_section_whose_workers_die_each_time_it_runs_is_given_up() -> None:
    cluster = Cluster(20, begun=True)
    result = ran(cluster)
    assert (result.outcome, cluster.tasks) == ("died", 8)
    assert result.results[0].failure is not None
    assert "was killed" in result.results[0].failure.message


def test_a_section_does_not_wait_for_ever_on_workers_that_are_lost() -> None:
    cluster = Cluster(1000, begun=False)
    assert ran(cluster).outcome == "died"


class LostWorker(Cluster):
    """A cluster whose only worker lacks files, and is replaced when it has them."""

    def __init__(self) -> None:
        super().__init__(0, begun=False)
        self.wanted: list[object] = []

    def workers(self) -> tuple[WorkerFacts, ...]:
        return (WorkerFacts(address="tcp://b:1", host="b", slots=1, gpus=0),)

    def submit(self, *_: object, workers: object = None, **__: object) -> Future:
        self.wanted.append(workers)
        if len(self.wanted) == 1:
            return Future(encode(Lacks(worker="tcp://a:1", digests=())))
        return Future(None if workers else ANSWER)


def test_a_task_whose_wanted_worker_is_lost_is_given_to_any() -> None:
    cluster = LostWorker()
    assert ran(cluster).outcome == "passed"
    assert cluster.wanted == [None, ["tcp://a:1"], None]


# --- a cluster of this machine ----------------------------------------------------------------


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    with dask.config.set({"distributed.deploy.lost-worker-timeout": "1ms"}):
        made = Connection(None, processes=1, folder=str(tmp_path))
        try:
            yield made
        finally:
            made.close()


def test_a_worker_that_is_missing_for_a_moment_comes_back(connection: Connection) -> None:
    (before,) = connection.workers()
    (pid,) = connection.client.run(os.getpid).values()
    psutil.Process(pid).kill()
    until = time.monotonic() + 30
    while not (there := connection.workers()) or there == (before,):
        assert time.monotonic() < until
        time.sleep(0.2)
    assert len(there) == 1
