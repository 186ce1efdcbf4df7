"""Files that are open or mapped without an audit event: C and C++ code may open them."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator
from typing import Final

from tangle.engine.tracking.audit_log import AuditLog

_MAPPED: Final = re.compile(rb"^\S+ (...)\S \S+ \S+ [1-9]\d* +(/.*)$", re.MULTILINE)
"""The rights to a part of a file that is mapped, and the file."""
_BUFFER: Final = 1 << 16

# As they are before the session's questions are watched: this asks at the end of each cell.
_open, _read, _close, _readlink = os.open, os.read, os.close, os.readlink


class OpenNow:
    """The files that the process has open or mapped at the end of a cell.

    To list what is mapped takes a millisecond where torch is loaded. So that is done only where the
    amount of memory is not what it was, or where data are mapped already, in whose place others may
    stand. Within one cell, a file could still take the place of just as much memory of the same
    kind: `check` sees that at the session's end, and then no result is kept.
    """

    def __init__(self, log: AuditLog) -> None:
        """Takes what is open now for tangle's own."""
        self._log = log
        self._sizes = _sizes()
        self._first = frozenset(_mapped())
        self._known = {*_opened(), *self._first}
        self._has_data = False

    def begin_anew(self) -> None:
        """Goes on in a copy of the process; it has open what the process had."""

    def tell(self) -> None:
        """Tells the log of the files that it does not know."""
        found = [*self._unknown(_opened())]
        sizes = _sizes()
        if self._has_data or not sizes or sizes != self._sizes:
            self._sizes = sizes
            mapped = _mapped()
            self._has_data = not mapped <= self._first
            found += self._unknown(mapped)
        for path in found:
            self._log.read_below(path, wrote=False, sure=True)

    def check(self) -> None:
        """Hides the session where a file is mapped that `tell` did not tell of."""
        if any(self._unknown(_mapped())):
            self._log.hide("a file was mapped below Python, and it is not known when")

    def _unknown(self, paths: Iterable[str]) -> Iterator[str]:
        """Of these, the files that the log does not know; each once."""
        for path in paths:
            if path not in self._known:
                self._known.add(path)
                if os.path.isfile(path) and not self._log.knows(path):  # noqa: PTH113 -- quicker
                    yield path


def _opened() -> Iterator[str]:
    if sys.platform == "linux":
        for name in os.listdir("/proc/self/fd"):  # noqa: PTH208 -- quicker
            try:
                path = _readlink(f"/proc/self/fd/{name}")
            except OSError:  # the one that listed them
                continue
            if path.startswith("/"):
                yield path


def _mapped() -> set[str]:
    """Files with data: those with code are libraries."""
    found = _MAPPED.findall(_content("/proc/self/maps"))
    code = {path for rights, path in found if b"x" in rights}
    return {os.fsdecode(path) for _, path in found if path not in code}


def _sizes() -> tuple[bytes, ...]:
    """How many pages are mapped, and how many of them hold the process's own data."""
    return tuple(_content("/proc/self/statm").split()[:6:5])


def _content(path: str) -> bytes:
    """The content of a file of `/proc`; empty if the system has no such file."""
    try:
        file = _open(path, os.O_RDONLY)
    except OSError:
        return b""
    try:
        return b"".join(iter(lambda: _read(file, _BUFFER), b""))
    finally:
        _close(file)
