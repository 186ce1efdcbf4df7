"""Facts about the machine's files that results depend on."""

from __future__ import annotations

import errno
import hashlib
import os
from functools import cache
from pathlib import Path

from tangle.store.atomic_replace import put
from tangle.store.errors import NotWritable, refusing
from tangle.store.files import DISK
from tangle.store.state_folder import make_folders


def edit_stamp(path: str) -> str:
    """Size and time of a file, which an edit changes; empty where there is none."""
    try:
        found = os.stat(path)  # noqa: PTH116 -- quicker
    except (OSError, ValueError):
        return ""
    return f"{found.st_size}:{found.st_mtime_ns}"


@cache
def library_stamp() -> str:
    """Digest that changes with tangle's own code: sizes and times of its files."""
    top = Path(__file__).resolve().parents[1]
    found = []
    for folder, folders, names in os.walk(top):
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        for name in sorted(names):
            status = os.stat(os.path.join(folder, name))  # noqa: PTH116, PTH118 -- quick
            found.append((folder, name, status.st_size, status.st_mtime_ns))
    return hashlib.sha256(repr(found).encode("utf-8", "surrogateescape")).hexdigest()


def folder_identity(folder: Path) -> str | None:
    """What tells a folder from every other, on this machine only; None where there is none."""
    try:
        status = folder.stat()
    except OSError:
        return None
    return f"{folder}:{status.st_dev}:{status.st_ino}"


def accelerators() -> tuple[str, ...]:
    """The device files of accelerators that this machine shows, sorted."""
    names = ("nvidia[0-9]*", "dxg", "kfd")
    return tuple(sorted(str(path) for name in names for path in Path("/dev").glob(name)))


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


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, where they are not there; `.tangle` ignores itself in git.

    Raises:
        NotWritable: that cannot be.
    """
    with refusing(folder):
        make_folders(folder)


def write_file(path: Path, data: bytes) -> None:
    """Write a file that the user named, whole or not at all.

    Raises:
        NotWritable: it cannot be written; what stood there still does.
    """
    with refusing(path):
        put(path, data, DISK)
