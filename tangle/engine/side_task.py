"""Work that a fork of this process does meanwhile, for what takes seconds and gives plain bytes."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import threading
import time
from collections.abc import Callable
from typing import Final, NoReturn

_PATIENCE: Final = 60.0
"""Seconds that the fork may take at most once it is waited for."""

_PIECE: Final = 2**20


def beside(work: Callable[[], bytes]) -> Callable[[], bytes | None]:
    """Begin work in a fork.

    Args:
        work: what it does; it must not touch what the fork shares with this process.

    Returns:
        Waits for what came of it: None where there is but one core, where threads run here, which
        a fork would not have, or where the fork failed. Call it, so that no process is left.
    """
    if (os.cpu_count() or 1) < 2 or threading.active_count() > 1:
        return lambda: None
    reading, writing = os.pipe()
    try:
        child = os.fork()
    except OSError:
        os.close(reading)
        os.close(writing)
        return lambda: None
    if child == 0:
        os.close(reading)
        _work(work, writing)
    os.close(writing)
    return lambda: _outcome(child, reading)


def _work(work: Callable[[], bytes], writing: int) -> NoReturn:
    """In the fork: does the work, and ends without what this process does at its end."""
    code = 1
    try:
        with open(writing, "wb") as channel:
            channel.write(work())
        code = 0
    finally:
        os._exit(code)


def _outcome(child: int, reading: int) -> bytes | None:
    """All that the fork wrote, if it came to its end."""
    pieces: list[bytes] = []
    end = time.monotonic() + _PATIENCE
    complete = False
    try:
        while (left := end - time.monotonic()) > 0:
            if select.select([reading], [], [], left)[0]:
                piece = os.read(reading, _PIECE)
                if not piece:
                    complete = True
                    break
                pieces.append(piece)
    finally:
        os.close(reading)
        if not complete:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
    return b"".join(pieces) if complete and status == 0 else None
