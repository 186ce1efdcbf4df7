"""Move the worker's descriptors to high numbers, out of reach of code that closes all."""

from __future__ import annotations

import contextlib
import fcntl
import os

_HIGH = (1000, 500, 200, 3)


def lift(fd: int) -> int:
    """The same file under a high number that no program inherits; `fd` is closed."""
    for least in _HIGH:
        with contextlib.suppress(OSError, ValueError):
            lifted = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, least)
            os.close(fd)
            return lifted
    return fd
