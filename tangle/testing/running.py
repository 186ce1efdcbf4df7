"""A running session: a thread supervises it, tests wait for the results of its cells."""

from __future__ import annotations

import threading
from collections.abc import Callable

from tangle.engine.events import CellFinished, CellStarted, Event, Executor, LinesRun, Noticed
from tangle.model import Job, Result, SessionResult, Skip

NoteLines = Callable[[str, tuple[int, ...]], None]
"""Receives the lines of a page that were run."""


class Running:
    """A started session; asking for a result waits for it.

    Attributes:
        troubles: what was wrong with the engine and did not keep the session from running.
    """

    def __init__(self, job: Job, executor: Executor, lines: NoteLines) -> None:
        """Starts it.

        Args:
            job: the session.
            executor: runs it.
            lines: receives the lines that were run, in the thread that minds the session.
        """
        self._job = job
        self._executor = executor
        self._lines = lines
        self._changed = threading.Condition()
        self._begun = -1
        self._results: dict[int, Result] = {}
        self._over: SessionResult | None = None
        self._error: BaseException | None = None
        self.troubles: tuple[str, ...] = ()
        self._thread = threading.Thread(
            target=self._mind, daemon=True, name=f"tangle {job.section}"
        )
        self._thread.start()

    def await_cell(self, cell: int) -> None:
        """Wait until a cell has begun, or never will."""
        self._wait(lambda: self._begun >= cell or cell in self._results)

    def skipped(self, cell: int) -> Skip | None:
        """Return why a cell was skipped; None if it has begun, or still will."""
        if cell in self._results:
            found = self._results[cell]
        elif self._over is not None:
            found = self._over.results[cell]
        else:
            return None
        return found.skip

    def result(self, cell: int) -> Result:
        """Return the result of a cell once it is known."""
        self._wait(lambda: cell in self._results)
        if cell in self._results:
            return self._results[cell]
        assert self._over is not None
        return self._over.results[cell]

    def outcome(self) -> SessionResult:
        """Return the result of the session once it is over."""
        self._wait(lambda: False)
        assert self._over is not None
        return self._over

    @property
    def over(self) -> SessionResult | None:
        """Return the result of the session if it is over."""
        return self._over

    def finish(self) -> None:
        """Wait until the session is over, however it ends."""
        self._thread.join()

    def _wait(self, reached: Callable[[], bool]) -> None:
        with self._changed:
            self._changed.wait_for(
                lambda: reached() or self._over is not None or self._error is not None
            )
        if self._error is not None:
            raise self._error

    def _mind(self) -> None:
        over, error = None, None
        try:
            over = self._executor.run(self._job, self._observe)
        except BaseException as raised:  # noqa: BLE001 -- raised again where it is waited for
            error = raised
        with self._changed:
            self._over, self._error = over, error
            self._changed.notify_all()

    def _observe(self, event: Event) -> None:
        with self._changed:
            match event:
                case CellStarted():
                    self._begun = event.index
                case CellFinished():
                    self._results[event.index] = event.result
                case LinesRun():
                    for page, lines in event.lines:
                        self._lines(page, lines)
                case Noticed(text=text, trouble=True):
                    self.troubles = (*self.troubles, text)
                case _:
                    return
            self._changed.notify_all()
