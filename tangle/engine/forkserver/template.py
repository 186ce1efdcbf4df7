"""A process that has imported what some sections import, and nothing else; it forks their workers.

It runs no code of the notes, computes nothing and starts no threads, so that a forked child finds
every library as if it had imported it itself.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import importlib
import os
import select
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NoReturn, assert_never

from msgspec import Struct

from tangle.engine.forking_parent import ForkingParent
from tangle.engine.forkserver import import_stamps
from tangle.engine.forkserver.first_uses import use_libraries
from tangle.engine.forkserver.protocol import BadOrder, Hangup, close_all
from tangle.engine.forkserver.safe_import import imports_quietly, is_library
from tangle.engine.forkserver.server_orders import Command
from tangle.engine.forkserver.template_orders import (
    TEMPLATE_ORDERS,
    Born,
    BuildTemplate,
    EndClient,
    Importing,
    ReadNotes,
    Ready,
    Reap,
    StartCommand,
    StartWorker,
    TemplateNews,
    Unfit,
    WorkerGone,
)
from tangle.engine.order import send_order
from tangle.engine.orphans import kill_family, orphans
from tangle.engine.tracking.fanotify import make_group

ROOT = (
    "tangle.engine.worker.boot",
    "IPython.core.application",
    "IPython.core.crashhandler",
    "IPython.core.logger",
    "IPython.core.magics",
    "IPython.core.oinspect",
    "IPython.core.pylabtools",
    "IPython.utils.wildcard",
    "tangle.engine.forkserver.warm_caches",
)
"""What every worker needs: its own code, and what IPython's shell imports when it is made."""

FRONT = "tangle_cli.server_entry"
"""What a command needs that runs in a fork: all of tangle."""

_HEAVY_SECONDS = 0.15
"""An import that took longer is done once: others branch off behind it."""


class _Worker(Struct, frozen=True, kw_only=True):
    """A worker, or a whole command.

    Attributes:
        client: the command it works for.
        pipe: the inode of a section's pipe for events; -1 for a command, which shares its pipes.
        notes: where a whole command was given; empty for a section.
    """

    client: int
    cookie: str
    pipe: int
    notes: str


class Template:
    """One such process, from the inside."""

    def __init__(self, channel: socket.socket, family: str, loaded: Sequence[str]) -> None:
        """Begins as a copy of another, or of a process that has imported nothing.

        Args:
            channel: orders arrive here; the process ends when it is closed.
            family: the cookie in the environment that the kernel shows for this process.
            loaded: the modules that its parent had imported.
        """
        self._parent = ForkingParent(channel)
        self._family = family
        self._loaded = list(loaded)
        self._workers: dict[int, _Worker] = {}
        self._unread = ""

    def serve(self) -> NoReturn:
        """Obeys orders until the fork server is gone, or sends something else."""
        with contextlib.suppress(Hangup, BadOrder, OSError):
            while True:
                has_order, ended = self._parent.wait(block=not self._unread)
                if not has_order and not ended:
                    self._read_ahead()
                for worker in [self._workers[pid] for pid in ended if pid in self._workers]:
                    self._unread = worker.notes or self._unread
                if has_order:
                    self._obey()
        os._exit(0)

    def _obey(self) -> None:
        order, fds = TEMPLATE_ORDERS.receive(self._parent.channel)
        try:
            match order:
                case StartWorker():
                    self._start_worker(order, fds)
                case StartCommand():
                    self._start_command(order, fds[-1])
                case Reap():
                    self._reap(order.pid, order.client)
                case EndClient():
                    self._end_client(order.client)
                case BuildTemplate():
                    self._branch(order, fds[0])
                case ReadNotes():
                    self._unread = order.notes
                case _:
                    assert_never(order)
        finally:
            close_all(fds)

    def _report(self, news: TemplateNews) -> None:
        send_order(self._parent.channel, news)

    # --- importing ----------------------------------------------------------------------------

    def load(self, aim: Sequence[str], *, whole: bool) -> None:
        """Imports what is missing, in order, and reports each step.

        A module that says something or starts threads is not for a template: what an import prints
        belongs to the section that imports, which must print it itself. Then this process is
        spoilt, and ends.

        Args:
            aim: dotted names.
            whole: import all of them; else stop behind a long import, for others to branch off.
        """
        self._report(Born(pid=os.getpid()))
        # What is imported is kept, so to search it for garbage is idle: a sixth of the time here,
        # and in every fork, to which the pages would be copied.
        gc.disable()
        missing = [name for name in aim if name not in self._loaded]
        started = time.monotonic()
        for name in missing:
            if name in ROOT or name == FRONT or is_library(name):
                self._report(Importing(name=name))
                if not imports_quietly(name):
                    self._report(Unfit(name=name))
                    os._exit(0)
            self._loaded.append(name)
            if whole or name in ROOT[:-1]:
                continue
            if time.monotonic() - started > _HEAVY_SECONDS:
                break
        if unfit := use_libraries():
            self._report(Unfit(name=unfit))
            os._exit(0)
        _look_at_modules()
        gc.freeze()
        gc.enable()
        self._report(Ready(modules=tuple(self._loaded), stamps=import_stamps.take(self._loaded)))

    def read_notes(self, directory: str) -> None:
        """Reads the notes that a command may want, once there is nothing else to do.

        Args:
            directory: a folder of the project; empty for none.
        """
        self._unread = directory

    def _read_ahead(self) -> None:
        directory, self._unread = self._unread, ""
        with contextlib.suppress(Exception):  # a command with the same trouble will report it
            importlib.import_module(FRONT).read_ahead(directory)

    # --- forking ------------------------------------------------------------------------------

    def _branch(self, order: BuildTemplate, fd: int) -> None:
        """Forks a copy of this process that imports more."""
        channel = socket.socket(fileno=os.dup(fd))
        if self._parent.fork() == 0:
            os.close(fd)
            become_template(channel, order, self._family, self._loaded)
        channel.close()

    def _start_worker(self, order: StartWorker, fds: Sequence[int]) -> None:
        *_, report = fds
        if why := _obstacle(order.directory):
            self._refuse(report, why)
            return
        worker = _Worker(
            client=order.client, cookie=order.cookie, pipe=os.fstat(fds[1]).st_ino, notes=""
        )
        become = functools.partial(_become_worker, order, fds, os.getpid())
        self._start(report, worker, become)

    def _start_command(self, order: StartCommand, report: int) -> None:
        command = order.command
        worker = _Worker(
            client=order.client, cookie=command.cookie, pipe=-1, notes=command.directory
        )
        self._start(report, worker, functools.partial(_become_command, command, report))

    def _start(self, report: int, worker: _Worker, become: Callable[[], NoReturn]) -> None:
        if _is_closed(report):  # it is no longer waited for
            self._report(WorkerGone())
            return
        # Blocked, a signal waits until the child can take it: it is ignored here.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            pid = self._parent.fork(report, make_group() if worker.pipe >= 0 else -1)
            if pid == 0:
                become()
        except OSError as error:
            self._refuse(report, f"it cannot fork: {error.strerror}")
            return
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        self._workers[pid] = worker
        if not self._parent.announce(pid):
            self._end(pid)

    def _refuse(self, report: int, why: str) -> None:
        with contextlib.suppress(OSError):
            os.write(report, f"{why}\n".encode())
        self._report(WorkerGone())

    def _reap(self, pid: int, client: int) -> None:
        worker = self._workers.get(pid)
        if worker is None or worker.client != client:
            return
        del self._workers[pid]
        self._parent.reap(pid)
        self._report(WorkerGone())

    def _orphans(self, pid: int) -> Iterator[int]:
        worker = self._workers[pid]
        return orphans(pid, cookie=worker.cookie, family=self._family, pipe=worker.pipe)

    def _end_client(self, client: int) -> None:
        """Ends the workers of a command that has gone, and all that they started."""
        for pid, worker in list(self._workers.items()):
            if worker.client == client:
                self._end(pid)

    def _end(self, pid: int) -> None:
        """Ends a worker, and all that it started."""
        kill_family(pid, functools.partial(self._orphans, pid))
        self._reap(pid, self._workers[pid].client)


