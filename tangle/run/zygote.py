"""A process that has imported what sections need, and forks a worker whenever one is wanted.

Importing torch takes two seconds, forking a process that has imported it some milliseconds. Linux
only: elsewhere frameworks do not survive a fork.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol, Self

from tangle.run.handles import COOKIE, Birth, boot_command
from tangle.run.orders import pair, send_order

_PATIENCE = 120.0
"""Seconds that the imports may take before sessions do without."""

_LEAVING_SECONDS = 5.0
"""What it may take to end when it is not needed any more."""


class ZygoteGone(Exception):
    """It cannot fork this worker; a fresh process can take its place. The text says why."""


class Started(Protocol):
    """A process that was started for a zygote, and is to be waited for."""

    def end(self) -> None:
        """Waits for its end, or brings it about."""
        ...


class Zygote:
    """The command's side of it; several threads may have workers forked at the same time."""

    def __init__(
        self, channel: socket.socket, *, family: str, stop: int, started: Started | None
    ) -> None:
        """Uses one that is there.

        Args:
            channel: orders go there.
            family: the cookie in the environment of its first process.
            stop: a descriptor; once it can be read, workers are not waited for any more.
            started: the process that was started for it, if one was.
        """
        self._socket = channel
        self._family = family
        self._stop = stop
        self._started = started
        self._sending = threading.Lock()

    @staticmethod
    def possible() -> bool:
        """Whether this system can do it."""
        return sys.platform == "linux" and hasattr(os, "pidfd_open")

    @classmethod
    def start(cls, environment: Mapping[str, str], stop: int) -> Self:
        """One of this process's own, which ends with it.

        Args:
            environment: what every worker has in its own.
            stop: as for the class.

        Raises:
            OSError: it cannot be started.
        """
        family = secrets.token_hex(8)
        ours, theirs = pair()
        with theirs:
            try:
                facts = {"channel": theirs.fileno(), "family": family}
                process = start_zygote(facts, environment, [theirs.fileno()])
            except OSError:
                ours.close()
                raise
        return cls(ours, family=family, stop=stop, started=_Own(process))

    def preload(
        self, sets: Iterable[Iterable[str]], directory: str, environment: Mapping[str, str]
    ) -> None:
        """Has modules imported ahead, so that workers that need them can be forked at once.

        Args:
            sets: dotted names, in the order in which they are imported; for each section its own.
            directory: where the sections will run; libraries read their settings there.
            environment: what every worker has in its own.
        """
        order = {"sets": [list(names) for names in sets], "directory": directory}
        with contextlib.suppress(ZygoteGone):
            self._send("preload", {**order, **_surroundings(environment)})

    def fork(self, birth: Birth) -> ForkedProcess:
        """Has a worker forked, and waits until it is there.

        Raises:
            ZygoteGone: the zygote died, takes too long, is not waited for any more, or sees that a
                fresh process would come to something else.
        """
        order = {
            "modules": list(birth.modules),
            "directory": birth.directory,
            "cookie": birth.cookie,
            **_surroundings(birth.environment),
        }
        told, telling = os.pipe()
        try:
            try:
                self._send("fork", order, (birth.job, *birth.pipes, telling))
            finally:
                os.close(telling)
            pid = first_line(told, _PATIENCE, self._stop)
            if not pid.isdigit():
                raise ZygoteGone(pid or "the process that forks sections is gone")
        except BaseException:
            os.close(told)
            raise
        return ForkedProcess(int(pid), told, self._family, self._release)

    def close(self) -> None:
        """Lets it go, and with it every worker that is left; may be called twice."""
        with self._sending:
            self._socket.close()
        if self._started is not None:
            self._started.end()
            self._started = None

    def _release(self, pid: int) -> None:
        with contextlib.suppress(ZygoteGone):
            self._send("release", {"pid": pid})

    def _send(self, verb: str, order: Mapping[str, object], fds: tuple[int, ...] = ()) -> None:
        try:
            with self._sending:
                send_order(self._socket, verb, order, fds)
        except (OSError, UnicodeError) as error:
            raise ZygoteGone("the process that forks sections is gone") from error


class _Own:
    """A zygote of this process's own, which is its child."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def end(self) -> None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_LEAVING_SECONDS)
        self._process.kill()
        self._process.wait()


def start_zygote(
    facts: Mapping[str, object], environment: Mapping[str, str], fds: Iterable[int]
) -> subprocess.Popen[bytes]:
    """Starts a zygote's first process, which keeps nothing of this one's terminal and files.

    Args:
        facts: as `tangle.run.worker.zygote` takes them.
        environment: its own, but for the cookie.
        fds: descriptors that it gets, under the same numbers.

    Raises:
        OSError: it cannot be started.
    """
    return subprocess.Popen(
        boot_command("tangle.run.worker.zygote", [json.dumps(facts)]),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=tuple(fds),
        cwd=os.sep,
        env={**environment, COOKIE: str(facts["family"])},
        start_new_session=True,
    )


def _surroundings(environment: Mapping[str, str]) -> dict[str, object]:
    """The environment, and whether the number of threads in it is only tangle's choice."""
    chosen = "OMP_NUM_THREADS" in environment and "OMP_NUM_THREADS" not in os.environ
    return {"environment": dict(environment), "share": chosen}


class ForkedProcess:
    """A worker that the zygote forked; the zygote keeps its number until told."""

    def __init__(self, pid: int, told: int, family: str, release: Callable[[int], None]) -> None:
        """Minds a worker.

        Args:
            pid: its number.
            told: the zygote writes here how it ended.
            family: the zygote's cookie.
            release: is called when its number is not needed any more.
        """
        self.pid = pid
        self.family = family
        self.ended: int | None = told
        self._told = told
        self._release = release
        self._said: bytes | None = None

    def has_ended(self) -> bool:
        """Whether it has ended, or the zygote has, and so ended it."""
        if self._said is None and readable(0.0, self._told):
            self._said = os.read(self._told, 64)
        return self._said is not None

    def code(self, patience: float) -> int | None:
        """How it ended."""
        if self._said is None:
            readable(patience, self._told)
        if not self.has_ended() or not self._said:
            return None
        return int(self._said)

    def close(self) -> None:
        """Lets its number go."""
        os.close(self._told)
        self._release(self.pid)


def first_line(fd: int, patience: float, *stop: int) -> str:
    """What a process answers; empty where it is gone, or is not waited for any more.

    Args:
        fd: where it answers.
        patience: seconds that it may take.
        stop: descriptors; once one can be read, the answer is not waited for.
    """
    line = bytearray()
    until = time.monotonic() + patience
    while not line.endswith(b"\n"):
        if not readable(until - time.monotonic(), fd, *stop) or readable(0.0, *stop):
            return ""
        byte = os.read(fd, 1)
        if not byte:
            return ""
        line += byte
    return line.decode().strip()


def readable(patience: float, *fds: int) -> bool:
    """Whether one of them can be read, within so many seconds."""
    poll = select.poll()
    for fd in fds:
        poll.register(fd, select.POLLIN)
    return bool(poll.poll(max(0.0, 1000 * patience)))
