"""What forks of a session read, write and start, reported to the process that runs it.

Data loaders read their files in forks. These report through a file in memory that all of them have;
they append to it, and the session reads it when it needs to know. The file's first page is shared
memory: a fork that has closed its descriptors, as terminals' do before they start a program, can
still say there that what it does is unseen.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import mmap
import os
from collections.abc import Iterator
from typing import Any, Final

from tangle.engine.memory_file import memory_file
from tangle.engine.worker.high_fd import lift

MEMORY: Final = "/memfd:tangle-forks"
"""How the memory that is shared with forks is called among a process's maps."""

# The notes may replace any of these.
_getpid, _write, _fstat = os.getpid, os.write, os.fstat


class Forks:
    """The session's side of the file, and that of its forks.

    Attributes:
        possible: whether there is such a file.
    """

    def __init__(self) -> None:
        """Takes this process for the session's."""
        self._pid = _getpid()
        self._heard = mmap.PAGESIZE
        try:
            self._file = lift(_made())
        except OSError:
            self._file = -1
        self.possible = self._file >= 0
        self._shared = mmap.mmap(self._file, mmap.PAGESIZE)

    def begin_anew(self) -> None:
        """Takes this process for the session's from here on: it was a copy of it.

        Forks of other runs still report to those; this process has a new file, under the same
        number.
        """
        self._pid = _getpid()
        self._heard = mmap.PAGESIZE
        before = self.unseen
        if self.possible:
            made = _made()
            os.dup2(made, self._file, inheritable=False)
            os.close(made)
        self._shared.close()
        self._shared = mmap.mmap(self._file, mmap.PAGESIZE)
        if before:
            self.hide()

    @property
    def is_fork(self) -> bool:
        """Whether this process is not the session's own."""
        return _getpid() != self._pid

    @property
    def unseen(self) -> bool:
        """Whether the session or a fork has done what cannot be seen."""
        return self._shared[0] != 0

    def hide(self) -> None:
        """Says that this process does what cannot be seen."""
        self._shared[0] = 1

    def tell(self, *facts: Any) -> None:
        """Reports something, in a fork; facts are JSON's values."""
        line = json.dumps(facts).encode("ascii") + b"\n"
        try:
            _write(self._file, line)
        except OSError:  # closed by the notes
            self.hide()

    def news(self) -> Iterator[list[Any]]:
        """What forks have reported since the last call, in the session's process."""
        if not self.possible:
            return
        try:
            size = _fstat(self._file).st_size
            data = os.pread(self._file, size - self._heard, self._heard)
        except OSError:  # closed by the notes
            self.hide()
            return
        whole = data[: data.rfind(b"\n") + 1]
        self._heard += len(whole)
        for line in whole.splitlines():
            with contextlib.suppress(ValueError):
                yield json.loads(line)


def _made() -> int:
    file = memory_file(MEMORY.partition(":")[2])
    os.ftruncate(file, mmap.PAGESIZE)
    fcntl.fcntl(file, fcntl.F_SETFL, os.O_APPEND)  # else forks write over each other's lines
    return file
