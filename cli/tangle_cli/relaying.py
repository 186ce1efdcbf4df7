"""The relay's work, once there is a server to go to."""

from __future__ import annotations

# ruff: noqa: PTH109, PTH115, PTH120 -- pathlib takes longer to import than all of this
import json
import os
import select
import signal
import socket
import stat
import sys
from types import FrameType

from tangle_cli.relay import REFUSED, circumstances

_PATIENCE = 5.0
"""Seconds that a server may take to begin; one that is well takes a few milliseconds."""

_PASSED_ON = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def run_there(link: str, arguments: list[str]) -> int | None:
    """Has the server behind a link run a command; None where it does not.

    Args:
        link: the path of a link to its socket.
        arguments: the command line, without the program's name.
    """
    streams = [sys.stdin, sys.stdout, sys.stderr]
    if None in streams or (channel := _connect(link)) is None:
        return None
    told, telling = os.pipe()
    try:
        try:
            _send(channel, arguments, telling)
        finally:
            os.close(telling)
        poll = select.poll()
        poll.register(told, select.POLLIN)
        if not poll.poll(1000 * _PATIENCE):
            return None  # what is not wanted any more is not begun there
        with open(told, "rb", closefd=False) as answers:
            pid = answers.readline().strip()
            if not pid.isdigit():
                return None
            usual = {number: signal.getsignal(number) for number in _PASSED_ON}
            _pass_on(int(pid))
            code = answers.read().strip().decode()
            for number, handler in usual.items():
                signal.signal(number, handler)
    except (OSError, ValueError):
        return None
    finally:
        os.close(told)
        channel.close()
    return _exit_code(code)


def _exit_code(code: str) -> int | None:
    """The command's, as a shell would tell it where a signal ended it."""
    if not code.lstrip("-").isdigit():
        print("tangle: the server has ended under this command; run it again", file=sys.stderr)  # noqa: T201
        return 1
    number = int(code)
    if number == REFUSED:
        return None
    return number if number >= 0 else 128 - number


def _pass_on(pid: int) -> None:
    """Has signals for this process go to the one that does its work."""

    def handle(number: int, _: FrameType | None) -> None:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return

    for number in _PASSED_ON:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handle)


def _connect(link: str) -> socket.socket | None:
    """A connection to a server of this user's, in a folder that is this user's alone."""
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
    try:
        channel.connect(f"{folder}/{name}")
        channel.settimeout(None)
    except OSError:
        channel.close()
        return None
    return channel


def _send(channel: socket.socket, arguments: list[str], telling: int) -> None:
    """Sends the order, as `tangle.run.orders` reads it."""
    order = {
        "do": "command",
        "arguments": arguments,
        "directory": os.getcwd(),
        "environment": dict(os.environ),
        "circumstances": circumstances(),
        "cookie": os.urandom(8).hex(),
        "streams": [[s.encoding, s.errors] for s in (sys.stdin, sys.stdout, sys.stderr)],
    }
    file = os.memfd_create("order")
    try:
        os.write(file, json.dumps(order).encode("utf-8", "surrogateescape"))
        socket.send_fds(channel, [b"!"], [file, 0, 1, 2, telling])
    finally:
        os.close(file)
