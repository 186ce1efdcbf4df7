"""A thread that does one thing after another for the server."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from typing import TypeVar

_Answer = TypeVar("_Answer")


class Desk:
    """Works on the notes in one thread, since they are not to be read in two at once."""

    def __init__(self, name: str, failed: Callable[[Exception], None]) -> None:
        """Start the thread, which never keeps the process alive.

        Args:
            name: of the thread.
            failed: receives what a task raised that nobody waits for; the thread continues.
        """
        self._work: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._failed = failed
        threading.Thread(target=self._go, name=name, daemon=True).start()

    def _go(self) -> None:
        while True:
            task = self._work.get()
            try:
                task()
            except Exception as error:  # noqa: BLE001 -- later tasks are not to wait for ever
                self._failed(error)

    def post(self, task: Callable[[], None]) -> None:
        """Have something done, without waiting for it."""
        self._work.put(task)

    def finish(self, patience: float) -> None:
        """Wait until everything is done that was posted so far, no longer than said.

        Args:
            patience: seconds.
        """
        done = threading.Event()
        self.post(done.set)
        done.wait(patience)

    async def ask(self, task: Callable[[], _Answer]) -> _Answer:
        """Return what a function returns, or raise what it raises."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[_Answer] = loop.create_future()

        def deliver(give: Callable[[], None]) -> None:
            if not answer.done():  # the client may be gone
                give()

        def do() -> None:
            try:
                found = task()
            except BaseException as error:  # noqa: BLE001 -- raised where it was asked for
                # No future can hold a StopIteration: who asked would wait for ever.
                failure = RuntimeError(repr(error)) if isinstance(error, StopIteration) else error
                loop.call_soon_threadsafe(deliver, lambda: answer.set_exception(failure))
            else:
                loop.call_soon_threadsafe(deliver, lambda: answer.set_result(found))

        self.post(do)
        return await answer
