"""Run sections for an editor: one run at a time, in a thread, with progress that can cancel it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tangle.engine.events import CellStarted, Event, RunStarted, SessionFinished
from tangle.errors import TangleError
from tangle.model import PagePath
from tangle.verbs.job_builder import RunOptions
from tangle.verbs.project import Project
from tangle.verbs.reports.values import RunReport
from tangle.verbs.run import run


class Cancelled(Exception):
    """The person who asked for a run has cancelled it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a run ended.

    Attributes:
        message: in a sentence.
        failed: whether something did not pass, or was refused.
        pages: that have new outputs, as messages name them.
    """

    message: str
    failed: bool
    pages: tuple[PagePath, ...] = ()


Progress = Callable[[str, int], None]
"""Is called with what runs now, and how much has run, in percent."""


class Runner:
    """Runs sections of a project, one request after the other."""

    def __init__(self) -> None:
        """Nothing runs yet."""
        self._turn = asyncio.Lock()
        self._stop: set[threading.Event] = set()

    async def run(
        self,
        project: Project,
        what: Sequence[str],
        progress: Progress,
        stop: threading.Event,
    ) -> Outcome:
        """Run sections as `tangle run` does, and write their outputs into the notes.

        Args:
            project: whose notes.
            what: as the arguments of `tangle run`; none for all that have code.
            progress: is called in the event loop.
            stop: ends the run once it is set.
        """
        loop = asyncio.get_running_loop()

        def report(text: str, percent: int) -> None:
            loop.call_soon_threadsafe(progress, text, percent)

        counter = _Counter(report, stop)
        self._stop.add(stop)
        try:
            async with self._turn:
                return await asyncio.to_thread(_run, project, what, counter)
        finally:
            self._stop.discard(stop)

    def cancel(self) -> bool:
        """Cancel what runs or waits; return whether there was something."""
        for stop in self._stop:
            stop.set()
        return bool(self._stop)


class _Counter:
    """Makes progress of events, and ends a run that was cancelled."""

    def __init__(self, progress: Progress, stop: threading.Event) -> None:
        self._progress = progress
        self._stop = stop
        self._waiting = 1
        self._done = 0

    def __call__(self, event: Event) -> None:
        self.check()
        match event:
            case RunStarted(waiting=waiting):
                self._waiting = max(len(waiting), 1)
            case CellStarted(name=name):
                self._progress(name, 100 * self._done // self._waiting)
            case SessionFinished(section=section):
                self._done += 1
                self._progress(str(section), min(100 * self._done // self._waiting, 100))
            case _:
                return

    def check(self) -> None:
        """End the run if it was cancelled.

        Raises:
            Cancelled: it was.
        """
        if self._stop.is_set():
            raise Cancelled


def _run(project: Project, what: Sequence[str], counter: _Counter) -> Outcome:
    try:
        counter.check()
        report = run(project, list(what) or None, RunOptions(), counter)
    except Cancelled:
        return Outcome(message="cancelled", failed=True)
    except TangleError as error:
        return Outcome(message=str(error), failed=True)
    return _outcome(report)


def _outcome(report: RunReport) -> Outcome:
    bad = [entry for entry in report.sections if entry.result.outcome != "passed"]
    pages = tuple(PagePath(page) for page in report.pages)
    if report.refused is not None:
        return Outcome(message=report.refused, failed=True, pages=pages)
    if not bad:
        names = ", ".join(str(entry.session.name) for entry in report.sections)
        return Outcome(message=f"{names or 'nothing'}: passed", failed=False, pages=pages)
    failures = (
        result.failure
        for entry in bad
        for result in entry.result.results
        if result.outcome != "passed" and result.failure is not None
    )
    failure = next(failures, None)
    message = ", ".join(f"{entry.session.name}: {entry.result.outcome}" for entry in bad)
    if failure is not None:
        at = f" at {failure.place}" if failure.place is not None else ""
        message += f": {failure.name}: {failure.message}{at}"
    return Outcome(message=message, failed=True, pages=pages)
