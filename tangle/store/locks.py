"""One tangle at a time writes to a project."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from tangle.store.errors import Locked, NotWritable
from tangle.store.links import check_links

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import filelock

LOCK_FOLDER = ".tangle"


@contextlib.contextmanager
def lock(project: Path, *, timeout: float = 2.0) -> Iterator[None]:
    """Hold the project's lock, `.tangle/lock`; the system drops it when the holder dies.

    Args:
        project: the folder that the lock is for.
        timeout: seconds to wait for another holder.

    Raises:
        Locked: another process (or this one, elsewhere) holds it.
        Outside: the folder or a file in it is a link that leads out of the project.
        NotWritable: the lock's file cannot be created.
    """
    folder = project / LOCK_FOLDER
    path = folder / "lock"
    # The lock's own file is emptied by whoever tries for it, so that the holder signs beside it.
    holder = folder / "holder"
    for file in (path, holder):
        check_links(file, project)
    try:
        folder.mkdir(exist_ok=True)
        _drop_other_names(path)
        taken = _acquire(path, timeout)
    except OSError as error:
        raise NotWritable(path, error) from error
    if taken is None:
        raise Locked(path, _read_pid(holder))
    try:
        with contextlib.suppress(OSError):
            holder.unlink(missing_ok=True)
            with holder.open("x", encoding="ascii") as signed:
                signed.write(f"{os.getpid()}\n")
        yield
    finally:
        with contextlib.suppress(OSError):
            holder.unlink(missing_ok=True)
        taken.release()


def _acquire(path: Path, timeout: float) -> filelock.BaseFileLock | None:
    import filelock

    held = filelock.FileLock(path, timeout=timeout, thread_local=False)
    try:
        held.acquire()
    except filelock.Timeout:
        return None
    except RuntimeError:
        return None  # filelock's word for a lock that this very thread holds already
    return held


def _drop_other_names(path: Path) -> None:
    """Take away a lock's file that is, under another name, somebody's: the lock empties it."""
    if path.is_file() and path.stat().st_nlink > 1:
        path.unlink()


def _read_pid(path: Path) -> int | None:
    try:
        return int(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
