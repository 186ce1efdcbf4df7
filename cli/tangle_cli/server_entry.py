"""Run a command in a process forked with all of tangle loaded, as if it had been started.

Imported in the server, so that its forks need not import anything more.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import traceback
from collections.abc import Sequence
from typing import NoReturn

from tangle.engine.forkserver.server import same_start
from tangle.engine.forkserver.server_orders import Command
from tangle.engine.process_identity import process_identity
from tangle.verbs.prefetch import read_ahead, rehearse
from tangle.verbs.reports import documents
from tangle_cli import failures, progress, streaming, summary, text
from tangle_cli.main import main
from tangle_cli.server_client import REFUSED
from tangle_cli.start import interrupted

__all__ = [
    "documents",
    "failures",
    "progress",
    "read_ahead",
    "serve",
    "streaming",
    "summary",
    "text",
]
"""What commands import is loaded here in advance."""

_PATIENCE = 5.0
"""Seconds that the caller may take to send its streams."""


def serve(command: Command, caller: int) -> NoReturn:
    """Run a command, and end the process with its exit code.

    Working folder and environment are already the command's.

    Args:
        command: what the caller sent.
        caller: a socket: the caller sends its streams there, and is sent the exit code.
    """
    if command.identity != process_identity() or not same_start(os.environ):
        os._exit(REFUSED)
    channel = socket.socket(fileno=caller)
    if not _receive_streams(channel):
        os._exit(REFUSED)
    _make_streams(command.streams)
    sys.argv = ["tangle", *command.arguments]
    code: object = 0
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})  # blocked since the fork
        main()
    except SystemExit as end:
        code = end.code
    except KeyboardInterrupt:
        code = interrupted()
    except BaseException:  # noqa: BLE001 -- as the interpreter would
        traceback.print_exc()
        code = 1
    number = _leave(code)
    for fd in (0, 1, 2):  # the caller's: at its end nothing of this process is to hold them
        os.close(fd)
    with contextlib.suppress(OSError):
        channel.send(f"{number}\n".encode())
    os._exit(number)


def _receive_streams(channel: socket.socket) -> bool:
    """Receive the caller's streams; return whether they came."""
    channel.settimeout(_PATIENCE)
    try:
        _, fds, _, _ = socket.recv_fds(channel, 1, 3, getattr(socket, "MSG_CMSG_CLOEXEC", 0))
    except OSError:
        return False
    for number, fd in enumerate(fds):
        os.dup2(fd, number)
        os.close(fd)
    return len(fds) == 3


def _leave(code: object) -> int:
    try:
        if code is not None and not isinstance(code, int):
            print(code, file=sys.stderr)  # noqa: T201
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        return 1
    return int(code or 0) if isinstance(code, int | None) else 1


def _make_streams(given: Sequence[tuple[str, str]]) -> None:
    """Makes the streams as Python does at its start, with these encodings and error handlers."""
    names = ("stdin", "stdout", "stderr")
    for fd, (name, (encoding, errors)) in enumerate(zip(names, given, strict=True)):
        at_once = fd == 2 or bool(os.environ.get("PYTHONUNBUFFERED")) or os.isatty(fd)
        stream = open(  # noqa: SIM115
            fd,
            "w" if fd else "r",
            buffering=1 if fd and at_once else -1,
            encoding=encoding,
            errors=errors,
            closefd=False,
        )
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


rehearse()
