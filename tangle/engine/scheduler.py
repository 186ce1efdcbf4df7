"""Decide which session starts next, from what waits, runs and is free.

Values only: no thread, no clock and no process, so that every order of ends can be tried.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from msgspec import Struct

from tangle.engine.gpus import GpuWish
from tangle.model import Job


class Turn(Struct, frozen=True, kw_only=True):
    """A job among others.

    Attributes:
        needs: places, among the turns, of those that must pass before it starts; a place that is
            not before its own counts as none, so that needs that run in a circle do no harm.
        seconds: what it took the last time; None where that is not known.
        gpu: which GPU it wants for itself.
    """

    job: Job
    needs: tuple[int, ...] = ()
    seconds: float | None = None
    gpu: GpuWish = "none"


class Start(Struct, frozen=True, kw_only=True):
    """The turn of this place may start, and has the GPU of this number, if any."""

    index: int
    gpu: int | None


class Schedule:
    """Turns in the order in which they start: first those that keep the whole run waiting longest.

    That is a turn's own time and that of the longest chain of turns that need it. A turn whose time
    is not known goes before those whose is: it may be the longest.
    """

    def __init__(self, turns: Sequence[Turn], *, workers: int, gpus: int = 0) -> None:
        """Nothing has started yet.

        Args:
            turns: in reading order.
            workers: how many run at a time, one at least.
            gpus: how many of them can have a GPU of their own.
        """
        self._open = [set(turn.needs).intersection(range(i)) for i, turn in enumerate(turns)]
        self._gpus = range(gpus)
        self._wishes = [self._possible(turn.gpu) for turn in turns]
        costs = _costs(turns, self._open)
        self._waiting = sorted(range(len(turns)), key=lambda index: (-costs[index], index))
        self._running: dict[int, int | None] = {}
        self._workers = max(workers, 1)
        self.skipped: set[int] = set()

    @property
    def is_over(self) -> bool:
        """Whether nothing runs and nothing is to come."""
        return not self._waiting and not self._running

    def start(self) -> Start | None:
        """The turn that starts now, and runs from now on; None while none can."""
        if len(self._running) >= self._workers:
            return None
        free = [number for number in self._gpus if number not in self._running.values()]
        for index in self._waiting:
            wish = self._wishes[index]
            if self._open[index] or (wish == "any" and not free):
                continue
            if isinstance(wish, int) and wish not in free:
                continue
            gpu = wish if isinstance(wish, int) else free[0] if wish == "any" else None
            self._waiting.remove(index)
            self._running[index] = gpu
            return Start(index=index, gpu=gpu)
        return None

    def end(self, index: int, *, passed: bool) -> None:
        """A turn has ended; those that need it may start, or never will."""
        del self._running[index]
        if passed:
            for needs in self._open:
                needs.discard(index)
            return
        lost = {index}
        for later in range(index + 1, len(self._open)):  # needs stand before
            if not lost.isdisjoint(self._open[later]):
                lost.add(later)
        self.skipped |= lost - {index}
        self._waiting = [entry for entry in self._waiting if entry not in lost]

    def _possible(self, wish: GpuWish) -> GpuWish:
        """The wish, where there is such a GPU; where there is none, the worker has to say so."""
        if wish == "any":
            return wish if self._gpus else "none"
        return wish if wish in self._gpus else "none"


def _costs(turns: Sequence[Turn], needs: Sequence[set[int]]) -> list[float]:
    """For each turn the seconds from its start to the end of the last that waits for it."""
    costs = [math.inf if turn.seconds is None else turn.seconds for turn in turns]
    after = [0.0] * len(turns)
    for index in reversed(range(len(turns))):
        costs[index] += after[index]
        for need in needs[index]:
            after[need] = max(after[need], costs[index])
    return costs
