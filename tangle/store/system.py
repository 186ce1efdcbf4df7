"""What systems offer beyond POSIX: two files exchanged in one step, who is writing, devices.

Linux has the first two; macOS exchanges files (on APFS), and does not tell who is writing.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import functools
import os
import signal
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

UNSUPPORTED = frozenset({errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP, errno.ENOTSUP})
"""The errors by which a system or a file system says that it cannot exchange files."""

_HERE = -100  # AT_FDCWD: paths are relative to the working directory
_EXCHANGE = 2  # RENAME_EXCHANGE of Linux, RENAME_SWAP of macOS


def exchange(one: Path, other: Path) -> None:
    """Give each of two files the other's name, in one step: both names always lead to a file.

    Raises:
        OSError: one of them is not there, or (see `UNSUPPORTED`) that cannot be done here.
    """
    call = _exchanging()
    if call is None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    if call(os.fsencode(one), os.fsencode(other)) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), str(other))


@functools.cache
def _exchanging() -> Callable[[bytes, bytes], int] | None:
    """The system's call, which returns 0 where that was done; None where there is none."""
    path, number = ctypes.c_char_p, ctypes.c_int
    name = {"linux": "renameat2", "darwin": "renamex_np"}.get(sys.platform, "")
    call: Any = getattr(ctypes.CDLL(None, use_errno=True), name, None) if name else None
    if call is None:
        return None
    if name == "renamex_np":
        call.argtypes = (path, path, ctypes.c_uint)
        return lambda one, other: int(call(one, other, _EXCHANGE))
    call.argtypes = (number, path, number, path, ctypes.c_uint)
    return lambda one, other: int(call(_HERE, one, _HERE, other, _EXCHANGE))


def read_still(path: Path) -> bytes | None:
    """Return a file's content; None if a program is writing into it, or if there is none.

    A read lease tells: Linux grants none on a file that some process has open for writing, and
    takes it back where one opens it so while we read. A file system without leases leaves that
    unseen. Links are not followed, and what is no regular file is not read.

    Raises:
        OSError: the file is not there or cannot be read.
    """
    flags = os.O_RDONLY | _flag("O_CLOEXEC") | _flag("O_NOFOLLOW") | _flag("O_NONBLOCK")
    try:
        descriptor = os.open(path, flags | _flag("O_BINARY"))
    except OSError as error:
        if error.errno == errno.ELOOP:
            return None
        raise
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        with _lease(descriptor) as held:
            data = _all(descriptor)
            return data if held() else None
    finally:
        os.close(descriptor)


def _flag(name: str) -> int:
    return int(getattr(os, name, 0))


def _all(descriptor: int) -> bytes:
    pieces = []
    while piece := os.read(descriptor, 1 << 20):
        pieces.append(piece)
    return b"".join(pieces)


if sys.platform == "linux":
    import fcntl

    @contextlib.contextmanager
    def _lease(descriptor: int) -> Iterator[Callable[[], bool]]:
        """Hold a read lease while the block runs; yield a function that says if it held."""
        try:
            fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        except OSError as error:
            busy = error.errno == errno.EAGAIN
            yield lambda: not busy
            return
        # A program that opens the file for writing waits; the kernel's signal to us is ignored.
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
        yield lambda: fcntl.fcntl(descriptor, fcntl.F_GETLEASE) == fcntl.F_RDLCK

else:

    @contextlib.contextmanager
    def _lease(descriptor: int) -> Iterator[Callable[[], bool]]:
        """Elsewhere nothing is known."""
        del descriptor
        yield lambda: True


def accelerators() -> tuple[str, ...]:
    """The device files of accelerators that this machine shows, sorted."""
    names = ("nvidia[0-9]*", "dxg", "kfd")
    return tuple(sorted(str(path) for name in names for path in Path("/dev").glob(name)))
