"""Files that are open or mapped, though nobody saw how: C and C++ code has them from anywhere."""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tangle.engine.tracking.audit_log import AuditLog

_MAPPED: Final = re.compile(r"^\S+ (...)\S \S+ \S+ [1-9]\d* +(/.*)$", re.MULTILINE)
"""The rights to a part of a file that is mapped, and the file."""


class OpenNow:
    """The files that the process has open or mapped at the end of a cell."""

    def __init__(self, log: AuditLog) -> None:
        """Takes what is open now for tangle's own."""
        self._log = log
        self._known = set(_files())

    def begin_anew(self) -> None:
        """Goes on in a copy of the process; it has open what the process had."""

    def tell(self) -> None:
        """Tells the log of the files that it does not know."""
        for path in _files():
            if path not in self._known:
                self._known.add(path)
                if os.path.isfile(path) and not self._log.knows(path):  # noqa: PTH113 -- quicker
                    self._log.read_below(path, wrote=False, sure=True)


def _files() -> Iterator[str]:
    if sys.platform == "linux":
        yield from _open()
        yield from _mapped()


def _open() -> Iterator[str]:
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208 -- quicker
        with contextlib.suppress(OSError):  # the one that listed them
            if (path := os.readlink(f"/proc/self/fd/{name}")).startswith("/"):  # noqa: PTH115
                yield path


def _mapped() -> Iterator[str]:
    """Files with data: those with code are libraries."""
    maps = Path("/proc/self/maps").read_text(encoding="utf-8", errors="surrogateescape")
    found = _MAPPED.findall(maps)
    code = {path for rights, path in found if "x" in rights}
    yield from {path for _, path in found} - code
