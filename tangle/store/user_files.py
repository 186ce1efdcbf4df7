"""Folders and files that the user named, outside the graph."""

from __future__ import annotations

import errno
import os
import shutil
from typing import TYPE_CHECKING

from tangle.store.atomic_replace import put
from tangle.store.errors import NotWritable, refusing
from tangle.store.files import DISK

if TYPE_CHECKING:
    from pathlib import Path


def check_writable(folder: Path) -> None:
    """See whether files can be put into a folder, as far as can be known without trying.

    Raises:
        NotWritable: they cannot.
    """
    if os.access(folder, os.W_OK | os.X_OK):
        return
    read_only = bool(os.statvfs(folder).f_flag & os.ST_RDONLY) if folder.exists() else False
    code = errno.EROFS if read_only else errno.EACCES
    raise NotWritable(folder, OSError(code, os.strerror(code)))


def remove_file(path: Path) -> None:
    """Remove a file, if it is there.

    Raises:
        NotWritable: it cannot be removed.
    """
    with refusing(path):
        path.unlink(missing_ok=True)


def copy_into(path: Path, folder: Path) -> None:
    """Copy a file into a folder, unless a copy of the same size and time is there.

    Args:
        path: of the file.
        folder: for the copy; it is created if it is missing.

    Raises:
        NotWritable: the folder cannot be written.
    """
    target, status = folder / path.name, path.stat()
    with refusing(target):
        known = target.stat() if target.exists() else None
        facts = (status.st_size, status.st_mtime_ns)
        if known is None or (known.st_size, known.st_mtime_ns) != facts:
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, target)


def write_file(path: Path, data: bytes) -> None:
    """Write a file that the user named, whole or not at all.

    Args:
        path: of the file.
        data: its new content.

    Raises:
        NotWritable: it cannot be written; what stood there still does.
    """
    with refusing(path):
        put(path, data, DISK)


def move_file(path: Path, target: Path) -> None:
    """Give a file another name in its folder.

    Args:
        path: of the file.
        target: where nothing must be.

    Raises:
        NotWritable: something is there, or the operating system refuses; the file has its name.
    """
    with refusing(target):
        os.link(path, target)  # fails where something is there, unlike a rename
        path.unlink()
