"""Temporary folders of a command; those of killed commands are removed, too."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_PREFIX: Final = "tangle-run-"


class ScratchFolder:
    """A new folder that is this process's alone, until it is closed.

    Attributes:
        path: absolute, for processes with any working directory.
    """

    def __init__(self) -> None:
        """Makes it.

        Raises:
            OSError: it cannot be made.
        """
        made = _make()
        while made is None:  # another command took it for an abandoned one
            made = _make()
        self.path, self._held = made

    def close(self) -> None:
        """Removes it, and what is in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        if self._held is not None:
            os.close(self._held)
            self._held = None


@contextlib.contextmanager
def scratch_folder() -> Iterator[Path]:
    """A new folder, removed at the end.

    Raises:
        OSError: it cannot be made.
    """
    folder = ScratchFolder()
    try:
        yield Path(folder.path)
    finally:
        folder.close()


def remove_abandoned() -> None:
    """Removes folders of this user's that commands left which were killed."""
    try:
        names = os.listdir(tempfile.gettempdir())  # noqa: PTH208 -- names are all that is wanted
    except OSError:
        return
    for name in names:
        if name.startswith(_PREFIX):
            _remove_if_abandoned(os.path.join(tempfile.gettempdir(), name))  # noqa: PTH118


def _make() -> tuple[str, int | None] | None:
    """A folder, and what holds it; None where it is gone again."""
    path = os.path.abspath(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))  # noqa: PTH100
    try:
        return path, _hold(path)
    except (BlockingIOError, FileNotFoundError):
        return None


def _remove_if_abandoned(path: str) -> None:
    owner = os.path.basename(path).removeprefix(_PREFIX).partition("-")[0]  # noqa: PTH119
    if not owner.isdigit() or _is_there(int(owner)):
        return
    with contextlib.suppress(OSError):  # held, gone, or another's
        status = os.lstat(path)
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid():
            return
        held = _hold(path)
        if held is not None:
            shutil.rmtree(path, ignore_errors=True)
            os.close(held)


def _is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    return True


if sys.platform == "win32":

    def _hold(path: str) -> int | None:
        """Windows locks no folder: none is taken for abandoned."""
        del path
        return None

else:
    import fcntl

    def _hold(path: str) -> int | None:
        """A descriptor that locks a folder as long as it is open; None where that cannot be.

        Raises:
            BlockingIOError: another process holds it.
            FileNotFoundError: it is not there.
        """
        held = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.lstat(path)  # it may have been removed before it was locked
        except (BlockingIOError, FileNotFoundError):
            os.close(held)
            raise
        except OSError:  # a file system without such locks
            os.close(held)
            return None
        return held
