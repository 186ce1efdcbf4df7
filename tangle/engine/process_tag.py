"""Tag the processes of a session with a tag that they cannot lose (Linux).

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


def set_tag(cookie: str) -> None:
    """Gives this process, and all that it will start, the tag of the session with this cookie."""
    if sys.platform != "linux":
        return
    with contextlib.suppress(OSError, ValueError):
        _, most = resource.getrlimit(resource.RLIMIT_RTTIME)
        resource.setrlimit(resource.RLIMIT_RTTIME, (_tag(cookie), most))


def set_foreign_tag() -> tuple[int, int] | None:
    """Gives this process a tag that no session has; what `restore_tag` takes, to undo it.

    A fork that is to outlive the session has it from the start.
    """
    if sys.platform != "linux":
        return None
    before = resource.getrlimit(resource.RLIMIT_RTTIME)
    set_tag(secrets.token_hex(8))
    return before


def restore_tag(before: tuple[int, int] | None) -> None:
    """Gives this process the tag that it had."""
    if before is not None:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_RTTIME, before)


def shown_tag(cookie: str) -> bytes:
    """What stands among the limits of a process (`/proc/PID/limits`) that has a session's tag."""
    return b"Max realtime timeout      %-20d " % _tag(cookie)


def _tag(cookie: str) -> int:
    return _LEAST + (int(cookie, 16) >> 3)  # 61 bits of the cookie's 64
