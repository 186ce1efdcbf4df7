"""Leases at a scheduler that answers late, or no more; hours pass at once."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

from tangle.engine.cluster.lease import ACROSS_MACHINES, Lease


class FastSelector(selectors.DefaultSelector):
    """Sleeps in the clock of the loop only."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if not timeout or timeout < 0:
            return super().select(timeout)
        self.now += timeout
        return super().select(0)


class FastLoop(asyncio.SelectorEventLoop):
    """An event loop in which all sleeping is over at once."""

    def __init__(self) -> None:
        self._clock = FastSelector()
        super().__init__(self._clock)

    def time(self) -> float:
        return self._clock.now


class Scheduler:
    """Grants each lease, and answers after so many seconds."""

    def __init__(self) -> None:
        self.answers_after = 0.0
        self.renewals: list[float] = []

    async def semaphore_register(self, **_: object) -> None:
        """Do nothing."""

    async def semaphore_acquire(self, **_: object) -> bool:
        return True

    async def semaphore_refresh_leases(self, **_: object) -> None:
        self.renewals.append(asyncio.get_running_loop().time())
        await asyncio.sleep(self.answers_after)

    async def semaphore_release(self, **_: object) -> None:
        """Do nothing."""


Held = Callable[[Lease, Scheduler], Awaitable[None]]


def hold(act: Held, *, is_wanted: Callable[[], bool] = lambda: True) -> list[float]:
    """Acquire a lease and do something; when the holder was informed that it has to stop."""
    loop = FastLoop()
    lost: list[float] = []
    scheduler = Scheduler()
    places = SimpleNamespace(asyncio_loop=loop, add_callback=lambda act: loop.create_task(act()))
    worker: Any = SimpleNamespace(loop=places, scheduler=scheduler)
    lease = Lease(
        worker, "run-One", ACROSS_MACHINES, is_wanted, lost=lambda: lost.append(loop.time())
    )

    async def run() -> None:
        assert await asyncio.to_thread(lease.acquire)
        await act(lease, scheduler)
        lease.release()
        await asyncio.sleep(1)

    try:
        loop.run_until_complete(run())
    finally:
        loop.close()
    assert lease.is_lost == bool(lost)
    return lost


def test_a_scheduler_that_answers_late_has_not_lost_the_lease() -> None:
    async def work(_: Lease, scheduler: Scheduler) -> None:
        scheduler.answers_after = 3.5
        await asyncio.sleep(3600)
        assert len(scheduler.renewals) > 600

    assert hold(work) == []


def test_an_attempt_ends_before_a_lease_that_is_not_renewed_expires() -> None:
    async def work(_: Lease, scheduler: Scheduler) -> None:
        await asyncio.sleep(100)
        scheduler.answers_after = 1e9
        scheduler.renewals.clear()
        await asyncio.sleep(100)
        ended.append(scheduler.renewals[0])

    ended: list[float] = []
    (lost,) = hold(work)
    assert lost - ended[0] < ACROSS_MACHINES.expiry - 2


def test_an_attempt_that_no_one_wants_ends_and_one_that_is_over_is_not_renewed() -> None:
    async def work(_: Lease, scheduler: Scheduler) -> None:
        await asyncio.sleep(10)
        wanted.clear()
        await asyncio.sleep(10)
        seen = len(scheduler.renewals)
        await asyncio.sleep(10)
        assert len(scheduler.renewals) == seen

    wanted = [True]
    assert len(hold(work, is_wanted=lambda: bool(wanted))) == 1
    wanted = [True]

    async def end(lease: Lease, scheduler: Scheduler) -> None:
        lease.release()
        await asyncio.sleep(1)
        seen = len(scheduler.renewals)
        await asyncio.sleep(60)
        assert len(scheduler.renewals) == seen

    assert hold(end) == []
