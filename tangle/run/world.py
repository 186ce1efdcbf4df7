"""The state of a file or a folder in few characters, to tell later whether it is still the same."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

_SMALL = 256 * 1024
"""Bytes up to which the content counts; of larger files size, time and number do."""


def signature(path: str) -> str:
    """What a file holds, or a folder's names where the path ends in the separator.

    Empty where there is neither. Two states that differ have different signatures, but for large
    files that somebody makes look alike.
    """
    try:
        if path.endswith(os.sep):
            names = sorted(n for n in os.listdir(path) if not n.startswith("."))  # noqa: PTH208
            return hashlib.sha256("\0".join(names).encode("utf-8", "surrogateescape")).hexdigest()
        status = os.stat(path)  # noqa: PTH116 -- called for every file that is opened
        if not os.path.isfile(path):  # noqa: PTH113
            return "not a file"
        if status.st_size > _SMALL:
            return f"{status.st_size} {status.st_mtime_ns} {status.st_ino}"
        return hashlib.sha256(Path(path).read_bytes()).hexdigest()
    except (OSError, ValueError):
        return ""
