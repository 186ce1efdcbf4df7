"""A section's lease: no two workers run the same section at the same time.

The scheduler of Dask runs a task again when it believes that a worker is gone. The worker may be
cut off only, and its section still running. So an attempt holds a lease at the scheduler, under the
section's name, and ends itself before a lease that it cannot renew expires. The next attempt waits
until then. The leases are those of Dask's semaphores, with a time limit of our own.
"""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import Callable
from concurrent.futures import TimeoutError as LateError
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from distributed import Worker


class LeaseTimes(NamedTuple):
    """The times of leases.

    Attributes:
        expiry: after so many seconds without renewal the scheduler gives the lease to another
            attempt.
        give_up: after so many seconds without renewal the attempt ends itself.
    """

    expiry: float
    give_up: float


ACROSS_MACHINES: Final = LeaseTimes(expiry=15.0, give_up=10.0)
ON_THIS_MACHINE: Final = LeaseTimes(expiry=3.0, give_up=60.0)
"""Workers here are never cut off: one that is gone is dead, and its sessions end with it."""

_RENEW_SECONDS: Final = 2.0

_WAIT_SECONDS: Final = 60.0
"""What an attempt waits for the lease of the one before it."""

_REPLY_SECONDS: Final = 10.0


class Lease:
    """A lease on a name; the holder is informed when it has to stop."""

    def __init__(
        self,
        worker: Worker,
        name: str,
        times: LeaseTimes,
        is_wanted: Callable[[], bool],
        lost: Callable[[], None],
    ) -> None:
        """Holds nothing yet.

        Args:
            worker: on which the attempt runs.
            name: of the section and its run.
            times: of the lease.
            is_wanted: whether the attempt still matters; it is asked now and then.
            lost: called in the worker's event loop, once, when the attempt has to end.
        """
        self._worker = worker
        self._name = name
        self._times = times
        self._is_wanted = is_wanted
        self._lost = lost
        self._id = uuid.uuid4().hex
        self._renewed = 0.0
        self._keeping: asyncio.Task[None] | None = None
        self.is_lost = False

    def acquire(self) -> bool:
        """Get the lease; False if another attempt held it all the time. Not in the event loop."""
        loop = self._worker.loop.asyncio_loop  # type: ignore[attr-defined]
        asked = asyncio.run_coroutine_threadsafe(self._acquire(), loop)
        try:
            return asked.result(_WAIT_SECONDS + _REPLY_SECONDS)
        except (OSError, LateError, TimeoutError):
            asked.cancel()
            return False

    def release(self) -> None:
        """Give it back, without waiting."""
        self._worker.loop.add_callback(self._release)

    async def _acquire(self) -> bool:
        scheduler = self._worker.scheduler
        await scheduler.semaphore_register(
            name=self._name, max_leases=1, lease_timeout=self._times.expiry
        )
        self._renewed = self._now()  # the scheduler counts from when it grants it: later
        got: bool = await scheduler.semaphore_acquire(
            name=self._name, timeout=_WAIT_SECONDS, lease_id=self._id
        )
        if got and self._now() - self._renewed > _RENEW_SECONDS:
            await self._renew()
        if got:
            self._keeping = asyncio.get_running_loop().create_task(self._keep())
        return got

    async def _keep(self) -> None:
        """Renew the lease until that fails for too long, or the attempt does not matter any more.

        A renewal may be answered late: a scheduler with much to do has not lost the lease.
        """
        renewing: asyncio.Task[None] | None = None
        try:
            while self._is_recent() and self._is_wanted():
                await asyncio.sleep(_RENEW_SECONDS)
                if renewing is None or renewing.done():
                    renewing = asyncio.create_task(self._renew())
        finally:
            if renewing is not None:
                renewing.cancel()
        self.is_lost = True
        self._lost()

    def _is_recent(self) -> bool:
        return self._now() - self._renewed <= self._times.give_up

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()

    async def _renew(self) -> None:
        asked = self._now()
        with contextlib.suppress(Exception):  # for whatever reason, it was not renewed
            await self._worker.scheduler.semaphore_refresh_leases(
                name=self._name, lease_ids=[self._id]
            )
            self._renewed = asked

    async def _release(self) -> None:
        if self._keeping is not None:
            self._keeping.cancel()
        with contextlib.suppress(OSError, RuntimeError):  # then it expires
            await self._worker.scheduler.semaphore_release(name=self._name, lease_id=self._id)
