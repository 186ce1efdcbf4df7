"""Errors: a file cannot be read or written, or must not be."""

from __future__ import annotations

import contextlib
import errno
import os
from typing import TYPE_CHECKING

from tangle.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_WAYS_OUT = {
    errno.ENOSPC: "make room on the disk and try again",
    errno.EDQUOT: "make room in your quota and try again",
    errno.EACCES: "give yourself the right to it and try again",
    errno.EPERM: "give yourself the right to it and try again",
    errno.EROFS: "make the file system writable and try again",
    errno.EIO: "check the disk and try again",
    errno.ENOENT: "check that the file and its folder are still there",
    errno.ENOTDIR: "move the file that stands where a folder is needed",
    errno.ENAMETOOLONG: "give it a shorter name",
}


def way_out(error: OSError) -> str:
    """Return what a person can do about an error of the operating system."""
    return _WAYS_OUT.get(error.errno or 0, "put that right and try again")


def reason(error: OSError) -> str:
    """Return the operating system's message for an error, without the path in it."""
    return (error.strerror or os.strerror(error.errno or 0)).lower()


class NotReadable(Refused):
    """A file cannot be read.

    Attributes:
        path: the file.
        why: one line.
    """

    def __init__(self, path: Path, why: str, hint: str) -> None:
        """Say which file, why, and what to do about it."""
        super().__init__(f"{path}: cannot be read: {why}; {hint}")
        self.path = path
        self.why = why


class NotWritable(Refused):
    """A file or folder cannot be written; it is unchanged.

    Attributes:
        path: the file or folder.
        why: one line.
    """

    def __init__(self, path: Path, error: OSError) -> None:
        """Say which file, why, and what to do about it."""
        self.path = path
        self.why = reason(error)
        super().__init__(f"{path}: cannot be written: {self.why}; {way_out(error)}")


@contextlib.contextmanager
def refusing(path: Path) -> Iterator[None]:
    """Turn errors of the operating system into `NotWritable`."""
    try:
        yield
    except OSError as error:
        raise NotWritable(path, error) from error


class Changed(Refused):
    """A file is no longer what was read, so that writing it would lose the user's work."""

    def __init__(self, path: Path, what: str = "was changed by another program meanwhile") -> None:
        """Say which file and what became of it."""
        self.path = path
        super().__init__(f"{path}: {what}; nothing was written, run the command again")


class InUse(Changed):
    """Another program is using a page, so that it must not be replaced now.

    Attributes:
        why: what that program does, as said of the page: `is open for writing in another program`.
    """

    def __init__(self, path: Path, why: str = "is open for writing in another program") -> None:
        """Name the page and what is in the way."""
        self.why = why
        super().__init__(path, why)


class Unfinished(Refused):
    """A page was exchanged, but the system refused to check the old text or to put it back.

    Attributes:
        draft: where what came out is; it may be what the user saved last.
    """

    def __init__(self, path: Path, draft: Path, error: OSError) -> None:
        """Say which page, where its last text may be, and what to do about it."""
        self.path = path
        self.draft = draft
        super().__init__(
            f"{path}: was being replaced when the system failed: {reason(error)}; "
            f"a text that was saved meanwhile is in {draft}, and the next run puts it back; "
            f"{way_out(error)}"
        )


class Outside(Refused):
    """A path leads out of the folder that it should stay in."""

    def __init__(self, path: Path | str, root: Path, why: str) -> None:
        """Say which path, why it leads out, and of what."""
        self.path = path
        self.root = root
        super().__init__(f"{path}: {why}; move it so that it lies in {root}")


class ForeignFile(Refused):
    """Files that tangle did not write are in the way; nothing was written."""

    def __init__(self, paths: Sequence[Path]) -> None:
        """Name every such file."""
        self.paths = tuple(paths)
        shown = ", ".join(str(path) for path in self.paths)
        super().__init__(
            f"{shown}: not written by tangle, but in its way; move it or choose a different output"
        )


class Locked(Refused):
    """Another tangle works on the same project.

    Attributes:
        pid: the process that holds the lock, where it said so.
    """

    def __init__(self, path: Path, pid: int | None) -> None:
        """Say which lock, and who holds it."""
        self.path = path
        self.pid = pid
        holder = "another tangle" if pid is None else f"another tangle (process {pid})"
        super().__init__(f"{path}: {holder} works on this project; wait for it or end it")
