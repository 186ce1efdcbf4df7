"""How much memory a worker and what it started hold, how much they may, and when to look again.

Read from `/proc`; where the system has none, nothing is known and no limit is kept. psutil finds a
process's descendants by reading all processes, twenty times as slowly, and does not say how much of
a process's memory is in shared files.

The system's own limits would not do. `RLIMIT_AS` and `RLIMIT_DATA` count what is reserved, of which
CUDA and allocators have many times what they use, and each process for itself; a control group
needs rights that few users have. So the parent looks, the oftener the nearer the limit is. Should
something grow quicker than that, the kernel ends the worker before any other process, since it
runs with the highest `oom_score_adj`.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Collection, Container, Iterable, Iterator
from pathlib import Path

from tangle.engine.control_groups import first_number, group_memory, memory_limit_files
from tangle.model import SIZE

_UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}

_GROWTH = 8 * 2**30
"""Bytes that a few processes can fill in a second."""

_SELDOM, _OFTEN = 0.5, 0.002
"""Seconds between looks, far from the limit and next to it."""

_SHARED_PAUSE = 0.02
"""The same where shared memory keeps the sum above the limit: the exact figure costs more."""

_SWEEP = 2.0
"""Seconds between searches of all processes for those that have left the worker's tree."""

_PAGE = os.sysconf("SC_PAGE_SIZE")

_BLOCK = 512
"""Bytes of what `st_blocks` counts."""

_SHARED_FOLDER, _REMOVED = "/dev/shm/", " (deleted)"


def memory_limit(text: str, total: int) -> int | None:
    """Bytes that a size stands for; None for no limit.

    Args:
        text: as `SIZE` has it.
        total: bytes of the machine's memory; 0 where that is not known.

    Raises:
        ValueError: it is no size.
    """
    found = SIZE.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is no size: 2G, 500M, 90% of the memory, or 0 for no limit")
    if found[3] is not None:
        limit = total * int(found[3]) // 100
    else:
        limit = int(float(found[1]) * _UNITS[found[2].upper()])
    return limit or None


def shown_size(count: int) -> str:
    """A number of bytes for people: `1.5 GiB`, `500 MiB`, `3 KiB`."""
    for unit, size in (("GiB", 2**30), ("MiB", 2**20)):
        if count >= size:
            return f"{round(count / size, 1):g} {unit}"
    return f"{round(count / 2**10, 1):g} KiB"


def total_memory() -> int:
    """Bytes of memory that this process could have: the machine's, or its control group's."""
    known = [group_memory()]
    with contextlib.suppress(ValueError, OSError):
        known.append(os.sysconf("SC_PHYS_PAGES") * _PAGE)
    return min((number for number in known if number), default=0)


def free_memory() -> int:
    """Bytes of memory that could still be had, by the machine and by its control groups."""
    import psutil

    found = [total_memory(), psutil.virtual_memory().available]
    for path in map(Path, memory_limit_files()):
        if path.name == "memory.max" and (limit := first_number(str(path))):
            used = first_number(str(path.with_name("memory.current")))
            found.append(limit - used + _file_pages(path.with_name("memory.stat")))
    return max(0, min(found))


def _file_pages(statistics: Path) -> int:
    """Bytes of a control group's memory that only repeat what files hold."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        return int(statistics.read_text().split("inactive_file ")[1].split()[0])
    return 0


def descendants(pid: int, *, without: Container[int] = ()) -> list[int]:
    """A process and all that were started below it and have not been orphaned, parents first.

    Args:
        pid: the process.
        without: others that do not count, with all below them.
    """
    found = [pid]
    for parent in found:
        for path in Path(f"/proc/{parent}/task").glob("*/children"):
            with contextlib.suppress(OSError):
                children = map(int, path.read_text().split())
                found += [child for child in children if child not in without]
    return found


def resident(pid: int) -> int:
    """Bytes that a process holds, what it shares with others included; 0 where it is gone."""
    try:
        with open(f"/proc/{pid}/statm", "rb") as file:  # noqa: PTH123 -- many times a second
            return int(file.read().split()[1]) * _PAGE
    except (OSError, ValueError, IndexError):
        return 0


def proportional(pid: int) -> int:
    """Bytes that a process holds, of what is shared its part only; 0 where it is gone."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
        return int(text.split("\nPss:")[1].split()[0]) * 1024
    except (OSError, ValueError, IndexError):
        return resident(pid)


