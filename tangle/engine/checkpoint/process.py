"""Copies of a session on the way: forks that wait until they are asked to go on from there.

The process that runs the session continues; its child stays as it was at the fork, and forks again
at each request. A copy ends with the process that minds it: the kernel closes their connection.
"""

from __future__ import annotations

import contextlib
import os
import random
import secrets
import select
import signal
import socket
import sys
from collections.abc import Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any, assert_never

from tangle.engine.checkpoint.checkpoint_orders import CHECKPOINT_ORDERS, Reap, Resume
from tangle.engine.checkpoint.fork_safety import looks_at_children, obstacle, open_files
from tangle.engine.forking_parent import ForkingParent
from tangle.engine.forkserver.protocol import BadOrder, Hangup, close_all, peer
from tangle.engine.process import mark_of
from tangle.engine.process_handle import COOKIE
from tangle.engine.process_tag import restore_tag, set_foreign_tag, set_tag
from tangle.engine.tracking.audit_log import AuditLog
from tangle.engine.tracking.session_files import WorldLog
from tangle.engine.wire import Snapshotted, UnseenWrite
from tangle.engine.worker.reporter import Reporter
from tangle.model import Job
from tangle.typed_json import decode

_PATIENCE = 10_000
"""Milliseconds in which the process that minds a copy must call."""

_NONE = -1

# The notes may replace any of these.
_fork, _exit, _poll = os.fork, os._exit, select.poll


class Snapshots:
    """Keeps copies of this process for later runs of the same session."""

    def __init__(self, job: Job, reporter: Reporter, trace: int, log: AuditLog) -> None:
        """Begins to watch what the session does to the world.

        Args:
            job: says after how many seconds of cells a copy is worth its while.
            reporter: has the event pipe.
            trace: the descriptor that faulthandler writes to.
            log: knows what the session learns and leaves.
        """
        self._job = job
        self._reporter = reporter
        self._pipes = (reporter.descriptor, 1, 2, trace)
        self._world = WorldLog(log)
        self._children: set[int] = set()
        self._spent = float("inf")  # the first is due at once: imports and set-up are behind it
        self._threads = os.environ.get("OMP_NUM_THREADS")
        self._files = open_files()

    def spent(self, seconds: float) -> None:
        """Tells what a cell took."""
        self._spent += seconds
        if (written := self._world.take_unseen_write()) is not None:
            self._reporter.send(UnseenWrite(time=written))

    def take(self, index: int) -> Job | None:
        """Makes a copy, if that is due and can be done.

        Args:
            index: how many cells are done.

        Returns:
            None where the session just goes on; in a copy that goes on, what it is to do now.
        """
        if self._spent < (self._job.snapshots or 0.0) or looks_at_children(self._job.cells):
            return None
        if self._world.spawned or obstacle(self._files, self._children):
            return None
        self._spent = 0.0
        imported, world = self._has_imported(), self._world.state()
        name = f"\0tangle-{secrets.token_hex(16)}"
        try:
            state = (os.getcwd(), random.getstate())  # noqa: PTH109 -- quicker
        except OSError:  # the folder is gone
            return None
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
            listener.bind(name)
            listener.listen(1)
            self._world.before_copy()  # this fork is ours
            tag = set_foreign_tag()  # the session may end while its copy stays
            pid = _fork()
            if pid == 0:
                return self._stay(listener, state)
            restore_tag(tag)
            self._world.after_copy()
        self._children.add(pid)
        self._reporter.send(
            Snapshotted(
                index=index,
                pid=pid,
                name=name,
                imported=imported,
                world=world,
            )
        )
        return None

    def _has_imported(self) -> bool:
        """Whether a module of the generated package is loaded."""
        # A look at every module would write to its page, which copies from before then had alone.
        return any(name in sys.modules for name in _modules_of(self._job))

    # --- in the copy --------------------------------------------------------------------------

    def _stay(self, listener: socket.socket, state: tuple[str, Any]) -> Job:
        """Waits for orders; comes back only in a fork that is to go on."""
        os.setsid()
        nothing = os.open(os.devnull, os.O_RDWR)
        for fd in self._pipes:
            os.dup2(nothing, fd, inheritable=fd in (1, 2))
        os.close(nothing)
        parent = ForkingParent(_called(listener))
        listener.close()
        order, given = _forked(parent)
        return self._go_on(order, given, state)

    def _go_on(self, order: Resume, fds: Sequence[int], state: tuple[str, Any]) -> Job:
        """Makes this process a worker again, with its own pipes and job."""
        source, *pipes = fds
        os.setsid()
        for given, fd in zip(pipes, self._pipes, strict=True):
            os.dup2(given, fd, inheritable=fd in (1, 2))
            os.close(given)
        job = decode(os.pread(source, os.fstat(source).st_size, 0), Job)
        os.close(source)
        os.environ[COOKIE] = order.cookie
        set_tag(order.cookie)
        folders = dict(zip(self._job.path, job.path, strict=False))
        sys.path[:] = [folders.get(entry, entry) for entry in sys.path]
        folder, generator = state
        os.chdir(folder)  # it may have been made again since
        random.setstate(generator)  # Python draws a new one in every fork
        self._reporter.begin_anew(mark_of(order.cookie))
        self._files |= {fd: link for fd, link in open_files().items() if fd in self._pipes}
        self._job = job
        self._children.clear()
        self._world.resume()
        return job


def _modules_of(job: Job) -> Iterator[str]:
    """The dotted names of the generated modules, and of all that stands beside them."""
    for folder in job.path:
        with contextlib.suppress(OSError):
            yield from (name.partition(".")[0] for name in os.listdir(folder))  # noqa: PTH208
        for source in job.sources:
            path = Path(source.path)
            if path.is_relative_to(folder):
                parts = path.relative_to(folder).with_suffix("").parts
                yield from accumulate(parts, "{}.{}".format)


def _called(listener: socket.socket) -> socket.socket:
    """The connection of the process that minds this copy; ends this one if there is none."""
    poll = _poll()
    poll.register(listener, select.POLLIN)
    if not poll.poll(_PATIENCE):
        _exit(0)
    channel, _ = listener.accept()
    if peer(channel)[1] != os.geteuid():
        _exit(0)
    return channel


def _forked(parent: ForkingParent) -> tuple[Resume, list[int]]:
    """Obeys orders; returns only in a fork, with its order and its descriptors."""
    while True:
        has_order, _ = parent.wait()
        if has_order and (given := _obey(parent)) is not None:
            return given


def _obey(parent: ForkingParent) -> tuple[Resume, list[int]] | None:
    """Obeys an order; returns it and its descriptors in the fork that it asks for."""
    try:
        order, fds = CHECKPOINT_ORDERS.receive(parent.channel)
    except (Hangup, BadOrder):
        _exit(0)
    match order:
        case Reap():
            parent.reap(order.pid)
        case Resume():
            *given, report = fds
            if _fork_one(parent, report) == 0:
                os.close(report)
                return order, given
            close_all(fds)
        case _:
            assert_never(order)
    return None


def _fork_one(parent: ForkingParent, report: int) -> int:
    """Forks this process; its number is reported, or why there is none. 0 in the child."""
    try:
        pid = parent.fork(report)
    except OSError as error:
        with contextlib.suppress(OSError):
            os.write(report, f"it cannot fork: {error.strerror}\n".encode())
        return _NONE
    if pid and not parent.announce(pid):
        os.kill(pid, signal.SIGKILL)
        parent.reap(pid)
    return pid
