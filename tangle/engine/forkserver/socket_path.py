"""Where a project's server is found: a socket in a folder that is its owner's alone, and a lock."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import socket
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from tangle.engine.forkserver.protocol import peer

_LONGEST = 107
"""Bytes of a socket's path that Linux takes."""

_DIGITS = 20

PATIENCE = 5.0
"""Seconds that a server may take to answer; one that is well takes a few milliseconds."""


class ServerUnavailable(Exception):
    """No server can be reached or started; the text says why.

    Attributes:
        trouble: whether something has failed; else there is no server for a reason.
    """

    def __init__(self, why: str, *, trouble: bool = False) -> None:
        """Say why."""
        super().__init__(why)
        self.trouble = trouble


class SocketAddress(Struct, frozen=True, kw_only=True):
    """The address of a project's server, whether or not it runs.

    Attributes:
        project: the folder whose lock stands for the only server.
        socket: the socket's path.
    """

    project: Path
    socket: Path


def address_of(project: Path) -> SocketAddress:
    """The address of a project's server; nothing is created.

    Raises:
        ServerUnavailable: the folder for it is another user's or open to others, or its path is
            too long.
    """
    real = project.resolve()
    name = hashlib.sha256(os.fsencode(real)).hexdigest()[:_DIGITS]
    reasons = []
    for folder in _folders():
        path = folder / f"{name}.sock"
        try:
            if len(os.fsencode(path)) > _LONGEST:
                raise ServerUnavailable(f"the path of a socket in {folder} would be too long")
            _check(folder)
            return SocketAddress(project=real, socket=path)
        except ServerUnavailable as error:
            reasons.append(str(error))
    raise ServerUnavailable("; ".join(reasons))


def make_folder(address: SocketAddress) -> None:
    """Makes the socket's folder, where it is not there.

    Raises:
        ServerUnavailable: it cannot be made, or is not this user's alone.
    """
    folder = address.socket.parent
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        pass
    except OSError as error:
        raise ServerUnavailable(f"{folder} cannot be made: {error.strerror}") from error
    _check(folder)


def lock(project: Path) -> int | None:
    """Takes the lock of a project's only server, on the folder itself: no file is left.

    Returns:
        A descriptor, which holds the lock until it is closed everywhere; None where another
        process holds it.

    Raises:
        ServerUnavailable: the folder cannot be locked.
    """
    try:
        fd = os.open(project, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise ServerUnavailable(f"{project} cannot be locked: {error.strerror}") from error
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        return None
    except OSError as error:
        os.close(fd)
        raise ServerUnavailable(f"{project} cannot be locked: {error.strerror}") from error
    return fd


def connect(address: SocketAddress) -> socket.socket | None:
    """A connection to the project's server; None where there is none.

    Raises:
        ServerUnavailable: what answers there is another user's.
    """
    try:
        channel = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    except OSError:
        return None  # macOS has no such sockets, and so no server
    channel.settimeout(PATIENCE)
    try:
        channel.connect(os.fspath(address.socket))
    except OSError:
        channel.close()
        return None
    if peer(channel)[1] != os.getuid():
        channel.close()
        raise ServerUnavailable(f"{address.socket} is another user's")
    return channel


def leave_hint(address: SocketAddress, path: Path) -> None:
    """Leaves a link to a server's socket, in the same folder, for commands that know no more.

    Args:
        address: of the server; one that is gone is not linked to.
        path: the link's path.
    """
    if path.parent != address.socket.parent or not address.socket.is_socket():
        return
    with contextlib.suppress(OSError):
        if not path.is_symlink() or os.readlink(path) != address.socket.name:  # noqa: PTH115
            path.unlink(missing_ok=True)
            path.symlink_to(address.socket.name)


@contextlib.contextmanager
def listening(address: SocketAddress) -> Iterator[socket.socket]:
    """A new socket for the server; to be called under the lock, so what was there is stale.

    Raises:
        ServerUnavailable: it cannot be made.
    """
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with listener:
        try:
            address.socket.unlink(missing_ok=True)
            listener.bind(os.fspath(address.socket))
            listener.listen()
        except OSError as error:
            raise ServerUnavailable(f"{address.socket} cannot be made: {error.strerror}") from error
        try:
            yield listener
        except BaseException:
            with contextlib.suppress(OSError):
                address.socket.unlink(missing_ok=True)
            raise


def _folders() -> Iterator[Path]:
    """Where the folder of a user's sockets may be, the best first."""
    runtime = Path(os.environ.get("XDG_RUNTIME_DIR") or ".")
    if runtime.is_absolute() and _is_own(runtime):
        yield runtime / "tangle"
    yield Path(tempfile.gettempdir()) / f"tangle-{os.getuid()}"


def _check(folder: Path) -> None:
    """Refuses a folder that is there and is not this user's alone: another user prepared it."""
    if os.path.lexists(folder) and not _is_own(folder):
        raise ServerUnavailable(f"{folder} is not a folder of this user's alone")


def _is_own(folder: Path) -> bool:
    """Whether a folder is there, and no link to one, that only this user can enter."""
    try:
        status = folder.lstat()
    except OSError:
        return False
    private = not status.st_mode & (stat.S_IRWXG | stat.S_IRWXO)
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid() and private
