"""The command's side of the fork server, which has imported what sections need and forks workers.

Importing torch takes two seconds, forking a process that has imported it some milliseconds. Linux
only: elsewhere frameworks do not survive a fork.
"""

from __future__ import annotations

import contextlib
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

from msgspec import Struct

from tangle.engine.forkserver.protocol import pair
from tangle.engine.forkserver.server_orders import (
    ForkWorker,
    Preload,
    Release,
    ServerOrder,
    ServerStart,
)
from tangle.engine.order import send_order
from tangle.engine.process_handle import COOKIE, SpawnRequest, boot_command, open_pidfd
from tangle.typed_json import encode

_PATIENCE = 120.0
"""Seconds that a worker may take to be there before its session does without."""

_SILENCE = 5.0
"""Seconds without a sign of life after which nothing more is asked of it."""

_STARTING = 15.0
"""The same while it starts, which takes a busy machine some seconds."""

_STILL_AT_IT = b"."
"""What comes each second while a worker's template imports."""

_LONGEST_LINE = 4096

_LONGEST_REASON = 200
"""Characters of why a worker is not forked."""

_REPORT_SECONDS = 1.0
"""What it may take to say how a worker ended that has ended."""

_LEAVING_SECONDS = 5.0
"""What it may take to end when it is not needed any more."""


class ForkServerGone(Exception):
    """The fork server cannot fork this worker; the text says why. A fresh process can replace it.

    Attributes:
        trouble: whether the fork server has failed; else it declines this worker, for a reason.
    """

    def __init__(self, why: str, *, trouble: bool = False) -> None:
        """Say why."""
        super().__init__(why)
        self.trouble = trouble


class Started(Protocol):
    """A process that was started for a fork server, and has to be waited for."""

    def end(self) -> None:
        """Waits for its end, or brings it about."""
        ...


class ForkServerClient:
    """A connection to a fork server; several threads may request workers at the same time."""

    def __init__(
        self, channel: socket.socket, *, family: str, stop: int, started: Started | None
    ) -> None:
        """Uses a connection that is open.

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
        self._silence = _SILENCE if started is None else _STARTING
        self._silent = False
        channel.settimeout(_SILENCE)

    @staticmethod
    def possible() -> bool:
        """Whether this system can do it."""
        if sys.platform != "linux" or (watch := open_pidfd(os.getpid())) is None:
            return False
        os.close(watch)
        return True

    @classmethod
    def start(cls, environment: Mapping[str, str], stop: int) -> Self:
        """Starts a fork server for this process alone, which ends with it.

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
                start = ServerStart(channel=theirs.fileno(), family=family)
                process = start_fork_server(start, environment, [theirs.fileno()])
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
        order = Preload(
            sets=tuple(tuple(names) for names in sets),
            directory=directory,
            environment=dict(environment),
            share=_chooses_threads(environment),
        )
        with contextlib.suppress(ForkServerGone):
            self._send(order)

    def fork(self, request: SpawnRequest) -> ForkedProcess:
        """Has a worker forked, and waits until it is there.

        Raises:
            ForkServerGone: the fork server has died, does not answer or takes too long; or a fresh
                process would import something else; or `stop` can be read.
        """
        order = ForkWorker(
            modules=request.modules,
            directory=request.directory,
            environment=dict(request.environment),
            share=_chooses_threads(request.environment),
            cookie=request.cookie,
        )
        ending, reporting = os.pipe()
        try:
            try:
                self._send(order, (request.job, *request.pipes, reporting))
            finally:
                os.close(reporting)
            pid = self._await_pid(ending)
        except BaseException:
            os.close(ending)
            raise
        return ForkedProcess(pid, ending, self._family, self._release)

    def _await_pid(self, ending: int) -> int:
        """The number of the worker that was asked for."""
        answer = first_line(ending, _PATIENCE, self._stop, silence=self._silence)
        if answer.text.isdigit():
            self._silence = _SILENCE
            return int(answer.text)
        if answer.text:
            raise ForkServerGone(answer.text[:_LONGEST_REASON])
        if answer.silent:
            self._silent = True
            raise ForkServerGone("the process that forks sections does not answer", trouble=True)
        raise ForkServerGone("the process that forks sections is gone", trouble=not answer.stopped)

    def close(self) -> None:
        """Lets it go, and with it every worker that is left; may be called twice."""
        with self._sending:
            self._socket.close()
        if self._started is not None:
            self._started.end()
            self._started = None

    def _release(self, pid: int) -> None:
        with contextlib.suppress(ForkServerGone):
            self._send(Release(pid=pid))

    def _send(self, order: ServerOrder, fds: tuple[int, ...] = ()) -> None:
        if self._silent:
            raise ForkServerGone("the process that forks sections does not answer", trouble=True)
        try:
            with self._sending:
                send_order(self._socket, order, fds)
        except TimeoutError as error:
            self._silent = True
            raise ForkServerGone(
                "the process that forks sections takes no orders", trouble=True
            ) from error
        except (OSError, UnicodeError) as error:
            raise ForkServerGone("the process that forks sections is gone", trouble=True) from error


