"""Whether the world is still the one that a copy of the session knows.

What the session learned and left is in the audit log; here is what only copies need: whether some
file was written by nobody who was seen, after a copy was made.
"""

from __future__ import annotations

import math
import os
import time

from tangle.engine.tracking.audit_log import AuditLog
from tangle.model import ReadFile

_TICK = 0.01
"""Seconds by which the times of files are coarser than the clock."""


class WorldLog:
    """What copies of a session have to know of the files that it read and wrote.

    Attributes:
        veiled: whether a file was read that somebody wrote since the session began, unseen: C++
            code of the session itself, most likely.
    """

    def __init__(self, log: AuditLog) -> None:
        """Begins."""
        self._log = log
        self._running = [(time.time(), math.inf)]
        self.veiled = False
        log.on_read = self._look

    @property
    def spawned(self) -> bool:
        """Whether there are or were processes, or other things that a copy cannot know."""
        return self._log.forked or bool(self._log.unseen)

    def be_deaf(self, deaf: bool) -> None:
        """Notes nothing while this process does something of tangle's own."""
        self._log.deaf = deaf

    def resume(self, left: float) -> None:
        """Goes on listening in a copy of the session.

        Args:
            left: when the session's last run was over.
        """
        (began, _), *_ = self._running
        self._running = [(began, left), (time.time(), math.inf)]
        self._log.begin_anew()
        self._log.deaf = False

    def state(self) -> tuple[ReadFile, ...]:
        """All that the session learned, and what it left as it is now."""
        return self._log.state()

    def _look(self, path: str) -> None:
        self.veiled = self.veiled or (not path.endswith(os.sep) and self._is_new(path))

    def _is_new(self, path: str) -> bool:
        """Whether a file was written while the session ran, as far as its time tells."""
        try:
            written = os.stat(path).st_mtime  # noqa: PTH116
        except OSError:
            return False
        return any(start - _TICK <= written <= end + _TICK for start, end in self._running)
