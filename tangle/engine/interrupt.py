"""End a run from another thread."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

from tangle.engine.events import Executor


class Interrupt:
    """Ends a run from another thread, as Ctrl-C does in a terminal."""

    def __init__(self) -> None:
        """Nothing is to be ended yet."""
        self._lock = threading.Lock()
        self._requested = False
        self._executors: list[Executor] = []

    @property
    def requested(self) -> bool:
        """Whether the run is to end."""
        with self._lock:
            return self._requested

    def request(self) -> None:
        """End what runs; what would start later has the outcome `interrupted`."""
        with self._lock:
            self._requested = True
            executors = list(self._executors)
        for executor in executors:
            executor.stop()

    @contextlib.contextmanager
    def ends(self, executor: Executor) -> Iterator[None]:
        """While this lasts, a request stops the executor; an earlier request stops it at once."""
        with self._lock:
            self._executors.append(executor)
            requested = self._requested
        if requested:
            executor.stop()
        try:
            yield
        finally:
            with self._lock:
                self._executors.remove(executor)
