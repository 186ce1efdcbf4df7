"""Processes that were started below a worker, wherever they have moved (Linux only).

All processes are searched; with psutil the search takes ten times as long.
"""

from __future__ import annotations

import contextlib
import os
import signal
import stat
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path

from tangle.engine.process_handle import COOKIE
from tangle.engine.process_table import look_up
from tangle.engine.process_tag import shown_tag

_ROUNDS = 3
_MOST = 1 << 16
_TRACKER = b"resource_tracker"
"""Stands in the command of the processes that remove what others leave in shared memory."""
_TRACKER_SECONDS = 2.0
_STARTING_SECONDS = 0.2
_DEAD = "Z"
_BLINK = 0.01


def kill_family(pid: int, below: Callable[[], Iterable[int]], *, patience: float = 0.0) -> None:
    """Ends a worker, its process group, and what was started below it.

    Resource trackers (of `multiprocessing` and loky) come last: they do their work once everybody
    else is gone, and then end by themselves.

    Args:
        pid: the worker's number, which must be its own still.
        below: finds what was started below it.
        patience: seconds for which programs may go on: one that reads what the worker wrote at its
            end has to handle it.
    """
    _kill(os.kill, pid)
    left = {orphan for orphan in below() if orphan != pid}
    _await_end(left, _is_alive, patience)
    trackers = {orphan for orphan in left if _is_tracker(orphan)}
    if trackers:
        left = _end_all(left, pid, below, spared=trackers)
        _await_end(trackers, _is_tracker, _TRACKER_SECONDS)
    for kill in (os.killpg, os.kill):  # right after its birth it has no group of its own yet
        _kill(kill, pid)
    _end_all(left, pid, below)


def _end_all(
    left: set[int], pid: int, below: Callable[[], Iterable[int]], *, spared: Collection[int] = ()
) -> set[int]:
    """Kills orphans until no more come; those that are left in the end."""
    for _ in range(_ROUNDS):
        found = left.difference(spared)
        if not found:
            break
        for orphan in found:
            _kill(os.kill, orphan)
        left = {orphan for orphan in below() if orphan != pid}
    return left


def _kill(kill: Callable[[int, int], None], pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        kill(pid, signal.SIGKILL)


def _is_tracker(pid: int) -> bool:
    """Whether a process is a resource tracker; one that is just starting has no command yet."""
    until = time.monotonic() + _STARTING_SECONDS
    try:
        while not (command := _read(f"/proc/{pid}/cmdline")) and time.monotonic() < until:
            if (entry := look_up(pid)) is None or entry.state == _DEAD:
                return False
            time.sleep(_BLINK)
    except OSError:
        return False
    return _TRACKER in command


def _is_alive(pid: int) -> bool:
    entry = look_up(pid)
    return entry is not None and entry.state != _DEAD


def _await_end(processes: Collection[int], is_left: Callable[[int], bool], patience: float) -> None:
    """Waits until these processes are gone, no longer than said."""
    until = time.monotonic() + patience
    while any(map(is_left, processes)) and time.monotonic() < until:
        time.sleep(_BLINK)


def orphans(worker: int, *, cookie: str, family: str, pipe: int) -> Iterator[int]:
    """The processes below a worker; the worker itself may be among them.

    They have its tag, unless they changed their limits: then the environment tells.

    Args:
        worker: its number.
        cookie: stands in the environment of the programs that it started.
        family: stands in that of its forks, where it was itself forked; else empty.
        pipe: the inode of its pipe for events, to which its forks can write.
    """
    link = f"pipe:[{pipe}]"
    own, kin = f"{COOKIE}={cookie}".encode(), f"{COOKIE}={family}".encode()
    tag = shown_tag(cookie)
    try:
        names = os.listdir("/proc")  # noqa: PTH208 -- names are all that is wanted, and quickly
    except OSError:
        return
    for name in names:
        if not name.isdigit() or int(name) == os.getpid():
            continue  # this process may itself be of the family, and holds the pipe's other end
        with contextlib.suppress(OSError):
            if tag in _read(f"/proc/{name}/limits"):
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
