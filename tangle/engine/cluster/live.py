"""Send a section's events to its command while it runs, a few times a second at most."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

from msgspec.structs import replace

from tangle.engine.cluster.messages import EventMessage, LiveEvent, encode_event
from tangle.engine.events import (
    CellFailed,
    CellFinished,
    CellOutput,
    CellResults,
    Event,
    RunStarted,
    Sampled,
    SessionFinished,
    SessionStarted,
)
from tangle.model import Result

_OUTPUT_SECONDS: Final = 0.2
"""How often, at most, the output of a running cell is sent."""

_SAMPLE_SECONDS: Final = 2.0


class LiveSender:
    """The observer of one attempt on its worker.

    Attributes:
        finished: the result of each cell as it was at the cell's own end.
    """

    def __init__(
        self,
        message: EventMessage,
        send: Callable[[bytes], None],
        later: Callable[[float, Callable[[], None]], None],
    ) -> None:
        """Has sent nothing.

        Args:
            message: its first event, which names section, attempt and worker.
            send: sends bytes to the command, from any thread.
            later: has a function called after so many seconds.
        """
        self.finished: list[Result] = []
        self._message = message
        self._send = send
        self._later = later
        self._lock = threading.Lock()
        self._waiting: CellOutput | None = None
        self._sent = self._sampled = 0.0

    def take(self, event: Event) -> None:
        """Send an event now, or soon."""
        match event:
            case RunStarted() | SessionFinished() | CellFailed() | CellResults():
                return  # the command's own
            case CellOutput():
                self._hold(event)
                return
            case Sampled():
                if time.monotonic() - self._sampled < _SAMPLE_SECONDS:
                    return
                self._sampled = time.monotonic()
            case SessionStarted():
                self.finished.clear()  # it may have been begun before, and lost
            case CellFinished():
                self.finished.append(event.result)
        with self._lock:
            self._flush()
            self._post(event)

    def flush(self) -> None:
        """Send what waits."""
        with self._lock:
            self._flush()

    def _hold(self, event: CellOutput) -> None:
        with self._lock:
            waiting = self._waiting
            if waiting is not None and waiting.index == event.index:
                event = replace(event, outputs=(*waiting.outputs, *event.outputs))
            elif waiting is not None:
                self._flush()
            self._waiting = event
            left = self._sent + _OUTPUT_SECONDS - time.monotonic()
            if left <= 0:
                self._flush()
            elif waiting is None:
                self._later(left, self.flush)

    def _flush(self) -> None:
        if self._waiting is not None:
            self._post(self._waiting)
            self._waiting = None
            self._sent = time.monotonic()

    def _post(self, event: LiveEvent) -> None:
        self._send(encode_event(replace(self._message, event=event)))
