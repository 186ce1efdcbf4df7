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
import selectors
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NoReturn

from tangle.engine.forkserver import import_stamps
from tangle.engine.forkserver.protocol import Hangup, receive_order, send_order
from tangle.engine.forkserver.safe_import import imports_quietly, is_library
from tangle.engine.orphans import kill_family, strays
from tangle.engine.worker.parent_death import die_with

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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Worker:
    """A worker: the command it works for, and what tells of its end.

    Attributes:
        pipe: the inode of a section's pipe for events; a command shares its pipes with others.
        notes: where a whole command was given; empty for a section.
    """

    client: int
    watch: int
    telling: int
    cookie: str
    pipe: int
    notes: str


class Template:
    """One such process, from the inside."""

    def __init__(self, channel: socket.socket, family: str, loaded: Sequence[str]) -> None:
        """Begins as a copy of another, or of a process that has imported nothing.

        Args:
            channel: orders come from here; at its end the process ends.
            family: the cookie in the environment that the kernel shows of it.
            loaded: the modules that it has from where it comes.
        """
        self._channel = channel
        self._family = family
        self._loaded = list(loaded)
        self._selector = selectors.DefaultSelector()
        self._selector.register(channel, selectors.EVENT_READ)
        self._workers: dict[int, _Worker] = {}
        self._branches: dict[int, int] = {}
        self._unread = ""

    def serve(self) -> NoReturn:
        """Follows orders until there can be no more."""
        with contextlib.suppress(Hangup, OSError):
            while True:
                ready = self._selector.select(0.0 if self._unread else None)
                if not ready:
                    self._read_ahead()
                for key, _ in ready:
                    if key.fileobj is self._channel:
                        self._obey()
                    elif key.data in self._workers:
                        self._tell_end(key.data)
                    elif key.data in self._branches:
                        self._bury(key.data)
        os._exit(0)

    def _obey(self) -> None:
        order, fds = receive_order(self._channel)
        try:
            match order["do"]:
                case "fork" | "command":
                    self._fork(order, fds)
                case "release":
                    self._forget(order["pid"], order["client"])
                case "branch":
                    self._branch(order, fds)
                case "ahead":
                    self.wish_ahead(order["notes"])
                case "drop":
                    self._drop(order["client"])
        finally:
            for fd in fds:
                os.close(fd)

    def _say(self, verb: str, **facts: object) -> None:
        send_order(self._channel, verb, facts)

    # --- importing ----------------------------------------------------------------------------

    def load(self, aim: Sequence[str], *, whole: bool) -> None:
        """Imports what is missing, in order, and tells.

        A module that says something or starts threads is not for a template: what an import prints
        belongs to the section that imports, which must print it itself. Then this process is
        spoilt, and ends.

        Args:
            aim: dotted names.
            whole: import all of them; else stop behind a long import, for others to branch off.
        """
        self._say("pid", pid=os.getpid())
        # What is imported is kept, so to search it for garbage is idle: a sixth of the time here,
        # and in every fork, to which the pages would be copied.
        gc.disable()
        missing = [name for name in aim if name not in self._loaded]
        started = time.monotonic()
        for name in missing:
            if name in ROOT or name == FRONT or is_library(name):
                self._say("importing", name=name)
                if not imports_quietly(name):
                    self._say("unfit", name=name)
                    os._exit(0)
            self._loaded.append(name)
            if whole or name in ROOT[:-1]:
                continue
            if time.monotonic() - started > _HEAVY_SECONDS:
                break
        _look_at_modules()
        gc.freeze()
        gc.enable()
        self._say("ready", modules=self._loaded, stamps=import_stamps.take(self._loaded))

    def wish_ahead(self, directory: str) -> None:
        """Has notes read that a command may want, as soon as there is nothing else to do.

        Args:
            directory: a folder of the project; empty for none.
        """
        self._unread = directory

    def _read_ahead(self) -> None:
        directory, self._unread = self._unread, ""
        with contextlib.suppress(Exception):  # a command that it troubles, too, will tell
            importlib.import_module(FRONT).read_ahead(directory)

    # --- forking ------------------------------------------------------------------------------

    def _branch(self, order: Mapping[str, Any], fds: Sequence[int]) -> None:
        """Forks a copy of this process that imports more."""
        channel = socket.socket(fileno=os.dup(fds[0]))
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            for fd in fds:
                os.close(fd)
            origin = Origin(
                parent=parent, family=self._family, loaded=self._loaded, leave=self._close_all
            )
            become_template(channel, order, origin)
        channel.close()
        watch = os.pidfd_open(pid)
        self._branches[pid] = watch
        self._selector.register(watch, selectors.EVENT_READ, pid)

    def _bury(self, pid: int) -> None:
        watch = self._branches.pop(pid)
        self._selector.unregister(watch)
        os.close(watch)
        os.waitpid(pid, 0)

    def _fork(self, order: Mapping[str, Any], fds: Sequence[int]) -> None:
        telling, is_command = fds[-1], order["do"] == "command"
        if _is_closed(telling):  # nobody waits for it any more
            self._say("free")
            return
        if not is_command and (why := _obstacle(order["directory"])):
            self._refuse(telling, why)
            return
        parent = os.getpid()
        # Blocked, a signal waits until the child can take it: it is ignored here.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            pid = os.fork()
            if pid == 0:
                become = self._become_command if is_command else self._become_worker
                become(order, fds, parent)
        except OSError as error:
            self._refuse(telling, f"it cannot fork: {error.strerror}")
            return
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        watch = os.pidfd_open(pid)
        self._workers[pid] = _Worker(
            client=order["client"],
            watch=watch,
            telling=os.dup(telling),
            cookie=order["cookie"],
            pipe=-1 if is_command else os.fstat(fds[1]).st_ino,
            notes=order["directory"] if is_command else "",
        )
        self._selector.register(watch, selectors.EVENT_READ, pid)
        try:
            os.write(telling, f"{pid}\n".encode())
        except OSError:  # nobody waits for it any more
            self._end(pid)

    def _refuse(self, telling: int, why: str) -> None:
        with contextlib.suppress(OSError):
            os.write(telling, f"{why}\n".encode())
        self._say("free")

    def _become_worker(self, order: Mapping[str, Any], fds: Sequence[int], parent: int) -> NoReturn:
        """The child's way from here; does not come back."""
        try:
            os.setsid()
            signal.signal(signal.SIGINT, signal.default_int_handler)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
            self._close_all()
            job, events, out, err, trace, telling = fds
            os.close(telling)
            for fd, number in ((job, 0), (out, 1), (err, 2)):
                os.dup2(fd, number)
                os.close(fd)
            take_environment(order["environment"])
            os.chdir(order["directory"])
            from tangle.engine.worker.boot import main as run_worker

            run_worker([str(events), str(trace), order["cookie"], str(parent)])
        except BaseException:  # noqa: BLE001 -- nothing may go back into the template's loop
            traceback.print_exc()
        finally:
            with contextlib.suppress(Exception):
                sys.stderr.flush()
            os._exit(1)

    def _become_command(
        self, order: Mapping[str, Any], fds: Sequence[int], parent: int
    ) -> NoReturn:
        """The way of a child that is to be a whole command; does not come back."""
        try:
            die_with(parent)
            os.setsid()
            self._close_all()
            take_environment(order["environment"])
            os.chdir(order["directory"])
            importlib.import_module(FRONT).serve(order, fds[-1])
        except BaseException:  # noqa: BLE001 -- nothing may go back into the template's loop
            traceback.print_exc()
        finally:
            os._exit(1)

    def _close_all(self) -> None:
        """Closes, in a child, what this process alone needs."""
        for worker in self._workers.values():
            os.close(worker.watch)
            if worker.telling >= 0:
                os.close(worker.telling)
        for watch in self._branches.values():
            os.close(watch)
        self._selector.close()
        self._channel.close()

    def _tell_end(self, pid: int) -> None:
        """Tells how a worker ended; it stays a zombie, so that nobody else gets its number."""
        worker = self._workers[pid]
        self._selector.unregister(worker.watch)
        status = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        code = 0
        if status is not None:
            code = status.si_status if status.si_code == os.CLD_EXITED else -status.si_status
        with contextlib.suppress(OSError):
            os.write(worker.telling, str(code).encode())
        os.close(worker.telling)
        self._workers[pid] = replace(worker, telling=-1)
        if worker.notes:
            self.wish_ahead(worker.notes)

    def _forget(self, pid: int, client: int) -> None:
        worker = self._workers.get(pid)
        if worker is None or worker.client != client:
            return
        del self._workers[pid]
        if worker.telling >= 0:  # it was given up before it ended
            self._selector.unregister(worker.watch)
            os.close(worker.telling)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, 0)
        os.close(worker.watch)
        self._say("free")

    def _strays(self, pid: int) -> Iterator[int]:
        worker = self._workers[pid]
        return strays(pid, cookie=worker.cookie, family=self._family, pipe=worker.pipe)

    def _drop(self, client: int) -> None:
        """Ends the workers of a command that is gone, and all that they started."""
        for pid, worker in list(self._workers.items()):
            if worker.client == client:
                self._end(pid)

    def _end(self, pid: int) -> None:
        """Ends a worker, and all that it started."""
        worker = self._workers[pid]
        kill_family(pid, functools.partial(self._strays, pid))
        self._forget(pid, worker.client)


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a template comes from.

    Attributes:
        parent: the process that forked it, with which it ends.
        family: as for `Template`.
        loaded: the modules that the parent had imported.
        leave: closes what the child has from its parent.
    """

    parent: int
    family: str
    loaded: Sequence[str]
    leave: Callable[[], None]


def become_template(channel: socket.socket, order: Mapping[str, Any], origin: Origin) -> NoReturn:
    """What a forked child does from its first line on to be a template; does not come back.

    Args:
        channel: orders come from here.
        order: `directory`, `environment`; `aim` and `whole`, as `load` takes them; and `notes`, a
            folder of the project for which whole commands are to be forked, or nothing.
        origin: where it comes from.
    """
    try:
        die_with(origin.parent)
        origin.leave()
        take_environment(order["environment"])
        os.chdir(order["directory"])
        template = Template(channel, origin.family, origin.loaded)
        template.load(order["aim"], whole=order["whole"])
        os.chdir(os.sep)  # to keep no folder from being unmounted
        template.wish_ahead(order["notes"])
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
