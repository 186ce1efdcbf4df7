"""What a session takes from the disk, and what it leaves there.

By it a copy of the session can tell later whether the world is still the one that it knows.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterable
from pathlib import Path

from tangle.run.worker.places import Places
from tangle.run.worker.reads import is_importing, source_of
from tangle.run.world import signature

_WRITING = os.O_WRONLY | os.O_RDWR
_LISTING = frozenset({"os.listdir", "os.scandir"})
_SPAWNING = frozenset({"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork"})
_CHANGING = frozenset(
    {"os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.truncate", "os.link", "os.symlink"}
    | {"os.chmod", "os.utime", "sqlite3.connect"}
)
_TICK = 0.01
"""Seconds by which the times of files are coarser than the clock."""

_IGNORED = frozenset({"__pycache__", "site-packages", ".git"})


class WorldLog:
    """The files that were opened and the folders that were listed, wherever they are.

    Attributes:
        deaf: whether nothing is noted now.
        spawned: whether programs were started: what they do, nobody sees.
        veiled: whether a file was read that somebody wrote since the session began, unseen: C++
            code of the session itself, most likely.
    """

    def __init__(self, project: str, own: Iterable[str]) -> None:
        """Begins.

        Args:
            project: the project's folder.
            own: folders whose files are of no account: the generated package's.
        """
        self._places = Places(project, own)
        self._read: dict[str, str] = {}
        self._wrote: set[str] = set()
        self._running = [(time.time(), math.inf)]
        self._busy = False
        self.deaf = False
        self.spawned = False
        self.veiled = False

    def listen(self, event: str, arguments: tuple[object, ...]) -> None:
        """The audit hook."""
        if self._busy or self.deaf:
            return
        if event == "open":
            self._opened(arguments[0], arguments[2])
        elif event in _SPAWNING:
            self.spawned = self.spawned or not is_importing()
        elif event in _CHANGING:
            for path in arguments[:2]:
                self._note(path, writing=True)
        elif event in _LISTING and not is_importing():
            self._note("." if arguments[0] is None else arguments[0], writing=False, folder=True)

    def resume(self, left: float) -> None:
        """Goes on listening in a copy of the session.

        Args:
            left: when the session's last run was over.
        """
        (began, _), *_ = self._running
        self._running = [(began, left), (time.time(), math.inf)]
        self.deaf = False

    def state(self) -> tuple[tuple[str, str], ...]:
        """Each path with its signature: as it was read, or as the session left it."""
        self._busy = True
        try:
            left = ((path, signature(path)) for path in sorted(self._wrote))
            return (*sorted(self._read.items()), *left)
        finally:
            self._busy = False

    def _opened(self, path: object, flags: object) -> None:
        if isinstance(flags, int):
            self._note(path, writing=bool(flags & _WRITING))

    def _note(self, path: object, *, writing: bool, folder: bool = False) -> None:
        if isinstance(path, bytes):
            path = os.fsdecode(path)
        if not isinstance(path, str) or self._places.is_foreign(path):
            return
        if path.endswith(".pyc"):
            path = source_of(path)
        self._busy = True
        try:
            full = os.path.abspath(path) + (os.sep if folder else "")  # noqa: PTH100 -- links stay
            if self._places.is_foreign(full) or not _IGNORED.isdisjoint(Path(full).parts):
                return
            if writing:
                self._wrote.add(full)
            elif full not in self._wrote and full not in self._read:
                self._read[full] = signature(full)
                self.veiled = self.veiled or (not folder and self._is_new(full))
        except (OSError, ValueError):
            self.spawned = True  # no such folder, no such name: what was meant cannot be told
        finally:
            self._busy = False

    def _is_new(self, path: str) -> bool:
        """Whether a file was written while the session ran, as far as its time tells."""
        try:
            written = os.stat(path).st_mtime  # noqa: PTH116
        except OSError:
            return False
        return any(start - _TICK <= written <= end + _TICK for start, end in self._running)
