"""One tangle at a time writes to a project, and one to a graph."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import time
from typing import TYPE_CHECKING

from tangle import STATE_FOLDER
from tangle.activity import step
from tangle.store.errors import Locked, NotWritable
from tangle.store.state_folder import make_folders
from tangle.store.symlink_guard import check_links

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_NO_LOCKS = frozenset({errno.ENOLCK, errno.EOPNOTSUPP, errno.EINVAL})

_PAUSE = 0.02
"""Seconds between two tries for a folder's lock."""

_LOOK = 0.2
"""Seconds after which waiting for the project's lock is reported."""

_WAITING = "waiting for another tangle"


@contextlib.contextmanager
def lock(
    project: Path, *, notes: Path | None = None, timeout: float = 2.0, name: str = "lock"
) -> Iterator[None]:
    """Hold the project's lock, `.tangle/lock`; the system drops it when the holder dies.

    Args:
        project: the folder that the lock is for.
        notes: the graph, where it is to be written to. Two projects may have one graph (another
            configuration, another `--output`), so it has a lock of its own.
        timeout: seconds to wait for another holder.
        name: of the lock's file; each is a lock on its own.

    Raises:
        Locked: another process (or this one, elsewhere) holds it.
        Outside: the folder or a file in it is a link that leads out of the project.
        NotWritable: the lock's file cannot be created.
    """
    with contextlib.ExitStack() as held:
        held.enter_context(_lock_project(project, timeout, name))
        if notes is not None:
            held.enter_context(_lock_folder(notes, timeout))
        yield


@contextlib.contextmanager
def _lock_project(project: Path, timeout: float, name: str) -> Iterator[None]:
    folder = project / STATE_FOLDER
    path = folder / name
    # Each attempt to take the lock empties its own file, so the holder signs beside it.
    holder = folder / ("holder" if name == "lock" else f"{name}-holder")
    for file in (path, holder):
        check_links(file, project)
    try:
        folder.mkdir(exist_ok=True)  # a project that is not there is not made
        make_folders(folder)
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
        taken()


if sys.platform == "win32":

    @contextlib.contextmanager
    def _lock_folder(folder: Path, timeout: float) -> Iterator[None]:
        """Windows locks no folder; the project's lock is all there is."""
        del folder, timeout
        yield

    def _shares(descriptor: int) -> bool:
        """Windows would need a byte of the file to lock: nothing is known."""
        del descriptor
        return True

else:
    import fcntl

    @contextlib.contextmanager
    def _lock_folder(folder: Path, timeout: float) -> Iterator[None]:
        """Hold a lock on a folder itself, so that no file of ours need stand in it."""
        try:
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise NotWritable(folder, error) from error
        try:
            end = time.monotonic() + timeout
            while not _locked(descriptor):
                if time.monotonic() >= end:
                    raise Locked(folder, None)
                step(_WAITING)
                time.sleep(_PAUSE)
            yield
        finally:
            os.close(descriptor)

    def _locked(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            return True  # a file system without such locks (some of the network) has this one less
        return True

    def _shares(descriptor: int) -> bool:
        """Whether a file can be locked for reading now: no process holds it for writing."""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            return True
        return True


def held_lock(project: Path) -> Locked | None:
    """Return the refusal that a command would get now; None if the project's lock is free.

    No file is created, and a command that tries for the lock meanwhile waits for milliseconds.

    Raises:
        OSError: the lock's file cannot be opened.
    """
    path = project / STATE_FOLDER / "lock"
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))  # not for a pipe
    except FileNotFoundError:
        return None
    try:
        free = _shares(descriptor)
    finally:
        os.close(descriptor)
    return None if free else Locked(path, _read_pid(path.with_name("holder")))


def _acquire(path: Path, timeout: float) -> Callable[[], object] | None:
    """What gives the lock up again; None where another process holds it.

    A file system without such locks (some of the network) has this one less: what is written is
    still compared with what was read.
    """
    import filelock

    held = filelock.FileLock(path, thread_local=False)
    end = time.monotonic() + timeout
    try:
        while True:
            try:
                held.acquire(timeout=min(timeout, _LOOK))
                break
            except filelock.Timeout:
                if time.monotonic() >= end:
                    return None
                step(_WAITING)
    except RuntimeError:
        return None  # filelock's word for a lock that this very thread holds already
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
        return lambda: None
    return held.release


def _drop_other_names(path: Path) -> None:
    """Remove a lock's file that has another name as well: the lock empties it."""
    if path.is_file() and path.stat().st_nlink > 1:
        path.unlink()


def _read_pid(path: Path) -> int | None:
    try:
        return int(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
