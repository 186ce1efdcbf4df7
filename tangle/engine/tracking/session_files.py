"""Whether the world is still the one that a copy of the session knows.

What the session learned and left is in the audit log. Here is what only copies need: which files
the session may have written unseen, by native code outside the project. Such a file shows when it
is read: its time lies in a period in which the session ran. A copy made between the two does not
know that the file is to be as it left it, and must not be used again.
"""

from __future__ import annotations

import os
import time

from tangle.engine.tracking.audit_log import AuditLog
from tangle.model import ReadFile


def _earliest() -> float:
    """The earliest time that a file can have which is written from now on.

    The system stamps files by a clock that goes in steps of a few milliseconds.
    """
    if hasattr(time, "CLOCK_REALTIME_COARSE"):
        return time.clock_gettime(time.CLOCK_REALTIME_COARSE)
    return time.time() - 0.01


class WorldLog:
    """What copies of a session have to know of the files that it read and wrote."""

    def __init__(self, log: AuditLog) -> None:
        """Begins."""
        self._log = log
        self._past: tuple[tuple[float, float], ...] = ()
        self._began = self._copied = _earliest()
        self._unseen_write: float | None = None
        log.on_read = self._look

    @property
    def spawned(self) -> bool:
        """Whether there are or were processes, or other things that a copy cannot know."""
        return self._log.forked or bool(self._log.unseen)

    def before_copy(self) -> None:
        """Notes nothing while this process makes a copy of itself."""
        self._log.deaf = True
        self._copied = time.time()

    def after_copy(self) -> None:
        """Goes on listening in the process that was copied."""
        self._log.deaf = False

    def resume(self) -> None:
        """Goes on listening in a copy of the session, which has run up to the copying."""
        self._past += ((self._began, self._copied),)
        self._began = _earliest()
        self._log.begin_anew()
        self._log.deaf = False

    def state(self) -> tuple[ReadFile, ...]:
        """All that the session learned, and what it left as it is now."""
        return self._log.state()

    def take_unseen_write(self) -> float | None:
        """When the first file was written that was read since this was last asked.

        Returns:
            None where no such file was written while the session ran.
        """
        found, self._unseen_write = self._unseen_write, None
        return found

    def _look(self, path: str) -> None:
        """Takes note of a file that was written while the session ran, as far as its time tells."""
        try:
            written = os.stat(path).st_mtime  # noqa: PTH116
        except OSError:
            return
        periods = (*self._past, (self._began, time.time()))
        if any(start <= written <= end for start, end in periods):
            self._unseen_write = min(written, self._unseen_write or written)
