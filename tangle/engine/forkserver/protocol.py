"""Orders between a command, its zygote and the processes below it: a packet each, with descriptors.

An order travels in a file, since packets have a limit; the packet carries that file and whatever
descriptors the order needs.
"""

from __future__ import annotations

import array
import json
import os
import socket
import struct
from collections.abc import Mapping, Sequence
from typing import Any

from tangle.engine.memory_file import memory_file

_FDS = 8
_MARK = b"!"
_MOST = 64 * 1024 * 1024
"""Bytes of one order; a longer one cannot be meant."""


class Hangup(Exception):
    """The other end is closed, or sent something that is no order."""


def pair() -> tuple[socket.socket, socket.socket]:
    """Two sockets that are each other's other end."""
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


def send_order(
    channel: socket.socket, verb: str, order: Mapping[str, object], fds: Sequence[int] = ()
) -> None:
    """Sends an order.

    Raises:
        OSError: the other end is gone, or takes nothing now.
        UnicodeError: a text in it cannot be written.
    """
    file = memory_file("order")
    try:
        os.write(file, json.dumps({"do": verb, **order}).encode("utf-8", "surrogateescape"))
        socket.send_fds(channel, [_MARK], [file, *fds])
    finally:
        os.close(file)


def receive_order(channel: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """The next order and its descriptors, which are the caller's to close.

    Raises:
        Hangup: there will be none.
    """
    data, fds = _receive(channel)
    if data != _MARK or not fds:
        _close(fds)
        raise Hangup
    file, *rest = fds
    try:
        order = _read(file)
    except (OSError, ValueError, RecursionError) as error:  # the last: nested too deep
        _close(rest)
        raise Hangup from error
    finally:
        os.close(file)
    return order, rest


def peer(channel: socket.socket) -> tuple[int, int]:
    """Process and user at the other end of a connection (Linux)."""
    size = struct.calcsize("3i")
    pid, uid, _ = struct.unpack(
        "3i", channel.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
    )
    return pid, uid


def _receive(channel: socket.socket) -> tuple[bytes, list[int]]:
    """As `socket.recv_fds`, but nothing that comes is inherited by a program that is started."""
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


def _read(file: int) -> dict[str, Any]:
    size = os.fstat(file).st_size
    if size > _MOST:
        raise ValueError("too long")
    order = json.loads(os.pread(file, size, 0).decode("utf-8", "surrogateescape"))
    if not isinstance(order, dict) or not isinstance(order.get("do"), str):
        raise ValueError("no order")
    return order


def _close(fds: Sequence[int]) -> None:
    for fd in fds:
        os.close(fd)
