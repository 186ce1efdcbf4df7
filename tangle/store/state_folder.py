"""The folder `.tangle`, which holds what nobody commits: it tells git so itself."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

LOCK_FOLDER = ".tangle"
_IGNORE_ALL = b"# Made by tangle: nothing here belongs into a repository.\n*\n"


def make_folders(folder: Path) -> None:
    """Make a folder and those above it, where they are not there.

    Where it is `.tangle` or lies in it, a `.gitignore` goes into that, unless something is there.

    Raises:
        OSError: the folder cannot be made.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for at in (folder, *folder.parents[:2]):
        if at.name == LOCK_FOLDER and not at.is_symlink():
            # The state is of use without it, so that a failure is none.
            with contextlib.suppress(OSError):
                _ignore_itself(at / ".gitignore")


def _ignore_itself(path: Path) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    descriptor = os.open(path, flags, 0o666)
    try:
        os.write(descriptor, _IGNORE_ALL)
    finally:
        os.close(descriptor)
