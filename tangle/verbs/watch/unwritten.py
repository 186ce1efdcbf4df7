"""Write results of watched sections at once, or when their page is free."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from msgspec import Struct

from tangle.errors import Refused
from tangle.model import PagePath, Problem, SectionName
from tangle.model.problems.outputs import CHANGED_MEANWHILE
from tangle.verbs.job_builder import RunOptions
from tangle.verbs.notes import Notes
from tangle.verbs.write_back.hosts import pages_of
from tangle.verbs.write_back.page_use import JUST_SAVED, Saves, free_page
from tangle.verbs.write_back.place import place
from tangle.verbs.write_back.placement import PageEdits, Placed, Placement
from tangle.verbs.write_back.unplaced import settle, waiting

_LOOK: Final = 0.1
"""Seconds between two looks at pages that another program is using."""

_OPEN: Final = 0.3
"""Seconds after which a page is tried again that was open for writing."""

_RETRY: Final = 5.0
"""Seconds after which writing is tried again that was refused: no room, another tangle."""


class Written(Struct, frozen=True, kw_only=True):
    """The outcome of writing results.

    Attributes:
        pages: those that were changed.
        problems: outputs that were not written, and hand-edited ones that were left alone.
        held: pages that another program is using, each with what is in the way.
        refused: why nothing more could be written; None where that is not so.
        edits: the pages that were changed, their bytes before, and what was done to these.
    """

    pages: tuple[PagePath, ...]
    problems: tuple[Problem, ...]
    held: Mapping[PagePath, str]
    refused: str | None
    edits: Sequence[PageEdits]


class Results:
    """Results by section until they are in the notes; waiting ones are also kept on disk."""

    def __init__(self, notes: Callable[[], Notes], options: RunOptions) -> None:
        """Take over the pending results of earlier commands.

        Args:
            notes: the notes as they are now.
            options: whether outputs are written, over what, and how long after a save.
        """
        self._notes, self._options = notes, options
        self._saves = Saves(notes().project.graph, options.quiet_seconds)
        self._held: dict[SectionName, tuple[Placed, ...]] = {}
        self._tried: dict[SectionName, Notes] = {}
        self._next = 0.0
        if options.write:
            self._saves.know(chunk.page for row in notes().rows for chunk in row.chunks)
            for output in waiting(notes().project):
                self._held[output.section] = (*self._held.get(output.section, ()), output)

    def pause(self, longest: float) -> float:
        """Return after how many seconds to call `write` again, at most a given number."""
        if not self._held:
            return longest
        return min(longest, max(self._next - time.monotonic(), 0.001))

    def saved(self, before: Notes) -> None:
        """Record that other programs saved pages.

        Args:
            before: the notes as they were.
        """
        known, data = before.sources.digests, self._notes().sources.digests
        pages = [path for path, text in data.items() if known.get(path) != text]
        self._saves.note(pages, time.monotonic())

    def take(self, section: SectionName, outputs: Sequence[Placed]) -> Written:
        """Take the newest results of a section, and write those whose pages are free.

        Args:
            section: its name.
            outputs: the new results.
        """
        self._held[section] = tuple(outputs)
        return self._write([section])

    def write(self) -> Written | None:
        """Write the results whose pages are free now; None if there are none."""
        now = time.monotonic()
        if not self._held or now < self._next:
            return None
        self._next = now + _LOOK
        names = [name for name, outputs in self._held.items() if self._is_free(name, outputs, now)]
        return self._write(names) if names else None

    def _is_free(self, section: SectionName, outputs: Sequence[Placed], now: float) -> bool:
        """Whether any of a section's results can be written now."""
        if self._tried.get(section) is self._notes():
            return False
        pages = pages_of(self._notes().rows, outputs)
        return any(self._saves.in_the_way(page, now) is None for page in pages)

    def _write(self, sections: Sequence[SectionName]) -> Written:
        notes, placement, refused = self._notes(), Placement(), None
        found = [output for name in sections for output in self._held[name]]
        hold = self._hold if self._options.quiet_seconds else free_page
        try:
            place(notes, found, placement, force=self._options.force, hold=hold)
            deferred = [o for entry in placement.deferred.values() for o in entry.outputs]
            self._next = time.monotonic() + _OPEN
        except Refused as error:
            refused, deferred = str(error), found
            self._next = time.monotonic() + _RETRY
        self._saves.know(placement.pages)
        self._keep(sections, deferred, placement.left)
        return Written(
            pages=tuple(dict.fromkeys(placement.pages)),
            # Where a chunk changed, its section runs again by itself.
            problems=tuple(
                problem
                for problem in (*placement.kept, *placement.pending)
                if problem.code != CHANGED_MEANWHILE.code
            ),
            held={page: entry.why for page, entry in placement.deferred.items()},
            refused=refused,
            edits=tuple(placement.edits),
        )

    def _keep(
        self, sections: Sequence[SectionName], deferred: Iterable[Placed], left: Iterable[Placed]
    ) -> None:
        """Keep unwritten results; those without a place are tried again when the notes change."""
        again = {output.digest for output in deferred}
        rest = again | {output.digest for output in left}
        kept: list[Placed] = []
        for name in sections:
            outputs = tuple(output for output in self._held.pop(name) if output.digest in rest)
            self._tried.pop(name, None)
            if outputs:
                self._held[name] = outputs
                kept += outputs
            if outputs and again.isdisjoint(output.digest for output in outputs):
                self._tried[name] = self._notes()
        settle(self._notes().project, set(sections), kept)

    def hold(self, page: PagePath) -> str | None:
        """Return why a page must not be replaced now; None if it may.

        Args:
            page: the page.
        """
        return self._saves.in_the_way(page, time.monotonic())

    def _hold(self, now: Notes, page: PagePath) -> str | None:
        """Why a page must not be replaced now."""
        known = self._notes().pages.get(page)
        if known is None or known.data != now.pages[page].data:
            return JUST_SAVED  # the save has not been noticed yet
        return self.hold(page)
