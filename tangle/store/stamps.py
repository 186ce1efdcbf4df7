"""Short texts that change when a file or a folder is another one."""

from __future__ import annotations

import hashlib
import os
from functools import cache
from pathlib import Path


def edit_stamp(path: str) -> str:
    """Size and time of a file, which an edit changes; empty where there is none.

    Not when its status changed: a hard link to it, as another environment makes, changes that too.
    """
    try:
        found = os.stat(path)  # noqa: PTH116 -- quicker
    except (OSError, ValueError):
        return ""
    return f"{found.st_size}:{found.st_mtime_ns}"


@cache
def library_stamp() -> str:
    """Digest that changes with tangle's own code: sizes and times of its files."""
    top = Path(__file__).resolve().parents[1]
    found: list[tuple[str, str]] = []
    for folder, folders, names in os.walk(top):
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        paths = (os.path.join(folder, name) for name in sorted(names))  # noqa: PTH118 -- quick
        found.extend((path, edit_stamp(path)) for path in paths)
    return hashlib.sha256(repr(found).encode("utf-8", "surrogateescape")).hexdigest()


def folder_identity(folder: Path) -> str | None:
    """What tells a folder from every other, on this machine only; None where there is none."""
    try:
        status = folder.stat()
    except OSError:
        return None
    return f"{folder}:{status.st_dev}:{status.st_ino}"
