"""The calls to the operating system through which everything is written.

They come in through a Protocol so that a test can let any one of them fail.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from typing import TYPE_CHECKING, Protocol

from tangle.store import system

if TYPE_CHECKING:
    from pathlib import Path


class Files(Protocol):
    """The operations of a disk; each may raise OSError."""

    def open_new(self, path: Path) -> int:
        """Create a file that must not exist yet, readable by its owner only; its descriptor."""

    def write(self, descriptor: int, data: bytes) -> int:
        """Write some of the bytes; how many."""

    def fsync(self, descriptor: int) -> None:
        """Return when the file's content is on the disk."""

    def close(self, descriptor: int) -> None:
        """Close a descriptor."""

    def mode(self, path: Path, like: Path | None) -> None:
        """Give a file the mode (and owner, where allowed) of another, or that of a new file."""

    def read(self, path: Path) -> bytes | None:
        """The content of a file; None where none is."""

    def read_still(self, path: Path) -> bytes | None:
        """The content of a file; None where it is being written, or is no regular file."""

    def exchange(self, one: Path, other: Path) -> None:
        """Give each of two files the other's name, in one step; `UNSUPPORTED` where none is."""

    def replace(self, source: Path, target: Path) -> None:
        """Rename a file over another, in one step."""

    def unlink(self, path: Path) -> None:
        """Remove a file."""

    def fsync_folder(self, path: Path) -> None:
        """Return when the folder's names are on the disk."""

    def make_folder(self, path: Path) -> None:
        """Create one folder, whose parent exists."""

    def remove_folder(self, path: Path) -> None:
        """Remove an empty folder."""


class Disk:
    """The real disk."""

    def open_new(self, path: Path) -> int:
        """Create a file that must not exist yet."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        return os.open(path, flags | getattr(os, "O_CLOEXEC", 0), 0o600)

    def write(self, descriptor: int, data: bytes) -> int:
        """Write some of the bytes."""
        return os.write(descriptor, data)

    def fsync(self, descriptor: int) -> None:
        """Flush a file to the disk."""
        os.fsync(descriptor)

    def close(self, descriptor: int) -> None:
        """Close a descriptor."""
        os.close(descriptor)

    def mode(self, path: Path, like: Path | None) -> None:
        """Copy mode and, where this user may, owner; a new file gets what the umask leaves."""
        if like is None:
            path.chmod(0o666 & ~_umask())
            return
        status = like.stat()
        if hasattr(os, "chown"):
            _give(path, status.st_uid, status.st_gid)
        path.chmod(stat.S_IMODE(status.st_mode))
        _copy_attributes(like, path)

    def read(self, path: Path) -> bytes | None:
        """The content of a file; None where none is."""
        try:
            # A FIFO would block, and a device may do anything when it is opened.
            if not stat.S_ISREG(path.stat().st_mode):
                raise OSError(errno.EINVAL, "not a regular file")
            return path.read_bytes()
        except FileNotFoundError:
            return None

    def read_still(self, path: Path) -> bytes | None:
        """Return the content of a file that no program is writing."""
        return system.read_still(path)

    def exchange(self, one: Path, other: Path) -> None:
        """Exchange the names of two files."""
        system.exchange(one, other)

    def replace(self, source: Path, target: Path) -> None:
        """Rename over another."""
        source.replace(target)

    def unlink(self, path: Path) -> None:
        """Remove a file."""
        path.unlink()

    def fsync_folder(self, path: Path) -> None:
        """Flush the names in a folder, where the system lets one open folders."""
        if not hasattr(os, "O_DIRECTORY"):
            return
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def make_folder(self, path: Path) -> None:
        """Create one folder."""
        path.mkdir()

    def remove_folder(self, path: Path) -> None:
        """Remove an empty folder."""
        path.rmdir()


def _give(path: Path, owner: int, group: int) -> None:
    """Give a file an owner and a group, or the group alone, as far as this user may.

    Only root may give files away; others keep their own name on it, as editors do.
    """
    try:
        os.chown(path, owner, group)
    except PermissionError:
        with contextlib.suppress(PermissionError):
            os.chown(path, -1, group)


def _copy_attributes(source: Path, target: Path) -> None:
    """Copy a file's extended attributes (access lists, a sync client's marks), where there are."""
    if not hasattr(os, "listxattr"):
        return
    with contextlib.suppress(OSError):
        for name in os.listxattr(source):
            with contextlib.suppress(OSError):
                os.setxattr(target, name, os.getxattr(source, name))


def _umask() -> int:
    # There is no way to read it but to set it; two threads doing so put back the same value.
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


DISK = Disk()
