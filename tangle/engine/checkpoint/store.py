"""Copies of sessions that wait for the sessions' next run: which there are, and which one serves.

A copy serves a job if all that it has done is what the job would do first, and if the files that it
read, wrote and listed are as it knows them. Then what comes of the job is what comes of a fresh
run, the cells that the copy has done aside: their results are taken over.
"""

from __future__ import annotations

import contextlib
import copy
import hashlib
import json
import os
import socket
import threading
import time
from collections.abc import Callable
from typing import Protocol

from msgspec import Struct, field

from tangle.engine.checkpoint.checkpoint_orders import CheckpointOrder, Reap, Resume
from tangle.engine.file_identity import is_as_read
from tangle.engine.forkserver.client import ForkedProcess, first_line
from tangle.engine.forkserver.protocol import peer
from tangle.engine.memory import free_memory, proportional, total_memory
from tangle.engine.order import send_order
from tangle.engine.process import Worker
from tangle.engine.process_handle import SpawnRequest
from tangle.engine.transcript import CellLog
from tangle.engine.wire import Snapshotted
from tangle.model import Job, ReadFile, Result, SectionName

_MOST = 32
"""Copies that are kept at a time."""

_MOST_OF_A_SESSION = 12

_PART_OF_MEMORY = 4
"""Copies may hold one such part of the machine's memory that no other process shares."""

_PART_LEFT = 8
"""While less than one such part of it is free, each new copy takes the place of another."""

_MOST_FILES = 4096
"""Files that a copy may know: they are looked at before it is used."""

_PATIENCE = 10.0


class SnapshotGone(Exception):
    """The copy cannot go on: it has ended, or does not answer.

    Attributes:
        has_begun: whether its fork had begun a cell.
    """

    def __init__(self, why: str, *, has_begun: bool = False) -> None:
        """Says why."""
        super().__init__(why)
        self.has_begun = has_begun


class Past(Struct, frozen=True, kw_only=True):
    """What a session had done when it was copied.

    Attributes:
        results: of its cells so far.
        logs: what they had put out; later cells may still change it.
    """

    results: tuple[Result, ...] = ()
    logs: tuple[CellLog, ...] = ()


class Snapshot(Struct, kw_only=True, eq=False):
    """The parent's side of a copy.

    Attributes:
        section: whose session it is.
        index: how many cells it has done.
        history: digest of the job up to there.
        path: folders that its package is imported from; empty where it has imported none yet.
        world: what the session had learned and left.
        cookie: stands in the environment that its process was born with.
        seconds: what its cells took.
        used: when it was made or used last, by the store's count of runs.
        made: the time when it was made.
    """

    section: SectionName
    index: int
    history: str
    path: tuple[str, ...]
    world: tuple[ReadFile, ...]
    past: Past
    cookie: str
    pid: int
    channel: socket.socket
    seconds: float
    used: int
    made: float
    _running: set[int] = field(default_factory=set)
    _dropped: bool = False
    _sending: threading.Lock = field(default_factory=threading.Lock)

    def serves(self, job: Job) -> bool:
        """Whether a run of the job would be where this copy is, as far as code goes."""
        return (
            self.index <= len(job.cells)
            and self.history == history(job, self.index)
            and self.path in ((), job.path)
        )

    def knows_the_world(self) -> bool:
        """Whether its files are as it knows them."""
        return all(map(is_as_read, self.world))

    def fork(self, request: SpawnRequest) -> ForkedProcess:
        """Has it fork a worker that goes on with a job.

        Raises:
            SnapshotGone: it cannot.
        """
        ending, reporting = os.pipe()
        try:
            try:
                order = Resume(cookie=request.cookie)
                self._send(order, (request.job, *request.pipes, reporting))
            finally:
                os.close(reporting)
            pid = first_line(ending, _PATIENCE).text
            if not pid.isdigit():
                raise SnapshotGone(pid)
            with self._sending:
                self._running.add(int(pid))
        except BaseException:
            os.close(ending)
            raise
        return ForkedProcess(int(pid), ending, self.cookie, self._release)

    def drop(self) -> None:
        """Ends it, as soon as no session runs that it has forked: those end with it."""
        with self._sending:
            self._dropped = True
            if not self._running:
                self.channel.close()

    def _release(self, pid: int) -> None:
        with contextlib.suppress(SnapshotGone):
            self._send(Reap(pid=pid), ())
        with self._sending:
            self._running.discard(pid)
            if self._dropped and not self._running:
                self.channel.close()

    def _send(self, order: CheckpointOrder, fds: tuple[int, ...]) -> None:
        try:
            with self._sending:
                send_order(self.channel, order, fds)
        except OSError as error:
            raise SnapshotGone(str(error)) from error


