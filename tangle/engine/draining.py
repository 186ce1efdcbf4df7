"""Collect the last output of a worker that is ending or has ended."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import time
from collections.abc import Iterator, Sequence

from tangle.engine.output_limits import EVENT_LINE, WRITTEN_TEXT
from tangle.engine.process import Worker
from tangle.engine.rawpipe import CHUNK, RawPipe
from tangle.engine.wire import Cleared, Showed, Wrote, decode

HURRIED_SECONDS = 1.0
"""What a session may take to end by itself that is interrupted or out of time."""

LAST_READS = 64
"""Chunks that are taken from a pipe after the worker is dead: more than a pipe holds."""

_BLINK = 0.05


def interrupt(worker: Worker, pipes: Sequence[RawPipe], line: bytearray) -> None:
    """Lets a session end as a program does upon Ctrl-C, if it can do so in a moment.

    Args:
        worker: its process.
        pipes: what is read from its raw pipes stays in them.
        line: takes the messages that it sends.
    """
    with contextlib.suppress(ProcessLookupError):
        os.kill(worker.process.pid, signal.SIGINT)
    until = time.monotonic() + HURRIED_SECONDS
    with selectors.DefaultSelector() as selector:
        for fd in (worker.events, worker.out, worker.err, worker.ended):
            if fd is not None:
                selector.register(fd, selectors.EVENT_READ)
        while not worker.has_ended() and (left := until - time.monotonic()) > 0:
            ready = {key.fd for key, _ in selector.select(min(left, _BLINK))}
            for pipe in pipes:
                if pipe.fd in ready and (pipe.count > WRITTEN_TEXT or not pipe.read()):
                    selector.unregister(pipe.fd)
            if worker.events in ready and not _read(worker, line):
                selector.unregister(worker.events)


def last_outputs(
    worker: Worker, line: bytearray
) -> Iterator[tuple[tuple[int, ...], Wrote | Showed | Cleared]]:
    """The outputs that a dead worker has left in its pipe for events, with their marks.

    Args:
        worker: the process.
        line: what was read of that pipe before.

    Raises:
        ValueError: it has left something that is no message.
    """
    for _ in range(LAST_READS):
        if not _read(worker, line, alive=False):
            break
    *lines, _ = bytes(line).split(b"\n")
    for text in lines:
        marks, message = decode(text)
        if not isinstance(message, Wrote | Showed | Cleared):
            break
        yield marks, message


def _read(worker: Worker, line: bytearray, *, alive: bool = True) -> bool:
    """Takes one chunk of messages; False when no more can come.

    Args:
        worker: the process.
        line: takes them.
        alive: whether it may still send some.
    """
    try:
        data = os.read(worker.events, CHUNK)
    except BlockingIOError:
        return alive
    line += data
    return bool(data) and len(line) <= EVENT_LINE
