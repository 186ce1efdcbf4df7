"""Describe the file system that a folder is on, without writing to it."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from pathlib import Path
from typing import Final

from msgspec import Struct

from tangle.store.graph import page_files

_NETWORK: Final = frozenset(
    {
        *("9p", "afpfs", "afs", "beegfs", "ceph", "cifs", "davfs", "drvfs", "fuse.glusterfs"),
        *("fuse.rclone", "fuse.s3fs", "fuse.sshfs", "glusterfs", "gpfs", "lustre", "ncpfs", "nfs"),
        *("nfs4", "prl_fs", "smb2", "smb3", "smbfs", "vboxsf", "virtiofs", "vmhgfs", "webdav"),
    }
)
"""Types of file systems whose files are on another machine, or with the host of this one."""


class FileSystem(Struct, frozen=True, kw_only=True):
    """What matters to tangle of the file system that a folder is on.

    Attributes:
        type: as the system calls it, such as `ext4`; empty if it does not say.
        is_remote: whether the files are on another machine, or with the host of a virtual one.
        ignores_case: whether `a.md` and `A.md` are one file.
        fsync_fault: why a save cannot be forced to the disk; empty if it can.
        free: bytes that this user may still write.
        inodes: files that may still be created; None where there is no such limit.
    """

    type: str
    is_remote: bool
    ignores_case: bool
    fsync_fault: str
    free: int
    inodes: int | None


def file_system(folder: Path) -> FileSystem:
    """Describe the file system of a folder, or of the nearest one above that exists.

    Raises:
        OSError: it does not answer.
    """
    there = next(each for each in (folder, *folder.parents) if each.is_dir()).resolve()
    kind = _type(there)
    return FileSystem(
        type=kind,
        is_remote=kind in _NETWORK or str(there).startswith("\\\\"),
        ignores_case=_ignores_case(there),
        fsync_fault=_fsync_fault(there),
        free=shutil.disk_usage(there).free,
        inodes=_inodes(there),
    )


def newest_page(graph: Path) -> float:
    """Return when a page of a graph was saved last, in seconds since the epoch; 0 if it has none.

    Raises:
        NotReadable: the graph's folder cannot be listed.
    """
    newest = 0.0
    for path in page_files(graph):
        with contextlib.suppress(OSError):  # removed meanwhile
            newest = max(newest, (graph / path).stat().st_mtime)
    return newest


def _type(folder: Path) -> str:
    import psutil

    mounts = {each.mountpoint: each.fstype for each in psutil.disk_partitions(all=True)}
    above = (str(each) for each in (folder, *folder.parents))
    return next((mounts[each] for each in above if each in mounts), "").lower()


def _ignores_case(folder: Path) -> bool:
    """Whether a folder, or one above it, is also found by its name in the other case."""
    for path in (folder, *folder.parents):
        other = path.with_name(path.name.swapcase()) if path.name else path
        if other != path:
            return other.exists() and other.samefile(path)
    return False


def _fsync_fault(folder: Path) -> str:
    if sys.platform == "win32":
        return ""  # no folder can be opened there
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        return error.strerror or str(error)
    return ""


def _inodes(folder: Path) -> int | None:
    if not hasattr(os, "statvfs"):
        return None
    status = os.statvfs(folder)
    return status.f_favail if status.f_files else None
