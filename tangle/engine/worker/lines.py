"""Record which lines of the notes were executed."""

from __future__ import annotations

import sys
import threading
from collections import defaultdict
from collections.abc import Callable
from types import FrameType
from typing import Any

from tangle.engine.postmortem import Notes
from tangle.engine.wire import Measured

Trace = Callable[[FrameType, str, Any], Any]


class LineLog:
    """Writes down the lines of cells and generated modules that run while it is entered.

    Other code is asked about once a call and not a line, so that libraries run at their speed.
    """

    def __init__(self, notes: Notes) -> None:
        """Has nothing yet.

        Args:
            notes: the files that count.
        """
        self._notes = notes
        self._files = frozenset({*notes.cells, *notes.sources})
        self._run: set[tuple[str, int]] = set()
        self._reported: set[tuple[str, int]] = set()
        self._before: Any = None

    def __enter__(self) -> None:
        """Begins."""
        self._before = sys.gettrace()
        threading.settrace(self._enter_call)
        sys.settrace(self._enter_call)

    def __exit__(self, *_: object) -> None:
        """Ends; whatever traced before goes on."""
        sys.settrace(self._before)
        threading.settrace(self._before)

    def take(self) -> Measured:
        """The lines of the notes that were run since this was last asked."""
        new = self._run - self._reported
        self._reported |= new
        pages: defaultdict[str, set[int]] = defaultdict(set)
        for file, line in new:
            place = self._notes.place(file, line)
            if place is not None:
                pages[place.path].add(place.line)
        return Measured(lines=tuple((path, tuple(sorted(pages[path]))) for path in sorted(pages)))

    def _enter_call(self, frame: FrameType, event: str, _: object) -> Trace | None:
        if frame.f_code.co_filename not in self._files:
            return None
        return self._enter_line(frame, event, None)

    def _enter_line(self, frame: FrameType, event: str, _: object) -> Trace | None:
        if event == "line":
            self._run.add((frame.f_code.co_filename, frame.f_lineno))
        return self._enter_line