class _Own:
    """A fork server that is a child of this process."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def end(self) -> None:
        end_process(self._process)


def end_process(process: subprocess.Popen[bytes]) -> None:
    """Waits for a process that is about to end, and kills it if it does not."""
    for _ in range(2):
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_LEAVING_SECONDS)
            return
        process.kill()


def start_fork_server(
    start: ServerStart, environment: Mapping[str, str], fds: Iterable[int]
) -> subprocess.Popen[bytes]:
    """Starts a fork server's process, which keeps nothing of this one's terminal and files.

    Args:
        start: what it starts with.
        environment: its own, but for the cookie.
        fds: descriptors that it gets, under the same numbers.

    Raises:
        OSError: it cannot be started.
    """
    return subprocess.Popen(
        boot_command("tangle.engine.forkserver.root", [encode(start).decode()]),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=tuple(fds),
        cwd=os.sep,
        env={**environment, COOKIE: start.family},
        start_new_session=True,
    )


def _chooses_threads(environment: Mapping[str, str]) -> bool:
    """Whether the number of threads in an environment is only tangle's choice."""
    return "OMP_NUM_THREADS" in environment and "OMP_NUM_THREADS" not in os.environ


class ForkedProcess:
    """A forked worker; the process that forked it keeps its number until it is released."""

    def __init__(self, pid: int, ending: int, family: str, release: Callable[[int], None]) -> None:
        """Minds a worker.

        Args:
            pid: its number.
            ending: how it ended is written here.
            family: the cookie of the process that forked it.
            release: is called when its number is not needed any more.
        """
        self.pid = pid
        self.family = family
        self._watch = open_pidfd(pid)
        self._ending = ending
        self._release = release
        self._said: bytes | None = None

    @property
    def ended(self) -> int | None:
        """A descriptor that is readable once it has ended, whether or not that is reported."""
        return self._ending if self._watch is None else self._watch

    def has_ended(self) -> bool:
        """Whether it has ended."""
        return self.ended is None or readable(0.0, self.ended)

    @property
    def was_lost(self) -> bool:
        """Whether it ended because the process that forked it did, and not by itself."""
        return self.has_ended() and self.code(_REPORT_SECONDS) is None

    def code(self, patience: float) -> int | None:
        """How it ended; None where it has not, or where nothing is left to report it."""
        if self._said is None:
            until = time.monotonic() + patience
            if self._watch is not None and not readable(patience, self._ending, self._watch):
                return None
            left = min(max(until - time.monotonic(), 0.0), _REPORT_SECONDS)
            if readable(left, self._ending):
                self._said = os.read(self._ending, 64)
        try:
            return int(self._said) if self._said else None
        except ValueError:
            return None

    def close(self) -> None:
        """Lets its number go."""
        os.close(self._ending)
        if self._watch is not None:
            os.close(self._watch)
        self._release(self.pid)


class Answer(Struct, frozen=True, kw_only=True):
    """What a process answered, as far as it did.

    Attributes:
        text: its line; empty where there is none.
        silent: whether it could have answered and did not, for too long.
        stopped: whether the answer was not waited for any more.
    """

    text: str = ""
    silent: bool = False
    stopped: bool = False


def first_line(fd: int, patience: float, *stop: int, silence: float | None = None) -> Answer:
    """What a process answers.

    Args:
        fd: where it answers.
        patience: seconds that it may take.
        stop: descriptors; once one can be read, the answer is not waited for.
        silence: seconds that it may take from one sign of life to the next; None for any number.
    """
    line = bytearray()
    until = time.monotonic() + patience
    while len(line) < _LONGEST_LINE:
        left = until - time.monotonic()
        if not readable(left if silence is None else min(left, silence), fd, *stop):
            return Answer(silent=True)
        if stop and readable(0.0, *stop):
            return Answer(stopped=True)
        byte = os.read(fd, 1)
        if not byte:
            return Answer()
        if byte == b"\n":
            return Answer(text=line.decode(errors="replace").strip())
        if line or byte != _STILL_AT_IT:
            line += byte
    return Answer()


def readable(patience: float, *fds: int) -> bool:
    """Whether one of them can be read, within so many seconds."""
    poll = select.poll()
    for fd in fds:
        poll.register(fd, select.POLLIN)
    return bool(poll.poll(max(0.0, 1000 * patience)))
