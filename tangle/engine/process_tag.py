"""Tag the processes of a session with a mark that they cannot lose (Linux).

A program may be started with an environment of its own, leave its group and lose its parent. What
it keeps are its limits, and one of them does nothing: how long a process may run without a pause
under a real-time scheduler, which some 100,000 years do not change.
"""

from __future__ import annotations

import contextlib
import resource
import secrets
import sys

_LEAST = 1 << 62


def bear_mark(cookie: str) -> None:
    """Gives this process, and all that it will start, the mark of the session with this cookie."""
    if sys.platform != "linux":
        return
    with contextlib.suppress(OSError, ValueError):
        _, most = resource.getrlimit(resource.RLIMIT_RTTIME)
        resource.setrlimit(resource.RLIMIT_RTTIME, (_mark(cookie), most))


def other_mark() -> tuple[int, int] | None:
    """Gives this process a mark that no session has; what `restore_mark` takes, to undo it.

    A fork that is to outlive the session has it from its first moment on.
    """
    if sys.platform != "linux":
        return None
    before = resource.getrlimit(resource.RLIMIT_RTTIME)
    bear_mark(secrets.token_hex(8))
    return before


def restore_mark(before: tuple[int, int] | None) -> None:
    """Gives this process the mark that it had."""
    if before is not None:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_RTTIME, before)


def shown_mark(cookie: str) -> bytes:
    """What stands among the limits of a process (`/proc/PID/limits`) that has a session's mark."""
    return b"Max realtime timeout      %-20d " % _mark(cookie)


def _mark(cookie: str) -> int:
    return _LEAST + (int(cookie, 16) >> 3)  # 61 bits of the cookie's 64
