"""Run sections for an editor: one run at a time, in a thread, with progress that can cancel it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tangle.engine.events import CellStarted, Event, Observer, RunStarted, SessionFinished
from tangle.engine.interrupt import Interrupt
from tangle.errors import TangleError
from tangle.model import PagePath
from tangle.verbs.job_builder import RunOptions
from tangle.verbs.project import Project
from tangle.verbs.reports.values import INTERRUPTED, RunReport
from tangle.verbs.run import run


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


Run = Callable[[Project, Sequence[str] | None, RunOptions, Observer, Interrupt | None], RunReport]
"""Runs sections, as `tangle.verbs.run.run` does."""


class Runner:
    """Runs sections of a project, one request after the other."""

    def __init__(self, run: Run = run) -> None:
        """Nothing runs yet.

        Args:
            run: runs sections of a project: all without names.
        """
        self._run = run
        self._turn = asyncio.Lock()
        self._open: set[Interrupt] = set()

    async def run(
        self,
        project: Project,
        what: Sequence[str],
        progress: Progress,
        interrupt: Interrupt,
    ) -> Outcome:
        """Run sections as `tangle run` does, and write their outputs into the notes.

        Args:
            project: whose notes.
            what: as the arguments of `tangle run`; none for all that have code.
            progress: is called in the event loop.
            interrupt: ends the run, as does the end of this call's task.
        """
        loop = asyncio.get_running_loop()

        def report(text: str, percent: int) -> None:
            loop.call_soon_threadsafe(progress, text, percent)

        async def turn() -> Outcome:
            async with self._turn:
                return await asyncio.to_thread(
                    self._outcome, project, what, _Counter(report), interrupt
                )

        self._open.add(interrupt)
        try:
            # The turn lasts as long as its thread does: two runs at once would share a store.
            return await asyncio.shield(turn())
        except asyncio.CancelledError:
            interrupt.request()
            raise
        finally:
            self._open.discard(interrupt)

    def cancel(self) -> bool:
        """Cancel what runs or waits; return whether there was something."""
        for interrupt in self._open:
            interrupt.request()
        return bool(self._open)

    def _outcome(
        self, project: Project, what: Sequence[str], observe: Observer, interrupt: Interrupt
    ) -> Outcome:
        if interrupt.requested:
            return Outcome(message="cancelled", failed=True)
        try:
            report = self._run(project, list(what) or None, RunOptions(), observe, interrupt)
        except TangleError as error:
            return Outcome(message=str(error), failed=True)
        return _outcome(report)


class _Counter:
    """Makes progress of events."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._waiting = 1
        self._done = 0

    def __call__(self, event: Event) -> None:
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


def _outcome(report: RunReport) -> Outcome:
    bad = [entry for entry in report.sections if entry.result.outcome != "passed"]
    pages = tuple(PagePath(page) for page in report.pages)
    if report.refused is not None:
        return Outcome(message=report.refused, failed=True, pages=pages)
    if report.exit_code == INTERRUPTED:
        return Outcome(message="cancelled", failed=True, pages=pages)
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