class CopiesOfSession(Protocol):
    """What a session that leaves copies of itself has to do with them."""

    @property
    def past(self) -> Past:
        """What was done before it began."""
        ...

    def took(self, message: Snapshotted, past: Past, cookie: str) -> None:
        """Takes over a copy."""
        ...

    def know_too_little(self, since: float) -> None:
        """Ends the copies made since a time: they do not know a file that they may have written."""
        ...

    def see_off(self, worker: Worker) -> None:
        """Minds the worker's last moments while everybody else goes on."""
        ...


class Snapshots:
    """The copies of all sessions; several threads may ask at the same time."""

    def __init__(self) -> None:
        """Has none yet."""
        self._all: list[Snapshot] = []
        self._runs = 0
        self._changing = threading.Lock()

    @property
    def all(self) -> list[Snapshot]:
        """The copies there are."""
        return self._of(None)

    def best(self, job: Job) -> Snapshot | None:
        """The copy that has done most of a job."""
        with self._changing:
            self._runs += 1
            fitting = [snapshot for snapshot in self._all if snapshot.serves(job)]
        fitting.sort(key=lambda snapshot: -snapshot.index)
        found = next((snapshot for snapshot in fitting if snapshot.knows_the_world()), None)
        if found is not None:
            found.used = self._runs
        return found

    def took(self, message: Snapshotted, job: Job, past: Past, cookie: str) -> None:
        """Takes over a copy that a session made of itself.

        Args:
            message: what the session says of it.
            job: what the session runs.
            past: its results and outputs so far; they are copied.
            cookie: what its process was born with.
        """
        if len(message.world) > _MOST_FILES or (channel := _call(message.name)) is None:
            return  # it ends by itself
        made = Snapshot(
            section=job.section,
            index=message.index,
            history=history(job, message.index),
            path=job.path if message.imported else (),
            world=message.world,
            past=copy.deepcopy(past),
            cookie=cookie,
            pid=message.pid,
            channel=channel,
            seconds=sum(result.seconds for result in past.results),
            used=self._runs,
            made=time.time(),
        )
        with self._changing:
            same = [s for s in self._all if (s.history, s.path) == (made.history, made.path)]
            self._all.append(made)
        for snapshot in same:
            self.drop(snapshot)
        self._trim(lambda: len(self._of(job.section)) > _MOST_OF_A_SESSION, job.section)
        self._trim(lambda: len(self._all) > _MOST)
        if self.all and free_memory() < total_memory() // _PART_LEFT:
            self.drop(min(self.all, key=self._worth))

    def drop_since(self, section: SectionName, since: float) -> None:
        """Ends the copies of a session that have done something and were made since a time."""
        for snapshot in self._of(section):
            if snapshot.index and snapshot.made >= since:
                self.drop(snapshot)

    def save_memory(self) -> None:
        """Ends copies until the rest has its share of the machine's memory; takes a moment."""
        limit = total_memory() // _PART_OF_MEMORY
        held = {s.pid: proportional(s.pid) for s in self.all}
        self._trim(lambda: sum(held.get(s.pid, 0) for s in self._all) > limit)

    def drop(self, snapshot: Snapshot) -> None:
        """Ends a copy."""
        with self._changing:
            if snapshot in self._all:
                self._all.remove(snapshot)
        snapshot.drop()

    def close(self) -> None:
        """Ends all copies."""
        for snapshot in self.all:
            self.drop(snapshot)

    def _of(self, section: SectionName | None) -> list[Snapshot]:
        with self._changing:
            return [s for s in self._all if section in (None, s.section)]

    def _trim(self, too_many: Callable[[], bool], section: SectionName | None = None) -> None:
        """Ends copies, old ones that are cheap to make again first, while there are too many."""
        while too_many():
            self.drop(min(self._of(section), key=self._worth))

    def _worth(self, snapshot: Snapshot) -> tuple[float, int]:
        """The seconds that it saves beyond the next earlier one, by the runs since it was used."""
        return self._saved(snapshot) / (1 + self._runs - snapshot.used), snapshot.used

    def _saved(self, snapshot: Snapshot) -> float:
        earlier = (
            other.seconds
            for other in self._of(snapshot.section)
            if other.index < snapshot.index and other.past.results == _first(snapshot, other.index)
        )
        return snapshot.seconds - max(earlier, default=0.0)


def _first(snapshot: Snapshot, count: int) -> tuple[Result, ...]:
    return snapshot.past.results[:count]


def history(job: Job, count: int) -> str:
    """Digest of all that the first cells of a job depend on, its package and its files aside."""
    facts = [
        *(job.section, job.directory, job.device, job.seed, job.figure_format, job.watched),
        job.environment,
        *((c.name, c.code, c.raises, c.may_fail, c.reads) for c in job.cells[:count]),
    ]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def _call(name: str) -> socket.socket | None:
    """The connection to a copy of this user's; None where there is none."""
    channel = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        channel.connect(name)
        if peer(channel)[1] == os.geteuid():
            return channel
    except OSError:
        channel.close()
        return None
    channel.close()
    return None
