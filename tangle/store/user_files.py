"""Folders and files that the user named, outside the graph."""

from __future__ import annotations

import errno
import os
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


def write_file(path: Path, data: bytes) -> None:
    """Write a file that the user named, whole or not at all.

    Raises:
        NotWritable: it cannot be written; what stood there still does.
    """
    with refusing(path):
        put(path, data, DISK)
