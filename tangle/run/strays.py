"""Processes that were started below a worker, wherever they have moved (Linux only)."""

from __future__ import annotations

import contextlib
import os
import signal
import stat
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from tangle.run.brand import shown_mark
from tangle.run.handles import COOKIE
from tangle.run.process_table import look_up

_ROUNDS = 3
_MOST = 1 << 16


def kill_family(pid: int, below: Callable[[], Iterable[int]]) -> None:
    """Ends a worker, its process group, and what was started below it.

    Args:
        pid: the worker's number, which must be its own still.
        below: finds what was started below it.
    """
    for kill in (os.killpg, os.kill):  # right after its birth it has no group of its own yet
        with contextlib.suppress(ProcessLookupError, PermissionError):
            kill(pid, signal.SIGKILL)
    for _ in range(_ROUNDS):
        left = [stray for stray in below() if stray != pid]
        for stray in left:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(stray, signal.SIGKILL)
        if not left:
            break


def strays(worker: int, *, cookie: str, family: str, pipe: int) -> Iterator[int]:
    """The processes below a worker; the worker itself may be among them.

    They have its mark, unless they changed their limits: then the environment tells.

    Args:
        worker: its number.
        cookie: stands in the environment of the programs that it started.
        family: stands in that of its forks, where it was itself forked; else empty.
        pipe: the inode of its pipe for events, to which its forks can write.
    """
    link = f"pipe:[{pipe}]"
    own, kin = f"{COOKIE}={cookie}".encode(), f"{COOKIE}={family}".encode()
    mark = shown_mark(cookie)
    try:
        names = os.listdir("/proc")  # noqa: PTH208 -- names are all that is wanted, and quickly
    except OSError:
        return
    for name in names:
        if not name.isdigit() or int(name) == os.getpid():
            continue  # this process may itself be of the family, and holds the pipe's other end
        with contextlib.suppress(OSError):
            if mark in _read(f"/proc/{name}/limits"):
                yield int(name)
                continue
            variables = _read(f"/proc/{name}/environ")
            if own in variables and own in variables.split(b"\0"):
                yield int(name)
                continue
            of_kin = family and kin in variables and kin in variables.split(b"\0")
            if of_kin and _is_fork(int(name), worker, link):
                yield int(name)


def _read(path: str) -> bytes:
    """All that a file of the system's says; there are as many as there are processes."""
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        found = os.read(file, _MOST)
        while more := os.read(file, _MOST):
            found += more
        return found
    finally:
        os.close(file)


def _is_fork(process: int, worker: int, link: str) -> bool:
    """Whether a process can write to a worker's pipe and is not above it.

    What forked the worker may hold its pipe for a moment yet; who reads there is a command.
    """
    writes = any(
        str(entry.readlink()) == link and entry.lstat().st_mode & stat.S_IWUSR
        for entry in Path(f"/proc/{process}/fd").iterdir()
    )
    return writes and process not in _ancestors(worker)


def _ancestors(process: int) -> list[int]:
    found = [process]
    while (entry := look_up(found[-1])) is not None and entry.parent > 1:
        found.append(entry.parent)
    return found[1:]
