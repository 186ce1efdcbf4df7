"""The zygote's own process: imports modules, forks workers, tells how they ended.

It runs no code of the notes, computes nothing and starts no threads, so that a forked child finds
every library as if it had imported it itself.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import json
import os
import selectors
import signal
import socket
import sys
import sysconfig
import traceback
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tangle.run.worker.boot import die_with
from tangle.run.worker.boot import main as run_worker
from tangle.run.worker.noticing import MISSING

_FDS = 8
_SITES = frozenset({"site-packages", "dist-packages"})
_BYTES = 64
_SHELL = (
    "IPython.core.application",
    "IPython.core.crashhandler",
    "IPython.core.logger",
    "IPython.core.magics",
    "IPython.core.oinspect",
    "IPython.core.pylabtools",
    "IPython.utils.wildcard",
)
"""What IPython's shell imports when it is made."""

_STARTS_THREADS = frozenset({"numpy"})
"""Libraries whose threads survive a fork: OpenBLAS ends its pool before, and makes it anew."""


def main(arguments: Sequence[str]) -> None:
    """Serves until the other end of the socket is closed.

    Args:
        arguments: the socket's descriptor; then, where this Python was started anew, the names of
            modules that must not be imported, and those that must be.
    """
    die_with(os.getppid())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    MISSING.install()
    channel = socket.socket(fileno=int(arguments[0]))
    zygote = _Zygote(channel, frozenset(json.loads(arguments[1])) if arguments[1:] else frozenset())
    for name in _SHELL:
        with contextlib.suppress(ImportError):  # another IPython may have them elsewhere
            importlib.import_module(name)
    if arguments[2:]:
        zygote.preload(json.loads(arguments[2]))
    zygote.serve()
    os._exit(0)


class _Zygote:
    def __init__(self, channel: socket.socket, unfit: frozenset[str]) -> None:
        self._channel = channel
        self._unfit = unfit
        self._standard = _standard_library()
        self._selector = selectors.DefaultSelector()
        self._selector.register(channel, selectors.EVENT_READ)
        self._children: dict[int, int] = {}

    def serve(self) -> None:
        """Follows orders, and tells of workers that end."""
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is self._channel:
                    if not self._obey():
                        return
                else:
                    pid, telling = key.data
                    self._tell_end(pid, telling, key.fd)

    def _obey(self) -> bool:
        data, fds, _, _ = socket.recv_fds(self._channel, _BYTES, _FDS)
        if not data:
            return False
        order = _read_order(fds[0])
        try:
            match order.pop("do"):
                case "preload":
                    os.chdir(order["directory"])
                    self.preload(order["modules"])
                case "fork":
                    self._fork(order, fds[1:])
                case "release":
                    self._forget(order["pid"])
        finally:
            for fd in fds:
                os.close(fd)
        return True

    # --- importing ----------------------------------------------------------------------------

    def preload(self, modules: Sequence[str]) -> None:
        """Imports modules; begins anew without one that says something or starts threads.

        What an import prints belongs to the section that imports, which must print it itself.
        """
        for name in modules:
            if name in self._unfit or not self._is_library(name):
                continue
            if not _imports_quietly(name):
                unfit = json.dumps(sorted({*self._unfit, name}))
                os.set_inheritable(self._channel.fileno(), True)
                rest = [str(self._channel.fileno()), unfit, json.dumps(list(modules))]
                os.execv(sys.executable, [*sys.orig_argv[: -_own_arguments()], *rest])

    def _is_library(self, name: str) -> bool:
        """Whether a module is installed, or Python's own: the user's own are never touched."""
        try:
            spec = importlib.util.find_spec(name.partition(".")[0])
        except (ImportError, ValueError):
            return False
        if spec is None:
            return False
        places = [spec.origin or "", *(spec.submodule_search_locations or ())]
        return spec.origin in ("built-in", "frozen") or any(map(self._is_installed, places))

    def _is_installed(self, path: str) -> bool:
        return path.startswith(self._standard) or not _SITES.isdisjoint(Path(path).parts)

    # --- forking ------------------------------------------------------------------------------

    def _fork(self, order: dict[str, Any], fds: Sequence[int]) -> None:
        telling = fds[-1]
        if why := _obstacle(order["directory"]):
            os.write(telling, f"{why}\n".encode())
            return
        pid = os.fork()
        if pid == 0:
            self._become_worker(order, fds)
        os.write(telling, f"{pid}\n".encode())
        kept = os.dup(telling)
        watch = os.pidfd_open(pid)
        self._children[pid] = watch
        self._selector.register(watch, selectors.EVENT_READ, (pid, kept))

    def _become_worker(self, order: dict[str, Any], fds: Sequence[int]) -> None:
        """The child's way from here; does not come back."""
        try:
            parent = os.getppid()
            os.setsid()
            signal.signal(signal.SIGINT, signal.default_int_handler)
            self._close_all()
            job, events, out, err, trace, telling = fds
            os.close(telling)
            for fd, number in ((job, 0), (out, 1), (err, 2)):
                os.dup2(fd, number)
                os.close(fd)
            os.environ.clear()
            os.environ.update(order["environment"])
            os.chdir(order["directory"])
            run_worker([str(events), str(trace), order["cookie"], str(parent)])
        except BaseException:  # noqa: BLE001 -- nothing may go back into the zygote's loop
            traceback.print_exc()
        finally:
            with contextlib.suppress(Exception):
                sys.stderr.flush()
            os._exit(1)

    def _close_all(self) -> None:
        """Closes what the zygote alone needs."""
        for key in list(self._selector.get_map().values()):
            if key.data is not None:
                os.close(key.data[1])
        for watch in self._children.values():
            os.close(watch)
        self._selector.close()
        self._channel.close()

    def _tell_end(self, pid: int, telling: int, watch: int) -> None:
        """Tells how a worker ended; it stays a zombie, so that nobody else gets its number."""
        self._selector.unregister(watch)
        status = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        code = 0
        if status is not None:
            code = status.si_status if status.si_code == os.CLD_EXITED else -status.si_status
        with contextlib.suppress(OSError):
            os.write(telling, str(code).encode())
        os.close(telling)

    def _forget(self, pid: int) -> None:
        watch = self._children.pop(pid, None)
        if watch is not None:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)
            os.close(watch)