def _become_worker(order: StartWorker, fds: Sequence[int], parent: int) -> NoReturn:
    """What a forked child does to be a section's worker."""
    try:
        os.setsid()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        job, events, out, err, trace, report = fds
        os.close(report)
        for fd, number in ((job, 0), (out, 1), (err, 2)):
            os.dup2(fd, number)
            os.close(fd)
        take_environment(order.environment)
        os.chdir(order.directory)
        from tangle.engine.worker.boot import main as run_worker

        run_worker([str(events), str(trace), order.cookie, str(parent)])
    except BaseException:  # noqa: BLE001 -- nothing may go back into the template's loop
        traceback.print_exc()
    finally:
        with contextlib.suppress(Exception):
            sys.stderr.flush()
        os._exit(1)


def _become_command(command: Command, report: int) -> NoReturn:
    """What a forked child does to be a whole command."""
    try:
        os.setsid()
        take_environment(command.environment)
        os.chdir(command.directory)
        importlib.import_module(FRONT).serve(command, report)
    except BaseException:  # noqa: BLE001 -- nothing may go back into the template's loop
        traceback.print_exc()
    finally:
        os._exit(1)


def become_template(
    channel: socket.socket, order: BuildTemplate, family: str, loaded: Sequence[str]
) -> NoReturn:
    """What a forked child does to be a template; it has nothing of its parent's any more.

    Args:
        channel: orders arrive here.
        order: what to import, and where.
        family: as for `Template`.
        loaded: as for `Template`.
    """
    try:
        take_environment(order.environment)
        os.chdir(order.directory)
        template = Template(channel, family, loaded)
        template.load(order.aim, whole=order.whole)
        os.chdir(os.sep)  # to keep no folder from being unmounted
        template.read_notes(order.notes)
        template.serve()
    finally:
        os._exit(1)


def _look_at_modules() -> None:
    """Looks at what is loaded for all workers to come, if this has all that workers need."""
    if "tangle.engine.tracking.module_lookups" in sys.modules:
        from tangle.engine.tracking.module_lookups import PRELOADED

        PRELOADED.learn()


def take_environment(environment: Mapping[str, str]) -> None:
    """Makes the environment this one, and no other."""
    os.environ.clear()
    os.environ.update(environment)


def _is_closed(fd: int) -> bool:
    """Whether a pipe that is written to has no reader any more."""
    poll = select.poll()
    poll.register(fd, 0)
    return bool(poll.poll(0))


def _obstacle(directory: str) -> str:
    """Why a fresh process would come to something else in a folder; empty where it would not.

    A module there may stand in the way of one that was imported here.
    """
    try:
        for entry in os.scandir(directory):
            name = entry.name.removesuffix(".py")
            stands = "." not in name and (entry.name != name or entry.is_dir())
            if stands and name in sys.modules and name not in sys.builtin_module_names:
                return f"the folder has a module {name} of its own"
    except OSError:
        return "the folder cannot be listed"
    return ""