def shared(pid: int) -> int:
    """Bytes of shared memory among those that `proportional` counts; 0 where that is not known."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
        return int(text.split("\nPss_Shmem:")[1].split()[0]) * 1024
    except (OSError, ValueError, IndexError):
        return 0


class MemoryFiles:
    """Files in memory that a session's processes hold: `memfd_create`, and those in `/dev/shm`.

    What is written to them is in no process's resident memory, unless it is mapped too. A file in
    `/dev/shm` that was seen open counts until it is removed.
    """

    def __init__(self) -> None:
        """Knows of none yet."""
        self._named: dict[str, tuple[int, int]] = {}

    def held(self, processes: Iterable[int]) -> int:
        """Bytes of memory that the files of some processes take."""
        sizes: dict[tuple[int, int], int] = {}
        for path, key in list(self._named.items()):
            status = _status(path)
            if status is None or (status.st_dev, status.st_ino) != key:
                del self._named[path]
            else:
                sizes[key] = status.st_blocks * _BLOCK
        for pid in processes:
            for path, link in _open_in_memory(pid):
                status = _status(path)
                if status is not None:
                    key = status.st_dev, status.st_ino
                    sizes[key] = status.st_blocks * _BLOCK
                    if link.startswith(_SHARED_FOLDER) and not link.endswith(_REMOVED):
                        self._named[link] = key
        return sum(sizes.values())


def _open_in_memory(pid: int) -> Iterator[tuple[str, str]]:
    """The files in memory that a process has open: where to look at each, and what it is called."""
    folder = f"/proc/{pid}/fd"
    try:
        numbers = os.listdir(folder)  # noqa: PTH208 -- many times a second
    except OSError:
        return
    for number in numbers:
        path = f"{folder}/{number}"
        with contextlib.suppress(OSError):
            link = os.readlink(path)  # noqa: PTH115
            if link.startswith(("/memfd:", _SHARED_FOLDER)):
                yield path, link


def _status(path: str) -> os.stat_result | None:
    try:
        return os.stat(path)  # noqa: PTH116
    except OSError:
        return None


def pause(room: int) -> float:
    """Seconds until the next look, where so many bytes are left up to the limit."""
    return min(max(room / _GROWTH, _OFTEN), _SELDOM)


class MemoryWatch:
    """Looks at how much a worker's processes hold, as often as it takes.

    What counts is what they add to the machine's load: memory that is shared among them, or with
    the process that they were forked from, counts in parts; files in memory count too. As that is
    slow to find out, it is done only where the quick sum, in which shared memory counts in full
    each time, is above the limit.
    """

    def __init__(
        self,
        pid: int,
        limit: int | None,
        orphans: Callable[[], Iterable[int]],
        clock: Callable[[], float] = time.monotonic,
        *,
        spared: Container[int] = (),
    ) -> None:
        """Looks for the first time when `due` has come.

        Args:
            pid: the worker.
            limit: bytes that may be held; None for any number.
            orphans: finds the worker's processes wherever they have moved; slow.
            clock: tells the seconds.
            spared: processes below it that do not count; more may come into it.
        """
        self._pid = pid
        self._limit = limit
        self._orphans = orphans
        self._spared = spared
        self._clock = clock
        self._moved: tuple[int, ...] = ()
        self._files = MemoryFiles()
        self._swept = clock()
        self.due = clock() + pause(limit or _GROWTH)
        self.held = 0
        self.outgrown = False

    def look(self) -> bool:
        """Looks, if it is time to; whether it has."""
        now = self._clock()
        if now < self.due:
            return False
        if now - self._swept >= _SWEEP:
            self._moved = tuple(pid for pid in self._orphans() if pid not in self._spared)
            self._swept = now
        processes = dict.fromkeys(descendants(self._pid, without=self._spared))
        for pid in self._moved:
            processes.update(dict.fromkeys(descendants(pid, without=self._spared)))
        in_files = self._files.held(processes)
        self.held = sum(map(resident, processes)) + in_files
        wait = _SELDOM
        if self._limit is not None:
            room = self._limit - self.held
            if room < 0:
                room = self._limit - self._exactly(processes, in_files)
                self.outgrown = room < 0
            wait = max(pause(room), _SHARED_PAUSE if self.held > self._limit else 0.0)
        self.due = self._clock() + wait
        return True

    def _exactly(self, processes: Collection[int], in_files: int) -> int:
        """Bytes, each counted once: what is mapped of files in memory is among what they take."""
        mapped = sum(map(shared, processes)) if in_files else 0
        return sum(map(proportional, processes)) - mapped + max(mapped, in_files)
