"""Packets between tangle's processes: data and descriptors, over a Unix socket.

A packet's data travels in a file, since packets have a size limit; the packet carries that file and
the descriptors that go with it. Types are the affair of `tangle.engine.order`. Only the standard
library's quick parts are imported: a command that the server runs passes through here first.
"""

from __future__ import annotations

import array
import os
import socket
from collections.abc import Sequence

from tangle.engine.memory_file import memory_file

_FDS = 8
_MARK = b"!"
_MOST = 64 * 1024 * 1024
"""Bytes of data in a packet; more cannot be meant."""

_INT = 4
"""Bytes of each number in `struct ucred`: process, user, group."""


class Hangup(Exception):
    """The other end is closed."""


class BadOrder(Exception):
    """What arrived is not an order: not JSON, not of a known type, or without its descriptors."""


def pair() -> tuple[socket.socket, socket.socket]:
    """Two connected sockets."""
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


def send_packet(channel: socket.socket, data: bytes, fds: Sequence[int] = ()) -> None:
    """Sends data and descriptors.

    Raises:
        OSError: the other end is closed, or its queue is full.
    """
    file = memory_file("order")
    try:
        os.write(file, data)
        socket.send_fds(channel, [_MARK], [file, *fds])
    finally:
        os.close(file)


def receive_packet(channel: socket.socket) -> tuple[bytes, list[int]]:
    """The next packet's data, and its descriptors, which the caller has to close.

    Raises:
        Hangup: the other end is closed.
        BadOrder: it sent something else.
    """
    mark, fds = _receive(channel)
    if mark != _MARK or not fds:
        close_all(fds)
        raise BadOrder("not a packet") if mark else Hangup
    file, *rest = fds
    try:
        return _read(file), rest
    except (OSError, ValueError) as error:
        close_all(rest)
        raise BadOrder(str(error)) from error
    finally:
        os.close(file)


def peer(channel: socket.socket) -> tuple[int, int]:
    """Process and user at the other end of a connection (Linux)."""
    data = channel.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 3 * _INT)
    pid, uid, _ = memoryview(data).cast("i")
    return pid, uid


def close_all(fds: Sequence[int]) -> None:
    """Closes descriptors."""
    for fd in fds:
        os.close(fd)


def _receive(channel: socket.socket) -> tuple[bytes, list[int]]:
    """As `socket.recv_fds`, but no program that is started inherits the descriptors."""
    fds = array.array("i")
    try:
        data, ancillary, _, _ = channel.recvmsg(
            64, socket.CMSG_LEN(_FDS * fds.itemsize), getattr(socket, "MSG_CMSG_CLOEXEC", 0)
        )
    except OSError as error:
        raise Hangup from error
    for level, kind, content in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            fds.frombytes(content[: len(content) - len(content) % fds.itemsize])
    return data, list(fds)


def _read(file: int) -> bytes:
    size = os.fstat(file).st_size
    if size > _MOST:
        raise ValueError("too long")
    return os.pread(file, size, 0)
