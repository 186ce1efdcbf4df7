"""Keep generated files and notes alike: edits go into the notes, and the files are renewed."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Final

from msgspec import Struct

from tangle.errors import ChangedMeanwhile, TangleError
from tangle.model import PagePath
from tangle.store import Changed, InUse, Locked, check_links, is_being_written, make_folder
from tangle.verbs.build import build
from tangle.verbs.project import Project
from tangle.verbs.reports.values import BuildReport
from tangle.verbs.sync.sync import SyncReport, sync
from tangle.verbs.watch.events import EditsWait, News, Renewed, Synced, Trouble

_QUIET: Final = 0.3
"""Seconds without a save after which files count as saved: an editor empties a file, then fills it,
or removes it, then puts another in its place."""

_LONGEST: Final = 2.0
"""Seconds after which they count all the same, if saves never pause."""

_RETRY: Final = 1.0
"""Seconds after which it is tried again to write what could not be written."""


class Step(Struct, frozen=True, kw_only=True):
    """What was done.

    Attributes:
        pages: those that were changed.
    """

    news: tuple[News, ...]
    pages: tuple[PagePath, ...]


class GeneratedFiles:
    """Generated files beside the notes that they are made from."""

    def __init__(self, project: Project) -> None:
        """Look at the files as soon as `step` is called.

        Raises:
            Outside: the output folder is a link that leads out of the project.
            NotWritable: it cannot be made.
        """
        check_links(project.output, project.root)
        make_folder(project.output)
        self.folder = project.output
        self._inside = project.output.resolve()
        self._due: float | None = time.monotonic()
        self._latest = self._due
        self._saved: set[Path] = set()
        self._left: SyncReport | None = None
        self._said: set[str] = set()

    def note(self, paths: Collection[Path], *, notes: bool) -> None:
        """Take note of saves.

        Args:
            paths: what changed on disk.
            notes: whether the notes are others now.
        """
        found = {path for path in paths if self._is_generated(path)}
        self._saved |= found
        if notes or found:
            now = time.monotonic()
            if self._due is None:
                self._latest = now + _LONGEST
            self._due = min(now + _QUIET, self._latest)

    def _is_generated(self, path: Path) -> bool:
        return path.suffix == ".py" and path.resolve().is_relative_to(self._inside)

    def pause(self, longest: float) -> float:
        """Return after how many seconds to call `step` again, at most a given number."""
        if self._due is None:
            return longest
        return min(longest, max(self._due - time.monotonic(), 0.001))

    def step(self, project: Project, hold: Callable[[PagePath], str | None]) -> Step | None:
        """Bring edits into the notes, then renew the files; None if nothing is due.

        Args:
            project: whose files.
            hold: why a page must not be replaced now; None if it may.
        """
        if self._due is None or time.monotonic() < self._due:
            return None
        busy = next(filter(is_being_written, sorted(self._saved)), None)
        if busy is not None:
            self._due = time.monotonic() + _QUIET
            is_late = self._latest < time.monotonic()
            return Step(news=tuple(self._trouble(InUse(busy))), pages=()) if is_late else None
        self._due = None
        self._saved.clear()
        try:
            report = sync(project, hold=hold)
            found = build(project) if report.build is None and not report.left else report.build
        except TangleError as error:
            if isinstance(error, (Changed, ChangedMeanwhile, Locked)):
                self._due = time.monotonic() + _RETRY
            return Step(news=tuple(self._trouble(error)), pages=())
        self._said.clear()
        return Step(news=tuple(self._news(report, found)), pages=report.pages)

    def _trouble(self, error: TangleError) -> Iterator[News]:
        message = str(error)
        if message in self._said:
            return
        self._said.add(message)
        if isinstance(error, InUse):
            yield EditsWait(file=str(error.path), why=error.why)
        else:
            yield Trouble(message=message)

    def _news(self, report: SyncReport, found: BuildReport | None) -> Iterator[News]:
        """What is new: conflicts that are as they were are no news."""
        left = (report.conflicts, report.refusals)
        known = (self._left.conflicts, self._left.refusals) if self._left is not None else ((), ())
        self._left = report
        if report.moved or left not in (known, ((), ())):
            yield Synced(report=report)
        if found is not None and found.changes.any:
            changes = found.changes
            files = tuple(sorted((*changes.added, *changes.changed, *changes.removed)))
            yield Renewed(files=files)
