"""What makes a zygote a server: a socket that commands find, as long as the project is there."""

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


class Standing:
    """The socket, the lock that stands for the only server of a project, and the reasons to go."""

    def __init__(self, start: ListenerStart) -> None:
        """Takes over what the command that started the server has made."""
        self.listener = socket.socket(fileno=start.listener)
        self.listener.setblocking(False)
        self.listener.listen()  # again: from now on the peer's number is this process's
        self._lock = start.lock
        self._socket = Path(start.socket)
        self._project = start.project
        self._idle = start.idle
        self._since = time.monotonic()
        self.retired = False

    def accept(self) -> socket.socket | None:
        """The next connection; None where it is gone again, or somebody else's."""
        try:
            connection, _ = self.listener.accept()
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
        """Whether nobody has wanted it for long, or its project or its socket is gone."""
        return self.idle > self._idle or self._is_lost()

    def retire(self) -> None:
        """Gives up socket and lock; another may take its place at once."""
        if self.retired:
            return
        self.retired = True
        for path in (self._socket, *self._hints()):
            with contextlib.suppress(OSError):
                path.unlink()
        with contextlib.suppress(OSError):
            self._socket.parent.rmdir()  # where no other project has one
        self.listener.close()
        with contextlib.suppress(OSError):
            fcntl.flock(self._lock, fcntl.LOCK_UN)  # for copies of the descriptor, too
        os.close(self._lock)

    def _hints(self) -> list[Path]:
        """Links to the socket."""
        with contextlib.suppress(OSError):
            links = [path for path in self._socket.parent.iterdir() if path.is_symlink()]
            return [path for path in links if path.readlink().name == self._socket.name]
        return []

    def close_copies(self) -> None:
        """Closes, in a forked child, what this object holds."""
        if not self.retired:
            self.listener.close()
            os.close(self._lock)

    def _is_lost(self) -> bool:
        try:
            there = os.stat(self._project)  # noqa: PTH116 -- not through links of a Path's
            self._socket.lstat()
        except OSError:
            return True
        held = os.fstat(self._lock)
        return (there.st_dev, there.st_ino) != (held.st_dev, held.st_ino)
