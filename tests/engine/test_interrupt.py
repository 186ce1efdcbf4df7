"""A run is ended from another thread."""

from __future__ import annotations

from tangle.engine.events import Observer
from tangle.engine.interrupt import Interrupt
from tangle.model import Job, SessionResult


class Recorder:
    """An executor that counts how often it is stopped."""

    def __init__(self) -> None:
        self.stopped = 0

    def run(self, job: Job, observe: Observer) -> SessionResult:
        raise NotImplementedError

    def stop(self) -> None:
        self.stopped += 1


def test_a_request_stops_what_runs_and_what_begins_later() -> None:
    interrupt, first, second = Interrupt(), Recorder(), Recorder()
    with interrupt.ends(first):
        assert first.stopped == 0
        interrupt.request()
        assert first.stopped == 1
    with interrupt.ends(second):
        assert second.stopped == 1


def test_what_is_over_is_not_stopped() -> None:
    interrupt, executor = Interrupt(), Recorder()
    with interrupt.ends(executor):
        pass
    interrupt.request()
    assert executor.stopped == 0
