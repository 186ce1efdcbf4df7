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

from tangle.run.handles import COOKIE, Birth, boot_command

_PATIENCE = 120.0
"""Seconds that the imports may take before sessions do without."""

_LEAVING_SECONDS = 0.5
"""What it may take to follow its last orders; while it imports, it follows none."""


class ZygoteGone(Exception):
    """It cannot fork this worker; a fresh process can take its place."""


class Zygote:
    """The parent's side of it; several threads may have workers forked at the same time."""

    def __init__(self, environment: Mapping[str, str], stop: int) -> None:
        """Starts it; what it is to import comes with `preload`.

        Args:
            environment: what every worker has in its own.
            stop: a descriptor; once it can be read, workers are not waited for any more.

        Raises:
            OSError: it cannot be started.
        """
        self._stop = stop
        self._cookie = secrets.token_hex(8)
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            try:
                self._process = subprocess.Popen(
                    boot_command("tangle.run.worker.zygote", [str(theirs.fileno())]),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    pass_fds=(theirs.fileno(),),
                    env={**environment, COOKIE: self._cookie},
                    start_new_session=True,
                )
            except OSError:
                ours.close()
                raise
        self._socket = ours
        self._sending = threading.Lock()

    @staticmethod
    def possible() -> bool:
        """Whether this system can do it."""
        return sys.platform == "linux" and hasattr(os, "pidfd_open")

    def preload(self, modules: Iterable[str], directory: str) -> None:
        """Has it import modules, in this order; those that cannot be imported are left out.

        Args:
            modules: dotted names.
            directory: where the sections will run; libraries read their settings there.
        """
        order = {"modules": list(modules), "directory": directory}
        with contextlib.suppress(ZygoteGone):
            self._send("preload", order)

    def fork(self, birth: Birth) -> ForkedProcess:
        """Has a worker forked, and waits until it is there.

        Raises:
            ZygoteGone: the zygote died, takes too long, is not waited for any more, or sees that a
                fresh process would come to something else.
        """
        order = {
            "directory": birth.directory,
            "environment": dict(birth.environment),
            "cookie": birth.cookie,
        }
        told, telling = os.pipe()
        try:
            try:
                self._send("fork", order, (birth.job, *birth.pipes, telling))
            finally:
                os.close(telling)
            pid = first_line(told, _PATIENCE, self._stop)
            if not pid.isdigit():
                raise ZygoteGone(pid)
        except BaseException:
            os.close(told)
            raise
        return ForkedProcess(int(pid), told, self._cookie, self._release)

    def close(self) -> None:
        """Ends it, and with it every worker that is left; may be called twice."""
        with self._sending:
            self._socket.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_LEAVING_SECONDS)
        self._process.kill()
        self._process.wait()

    def _release(self, pid: int) -> None:
        with contextlib.suppress(ZygoteGone):
            self._send("release", {"pid": pid})

    def _send(self, verb: str, order: Mapping[str, object], fds: tuple[int, ...] = ()) -> None:
        """Sends an order; it travels in a file, since messages have a limit."""
        file = os.memfd_create("order")
        try:
            os.write(file, json.dumps({"do": verb, **order}).encode("utf-8", "surrogateescape"))
            with self._sending:
                socket.send_fds(self._socket, [b"!"], [file, *fds])
        except (OSError, UnicodeError) as error:
            raise ZygoteGone(str(error)) from error
        finally:
            os.close(file)


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
        if self._said is None and _readable(0.0, self._told):
            self._said = os.read(self._told, 64)
        return self._said is not None

    def code(self, patience: float) -> int | None:
        """How it ended."""
        if self._said is None:
            _readable(patience, self._told)
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
        if not _readable(until - time.monotonic(), fd, *stop) or _readable(0.0, *stop):
            return ""
        byte = os.read(fd, 1)
        if not byte:
            return ""
        line += byte
    return line.decode().strip()


def _readable(patience: float, *fds: int) -> bool:
    """Whether one of them can be read, within so many seconds."""
    poll = select.poll()
    for fd in fds:
        poll.register(fd, select.POLLIN)
    return bool(poll.poll(max(0.0, 1000 * patience)))
