"""The way of a section's events to its observer, past those of attempts that were given up."""

from __future__ import annotations

import threading

from tangle.engine.cluster.messages import EventMessage
from tangle.engine.events import Noticed, Observer, SessionStarted
from tangle.model import SectionName


class Route:
    """Passes on the events of the last attempt of a section.

    Attributes:
        observe: receives them.
        worker: the address of the worker that runs the section; empty if none has begun.
    """

    def __init__(self, section: SectionName, observe: Observer) -> None:
        """Nothing has come yet."""
        self.observe = observe
        self.worker = ""
        self._section = section
        self._attempt = ""
        self._past: set[str] = set()
        self._lock = threading.Lock()

    @property
    def begun(self) -> int:
        """How many attempts a worker has begun, as far as their events have come."""
        return len(self._past)

    def take(self, message: EventMessage) -> None:
        """Pass on an event, unless a later attempt has begun."""
        with self._lock:
            if message.attempt != self._attempt:
                if message.attempt in self._past or not isinstance(message.event, SessionStarted):
                    return
                if self._attempt:
                    self.observe(self._lost(message))
                self._past.add(self._attempt)
                self._attempt, self.worker = message.attempt, message.worker
            self.observe(message.event)

    def _lost(self, message: EventMessage) -> Noticed:
        text = f"{self._section}: {self.worker} was lost; it runs again on {message.worker}"
        return Noticed(text=text, trouble=True)
