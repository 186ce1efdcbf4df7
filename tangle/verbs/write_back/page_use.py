"""Decide when a page that another program uses may be replaced.

Logseq takes an edit to the file half a second to a second and a half after the last key, and takes
up what another program wrote two seconds after that was written. A page that is replaced while its
person types therefore costs a question ("file not matched from disk") or words. Nothing on disk
tells that keys are pressed, so the saves have to tell: an editor that saves by itself (Logseq,
Obsidian, autosave in VS Code) writes into the file, and goes on doing so. One that saves when it is
asked to replaces the file, or says on disk whether it holds changes (`store.unsaved_in`).
"""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import Final

from msgspec import Struct

from tangle.model import PagePath, Place, Problem, SectionName
from tangle.model.problems.outputs import PAGE_IN_USE
from tangle.store import NotReadable, is_being_written, read_bytes, unsaved_in
from tangle.verbs.notes import Notes
from tangle.verbs.project import Project

JUST_SAVED: Final = "was saved a moment ago"
SAVED_OFTEN: Final = "is being saved again and again"
"""What may be in the way, as messages say it of a page."""

_TAKE_UP: Final = 4.4
"""Seconds before the next save by which Logseq must have an output, if nothing is to be lost: it
takes a changed file up 2.1 s later; who goes on typing does so a burst before the next save, which
comes up to 1.5 s after the last key."""

_ONE_SAVE: Final = 0.5
"""Seconds within which several changes are one save: an editor empties the file, then fills it."""

_TIMES: Final = 3
"""How many times the longest pause between two saves of a person who types is waited for."""

_LONGEST: Final = 20.0
"""Seconds that a page is waited for at most, unless the configuration says more."""

_MEMORY: Final = 60.0
"""Seconds for which a save counts among those of a person who types."""

Hold = Callable[[Notes, PagePath], str | None]
"""Why a page of the notes as they were just read must not be replaced now: None, or words said of
it (`was saved a moment ago`)."""


def free_page(now: Notes, page: PagePath) -> str | None:
    """Let any page be written at once.

    Args:
        now: the notes as read.
        page: the page to write.
    """
    del now, page
    return None


def _unsaved(file: Path) -> str | None:
    editor = unsaved_in(Path(os.path.realpath(file)))
    return f"has unsaved changes in {editor}" if editor else None


def in_use_problem(
    project: Project, page: PagePath, why: str, sections: Collection[SectionName]
) -> Problem:
    """Return the problem that outputs were not written because another program uses their page.

    Args:
        project: whose notes.
        page: the page.
        why: what is in the way, as said of the page.
        sections: those whose outputs wait.
    """
    names = ", ".join(sorted(set(sections)))
    return PAGE_IN_USE.at(
        Place(path=PagePath(project.shown(page)), line=1),
        f"the page {why}; the outputs of {names} were not written",
    )


# --- a run ----------------------------------------------------------------------------------------


class SavedSince(Struct, frozen=True, kw_only=True):
    """Holds back pages saved since a run began, until they have not been saved for some time.

    One that was saved before that is written at once: who starts a run is not typing.

    Attributes:
        began: the notes as the run read them.
        quiet: seconds without a save; 0 to write at once.
    """

    began: Notes
    quiet: float

    def __call__(self, now: Notes, page: PagePath) -> str | None:
        """Return why the page must not be replaced now; None if it may."""
        return self._in_the_way(page, now.pages[page].data)

    def free(self, pages: Iterable[PagePath]) -> bool:
        """Whether one of the held pages may be written now."""
        return any(self._is_free(page) for page in pages)

    def _is_free(self, page: PagePath) -> bool:
        file = self.began.project.graph / page
        try:
            return not is_being_written(file) and self._in_the_way(page, read_bytes(file)) is None
        except NotReadable:
            return True  # the attempt to write it says what is wrong

    def _in_the_way(self, page: PagePath, data: bytes) -> str | None:
        if not self.quiet:
            return None
        file = self.began.project.graph / page
        before = self.began.pages.get(page)
        if (before is None or before.data != data) and _age(file) < self.quiet:
            return JUST_SAVED
        return _unsaved(file)


def _age(file: Path) -> float:
    """Seconds since a file was written."""
    try:
        return max(0.0, time.time() - file.stat().st_mtime)
    except OSError:
        return 0.0


# --- a watcher ------------------------------------------------------------------------------------


class Saves:
    """Saves by other programs that a watcher observes, and how long to wait after them.

    A save that replaces the file was asked for, and is answered at once. After a first one that
    writes into the file nothing is written for `quiet` seconds, in which the next one comes where
    a person types. Then the pauses between the saves tell what to do. What is ready so early in the
    shortest of them that Logseq takes it up before the typing goes on is written; what is not waits
    for three times the longest, until the typing is over and not between two sentences.
    """

    def __init__(self, graph: Path, quiet: float) -> None:
        """Know no save yet.

        Args:
            graph: the folder of the notes.
            quiet: seconds without a save; 0 to write at once.
        """
        self._graph, self.quiet = graph, quiet
        self._files: dict[PagePath, int] = {}
        self._times: dict[PagePath, list[float]] = {}

    def know(self, pages: Iterable[PagePath]) -> None:
        """Record the current state of pages as known, so that it does not count as a save."""
        self._files.update((page, self._file(page)) for page in pages)

    def note(self, pages: Iterable[PagePath], now: float) -> None:
        """Record that other programs saved pages.

        Args:
            pages: those whose text is another.
            now: the time, by a clock that only goes on.
        """
        for page in pages:
            file = self._file(page)
            times = self._times.setdefault(page, [])
            if self._files.get(page, 0) == file:
                kept = [t for t in times if now - t < _MEMORY]
                times[:] = [*(kept[:-1] if kept and now - kept[-1] < _ONE_SAVE else kept), now]
            else:
                times.clear()
            self._files[page] = file

    def due(self, page: PagePath, now: float) -> float:
        """Return the time from which a page may be written, on the clock of `note`.

        Args:
            page: the page to write.
            now: the current time; returned if the page may be written at once.
        """
        times = self._times.get(page)
        if not times or not self.quiet:
            return now
        pauses = [later - earlier for earlier, later in itertools.pairwise(times)]
        if pauses and now - times[-1] <= min(pauses) - _TAKE_UP:
            return now
        longest = max((p for p in pauses if p < self.quiet + _TAKE_UP), default=0.0)
        wait = min(max(self.quiet, _TIMES * longest), max(self.quiet, _LONGEST))
        return max(now, times[-1] + wait)

    def in_the_way(self, page: PagePath, now: float) -> str | None:
        """Return why a page must not be written now; None if it may.

        Args:
            page: the page to write.
            now: the current time, on the clock of `note`.
        """
        if not self.quiet:
            return None
        if now < self.due(page, now):
            return JUST_SAVED
        return _unsaved(self._graph / page)

    def _file(self, page: PagePath) -> int:
        """Which file has a page's name; a save that replaces it makes that another."""
        try:
            return (self._graph / page).stat().st_ino
        except OSError:
            return -1
