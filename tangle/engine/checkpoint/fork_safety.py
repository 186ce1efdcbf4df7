"""Why a session cannot be copied by a fork: what it has that a copy would not."""

from __future__ import annotations

import ctypes
import os
import re
import signal
import sys
import threading
import time
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from tangle.engine.tracking.fork_log import MEMORY
from tangle.model import Cell

_STATELESS = frozenset({"/dev/null", "/dev/zero", "/dev/random", "/dev/urandom"})
_LIBRARIES = (f"{sys.prefix}{os.sep}", f"{sys.base_prefix}{os.sep}", "/usr/")

_SHARED = re.compile(rf"^\S+ .w.s (?!.*{re.escape(MEMORY)})", re.MULTILINE)
"""Memory that a copy would share, other than the page on which forks say that they hide."""

_UNTRIED = re.compile(r"lib(i?omp5|omp)\b|/dev/nvidia|/dev/kfd")
"""Thread pools that were not seen to survive a fork, and devices that do not."""

_POOL = re.compile(r"/libgomp[^/]*\.so")
_BLAS = re.compile(r"openblas.*\.so")
_HARD = 2
_PAUSE_SECONDS = 0.02

_LOOKS = re.compile(
    r"\bos\s*\.\s*wait|\bwait(pid|id|3|4)\b|\bfrom\s+os\s+import\b.*\bwait|register_at_fork"
)
"""Code that would see the copies: they are children of the process."""


def looks_at_children(cells: Iterable[Cell]) -> bool:
    """Whether code waits for any child, or has something done at forks."""
    return any(_LOOKS.search(cell.code) for cell in cells)


def open_files() -> dict[int, str]:
    """What each descriptor stands for."""
    found: dict[int, str] = {}
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208 -- quicker
        try:
            found[int(name)] = os.readlink(f"/proc/self/fd/{name}")  # noqa: PTH115
        except OSError:
            continue  # the one that listed them
    return found


def obstacle(before: Mapping[int, str], children: Collection[int]) -> str:
    """What a fork would not take along; empty where there is nothing.

    OpenMP's pools are ended on the way; they come back with their next use.

    Args:
        before: the descriptors that the session began with.
        children: processes that it is known to have.
    """
    maps = Path("/proc/self/maps").read_text(encoding="utf-8", errors="replace")
    return (
        _of_descriptors(before)
        or _of_signals()
        or _of_children(children)
        or _of_torch()
        or ("shared memory" if _SHARED.search(maps) else "")
        or ("an untried library or a device" if _UNTRIED.search(maps) else "")
        or _of_threads(maps)
    )


def _of_descriptors(before: Mapping[int, str]) -> str:
    """An open file has a position that a copy would share; a socket, a pipe another end."""
    now = open_files()
    if any(now.get(fd) != link for fd, link in before.items()):
        return "a descriptor of the session's own is another"
    new = ((fd, link) for fd, link in now.items() if fd not in before)
    return next((f"open: {link}" for fd, link in new if not _is_stateless(fd, link)), "")


def _is_stateless(fd: int, link: str) -> bool:
    """Whether an open file's position does not matter: libraries seek in theirs (fonts)."""
    if not link.startswith(_LIBRARIES):
        return link in _STATELESS
    try:
        flags = Path(f"/proc/self/fdinfo/{fd}").read_text().split("flags:")[1].split()[0]
    except (OSError, IndexError):
        return False
    return int(flags, 8) & os.O_ACCMODE == os.O_RDONLY


def _of_signals() -> str:
    if signal.getsignal(signal.SIGCHLD) not in (signal.SIG_DFL, None):
        return "a handler for SIGCHLD"
    timers = (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF)
    return "a timer" if any(signal.getitimer(timer)[0] for timer in timers) else ""


def _of_children(known: Collection[int]) -> str:
    for task in os.listdir("/proc/self/task"):  # noqa: PTH208
        try:
            text = Path(f"/proc/self/task/{task}/children").read_text()
        except FileNotFoundError:
            return "children cannot be known"
        if not set(map(int, text.split())) <= set(known):
            return "a child process"
    return ""


def _of_torch() -> str:
    torch: Any = sys.modules.get("torch")
    try:
        return "CUDA" if torch is not None and torch.cuda.is_initialized() else ""
    except Exception:  # noqa: BLE001 -- torch may be half imported, or replaced by the notes
        return "torch cannot be asked"


def _of_threads(maps: str) -> str:
    if threading.active_count() > 1:
        return "threads"
    for path in sorted(_libraries(maps, _POOL)):
        try:
            ctypes.CDLL(path).omp_pause_resource_all(_HARD)
        except (OSError, AttributeError):
            return "a thread pool that cannot be ended"
    blas = len(_libraries(maps, _BLAS))
    # OpenBLAS itself ends its pool at a fork, and torch replaces its second one (XNNPACK's).
    allowed = 1 + blas * (_blas_threads() - 1) + _torch_threads() - 1
    until = time.monotonic() + _PAUSE_SECONDS
    while (count := len(os.listdir("/proc/self/task"))) > allowed:  # noqa: PTH208
        if time.monotonic() > until:
            return f"{count} threads"
    return ""


def _libraries(maps: str, name: re.Pattern[str]) -> set[str]:
    """The files in memory whose path has a name in it."""
    return {line[line.index("/") :] for line in maps.split("\n") if name.search(line)}


def _torch_threads() -> int:
    torch: Any = sys.modules.get("torch")
    return 1 if torch is None else int(torch.get_num_threads())


def _blas_threads() -> int:
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
        if os.environ.get(name, "").isdigit():
            return max(int(os.environ[name]), 1)
    return os.cpu_count() or 1
