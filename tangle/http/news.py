"""Report what saves change in the notes: pages, and the problems that they have then."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final, Protocol

from tangle.http.feed import Feed
from tangle.model import PagePath
from tangle.verbs.check import check_report
from tangle.verbs.desk import Desk
from tangle.verbs.notes import Notes, Shelf, held_notes, updated
from tangle.verbs.project import Project
from tangle.verbs.reports.documents import problem_document

_MOST_PROBLEMS: Final = 1000


class Disk(Protocol):
    """Reports the files that change."""

    def __iter__(self) -> Iterator[frozenset[Path]]:
        """The paths that changed at about the same time; waits for the next."""
        ...


Listener = Callable[[Notes, frozenset[PagePath]], None]
"""Receives the notes after a change, and the pages that differ."""


class News:
    """Keeps the notes current in the thread that reads them, and publishes what changes."""

    def __init__(
        self, project: Callable[[], Project], reader: Desk, feed: Feed, shelf: Shelf
    ) -> None:
        """Read nothing yet.

        Args:
            project: gives the project with its configuration as it is now.
            reader: the thread that reads the notes.
            feed: receives the events `changed` and `problems`.
            shelf: what is kept of the notes for the next server.
        """
        self._project = project
        self._reader = reader
        self._feed = feed
        self._shelf = shelf
        self._notes: Notes | None = None
        self._problems: list[dict[str, object]] | None = None
        self.listeners: list[Listener] = []

    def follow(self, disk: Disk) -> None:
        """Start to follow a disk, in a thread that ends when its reports do."""
        self._reader.post(self._begin)
        threading.Thread(target=self._listen, args=(disk,), name="tangle-disk", daemon=True).start()

    def notes(self) -> Notes:
        """Return the notes as they are now; to be asked by the reader only."""
        if self._notes is None:
            self._notes = held_notes(self._project(), self._shelf)
        return self._notes

    def _listen(self, disk: Disk) -> None:
        for paths in disk:
            self._reader.post(lambda paths=paths: self._take(paths))  # type: ignore[misc]

    def _begin(self) -> None:
        self.notes()

    def _take(self, paths: Iterable[Path]) -> None:
        before = self.notes()
        now = self._notes = updated(before, frozenset(paths))
        if now is before:
            return
        pages = _differing(before, now)
        for listen in self.listeners:
            listen(now, pages)
        self._feed.publish("changed", {"pages": sorted(map(now.project.shown, pages))})
        self._publish_problems(now.project)

    def _publish_problems(self, project: Project) -> None:
        found = check_report(project).problems
        shown = [problem_document(problem) for problem in found[:_MOST_PROBLEMS]]
        if shown != self._problems:
            self._problems = shown
            self._feed.publish("problems", {"problems": shown, "count": len(found)})


def _differing(before: Notes, now: Notes) -> frozenset[PagePath]:
    """Return the paths of pages that came, went or changed."""
    old, new = before.sources.digests, now.sources.digests
    return frozenset(path for path in {*old, *new} if old.get(path) != new.get(path))
