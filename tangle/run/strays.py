"""Processes that were started below a worker, wherever they have moved (Linux only)."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from tangle.run.brand import bears_mark
from tangle.run.handles import COOKIE

_ROUNDS = 3


def kill_family(pid: int, below: Callable[[], Iterable[int]]) -> None:
    """Ends a worker, its process group, and what was started below it.

    Args:
        pid: the worker's number, which must be its own still.
        below: finds what was started below it.
    """
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    for _ in range(_ROUNDS):
        left = list(below())
        for stray in left:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(stray, signal.SIGKILL)
        if not left:
            break


def strays(*, cookie: str, family: str, pipe: int) -> Iterator[int]:
    """The processes below a worker; the worker itself may be among them.

    They have its mark, unless they changed their limits: then the environment tells.

    Args:
        cookie: stands in the environment of the programs that it started.
        family: stands in that of its forks, where it was itself forked; else empty.
        pipe: the inode of its pipe for events, which its forks hold.
    """
    link = f"pipe:[{pipe}]"
    own, kin = f"{COOKIE}={cookie}".encode(), f"{COOKIE}={family}".encode()
    try:
        names = os.listdir("/proc")  # noqa: PTH208 -- names are all that is wanted, and quickly
    except OSError:
        return
    for name in names:
        if not name.isdigit() or int(name) == os.getpid():
            continue  # this process may itself be of the family, and holds the pipe's other end
        with contextlib.suppress(OSError):
            if bears_mark(Path("/proc") / name, cookie):
                yield int(name)
                continue
            variables = _environment(name)
            if (own in variables and own in variables.split(b"\0")) or (
                family and kin in variables and kin in variables.split(b"\0") and _holds(name, link)
            ):
                yield int(name)


def _environment(process: str) -> bytes:
    with open(f"/proc/{process}/environ", "rb", buffering=0) as file:  # noqa: PTH123 -- quick
        return file.readall()


def _holds(process: str, link: str) -> bool:
    """Whether a process has a descriptor of that file."""
    folder = Path(f"/proc/{process}/fd")
    return any(str(entry.readlink()) == link for entry in folder.iterdir())
