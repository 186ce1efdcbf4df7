"""The client's side of a command that runs in the server."""

from __future__ import annotations

# ruff: noqa: PTH109, PTH115, PTH120, PTH123 -- pathlib takes longer to import than all of this
import json
import os
import select
import signal
import socket
import stat
import sys
import time
from types import FrameType

from tangle.engine.forkserver.protocol import peer, send_packet
from tangle.engine.process_identity import process_identity
from tangle_cli.server_client import REFUSED

_PATIENCE = 5.0
"""Seconds that a server may take to begin; a healthy one takes a few milliseconds."""

_STOPPED_SECONDS = 3.0
"""A command that is stopped (SIGSTOP) for so many seconds runs here instead."""

_LOOK_SECONDS = 0.5

_REPORT_SECONDS = 2.0
"""Seconds that the report of a finished command may take."""

_LONGEST_LINE = 4096

_PASSED_ON = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Trouble(Exception):
    """The server could not run the command, or not to its end; the text says why."""


def run_there(link: str, arguments: list[str]) -> int | None:
    """Run a command in the server behind a link; None if it refuses.

    The streams are sent to the process that runs the command, and only once it exists: unread
    messages to a stopped process would keep them open.

    Args:
        link: the path of a link to its socket.
        arguments: the command line, without the program's name.

    Raises:
        Trouble: the server does not answer, or was lost on the way.
    """
    if None in (sys.stdin, sys.stdout, sys.stderr) or (channel := _connect(link)) is None:
        return None
    ours, theirs = socket.socketpair()
    with channel, ours:
        try:
            with theirs:
                data = json.dumps(command_order(arguments)).encode("ascii")
                send_packet(channel, data, [theirs.fileno()])
            line = _line(ours, _PATIENCE)
            if line is None:
                raise Trouble("the server does not answer")
            if not line.isdigit() or len(line) > 10:
                return None
            return _mind(int(line), ours)
        except (OSError, ValueError):
            return None


def _mind(pid: int, ours: socket.socket) -> int | None:
    """Return the exit code of a command that the server began; None if it gave it back.

    Raises:
        Trouble: it ended with the server, or was stopped.
    """
    watch = os.pidfd_open(pid)
    try:
        usual = {number: signal.getsignal(number) for number in _PASSED_ON}
        _pass_on(pid)
        try:
            socket.send_fds(ours, [b"!"], [0, 1, 2])
            _await_end(pid, watch, ours)
            code = _line(ours, _REPORT_SECONDS)
        finally:
            for number, handler in usual.items():
                signal.signal(number, handler)
    finally:
        os.close(watch)
    if not code or not code.lstrip("-").isdigit():
        raise Trouble("the server has ended under this command")
    status = int(code)
    if status == REFUSED:
        return None
    return status if status >= 0 else 128 - status  # as in a shell, if a signal ended it


def _await_end(pid: int, watch: int, ours: socket.socket) -> None:
    """Wait until a command reports its exit code, or has ended.

    Raises:
        Trouble: it was stopped; it is killed.
    """
    poll = select.poll()
    for fd in (watch, ours.fileno()):
        poll.register(fd, select.POLLIN)
    stopped = 0.0
    while not poll.poll(1000 * _LOOK_SECONDS):
        stopped = stopped + _LOOK_SECONDS if _is_stopped(pid) else 0.0
        if stopped >= _STOPPED_SECONDS:
            signal.pidfd_send_signal(watch, signal.SIGKILL)
            raise Trouble("the server's process for this command was stopped")


def _is_stopped(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()[0] == b"T"
    except (OSError, IndexError):
        return False


def _line(ours: socket.socket, patience: float) -> str | None:
    """Return the next line, or what there is of it at the end; None after so many seconds."""
    line = b""
    until = time.monotonic() + patience
    while len(line) < _LONGEST_LINE:
        ours.settimeout(max(until - time.monotonic(), 0.001))
        try:
            byte = ours.recv(1)
        except TimeoutError:
            return None
        if byte in (b"", b"\n"):
            break
        line += byte
    return line.decode("ascii", "replace")


def _pass_on(pid: int) -> None:
    """Forward signals of this process to the one that does its work."""

    def handle(number: int, _: FrameType | None) -> None:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return

    for number in _PASSED_ON:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handle)


def _connect(link: str) -> socket.socket | None:
    """Connect to a server of this user, in a folder that only this user can access.

    Raises:
        Trouble: it was stopped.
    """
    folder = os.path.dirname(link)
    try:
        status = os.lstat(folder)
        name = os.readlink(link)
    except OSError:
        return None
    private = stat.S_ISDIR(status.st_mode) and not status.st_mode & 0o077
    if status.st_uid != os.getuid() or not private or "/" in name:
        return None
    channel = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    channel.settimeout(_PATIENCE)
    try:
        channel.connect(f"{folder}/{name}")
        pid, _ = peer(channel)
    except OSError:
        channel.close()
        return None
    if _is_stopped(pid):
        channel.close()
        raise Trouble("the server was stopped")
    return channel


def command_order(arguments: list[str]) -> dict[str, object]:
    """The order, as JSON values: a `server_orders.Command`, which takes longer to import."""
    return {
        "do": "command",
        "arguments": arguments,
        "directory": os.getcwd(),
        "environment": dict(os.environ),
        "identity": process_identity(),
        "cookie": os.urandom(8).hex(),
        "streams": [[s.encoding, s.errors] for s in (sys.stdin, sys.stdout, sys.stderr)],
    }