def _own_arguments() -> int:
    """How many of this process's arguments are `main`'s."""
    return len(sys.argv) - 2


def _read_order(file: int) -> dict[str, Any]:
    size = os.fstat(file).st_size
    order = json.loads(os.pread(file, size, 0).decode("utf-8", "surrogateescape"))
    assert isinstance(order, dict)
    return order


def _standard_library() -> tuple[str, ...]:
    paths = sysconfig.get_paths()
    folders = {folder for name in ("stdlib", "platstdlib") for folder in _both_names(paths[name])}
    return tuple(sorted(folder + os.sep for folder in folders))


def _both_names(folder: str) -> tuple[str, str]:
    return folder, str(Path(folder).resolve())


def _imports_quietly(name: str) -> bool:
    """Whether a module could be imported, or not, without a word and without a thread."""
    threads = _threads()
    said = os.memfd_create("said")
    before = [os.dup(number) for number in (1, 2)]
    try:
        for number in (1, 2):
            os.dup2(said, number)
        with contextlib.suppress(Exception), warnings.catch_warnings():
            importlib.import_module(name)
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        spoke = os.fstat(said).st_size > 0
    finally:
        for number, fd in enumerate(before, start=1):
            os.dup2(fd, number)
            os.close(fd)
        os.close(said)
    return not spoke and (_threads() == threads or name.partition(".")[0] in _STARTS_THREADS)


def _threads() -> int:
    return len(os.listdir("/proc/self/task"))  # noqa: PTH208 -- names are all that is wanted


def _obstacle(directory: str) -> str:
    """Why a fresh process would come to something else in a folder; empty where it would not.

    A module there may stand in the way of one that was imported here.
    """
    try:
        for entry in os.scandir(directory):
            name = entry.name.removesuffix(".py")
            if "." not in name and name in sys.modules and (entry.name != name or entry.is_dir()):
                return f"the folder has a module {name} of its own"
    except OSError:
        return "the folder cannot be listed"
    return ""
