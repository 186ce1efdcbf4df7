"""The socket on which a fork server serves every command of a project, and when it ends."""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import time
from pathlib import Path

from tangle.engine.forkserver.protocol import peer
from tangle.engine.forkserver.server_orders import ListenerStart

LOOK_SECONDS = 2.0
"""How often it looks whether its project is there still."""


class Listener:
    """The socket, the lock of a project's only server, and the reasons to end."""

    def __init__(self, start: ListenerStart) -> None:
        """Takes over what the command that started the server has made."""
        self.socket = socket.socket(fileno=start.listener)
        self.socket.setblocking(False)
        self.socket.listen()  # again: from now on the peer's number is this process's
        self._lock = start.lock
        self._path = Path(start.socket)
        self._project = start.project
        self._idle = start.idle
        self._since = time.monotonic()
        self.retired = False

    def accept(self) -> socket.socket | None:
        """The next connection; None where it is closed again, or another user's."""
        try:
            connection, _ = self.socket.accept()
        except OSError:
            return None
        if peer(connection)[1] != os.getuid():
            connection.close()
            return None
        return connection

    def touch(self) -> None:
        """Notes that it was used just now."""
        self._since = time.monotonic()

    @property
    def idle(self) -> float:
        """Seconds since it was last used."""
        return time.monotonic() - self._since

    def is_over(self) -> bool:
        """Whether it was idle for too long, or its project or its socket is gone."""
        return self.idle > self._idle or self._is_lost()

    def retire(self) -> None:
        """Gives up socket and lock; another server may start at once."""
        if self.retired:
            return
        self.retired = True
        for path in (self._path, *self._hints()):
            with contextlib.suppress(OSError):
                path.unlink()
        with contextlib.suppress(OSError):
            self._path.parent.rmdir()  # where no other project has one
        self.socket.close()
        with contextlib.suppress(OSError):
            fcntl.flock(self._lock, fcntl.LOCK_UN)  # for copies of the descriptor, too
        os.close(self._lock)

    def _hints(self) -> list[Path]:
        """Links to the socket."""
        with contextlib.suppress(OSError):
            links = [path for path in self._path.parent.iterdir() if path.is_symlink()]
            return [path for path in links if path.readlink().name == self._path.name]
        return []

    def close_copies(self) -> None:
        """Closes, in a forked child, what this object holds."""
        if not self.retired:
            self.socket.close()
            os.close(self._lock)

    def _is_lost(self) -> bool:
        try:
            there = os.stat(self._project)  # noqa: PTH116 -- not through links of a Path's
            self._path.lstat()
        except OSError:
            return True
        held = os.fstat(self._lock)
        return (there.st_dev, there.st_ino) != (held.st_dev, held.st_ino)
