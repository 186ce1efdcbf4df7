"""Disks that fail when a test wants them to."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from tangle.store import DISK

T = TypeVar("T")

CODES = (errno.ENOSPC, errno.EIO, errno.EACCES, errno.EROFS)


class FailingDisk:
    """A disk whose call number `at` fails, and with `lasting` every later one that writes."""

    def __init__(self, at: int, code: int, *, lasting: bool = False, piece: int = 1 << 20) -> None:
        self.at = at
        self.code = code
        self.lasting = lasting
        self.piece = piece
        self.calls: list[str] = []

    def _step(self, name: str, call: Callable[[], T]) -> T:
        self.calls.append(name)
        number = len(self.calls) - 1
        writes = name not in {"unlink", "close", "remove_folder", "read", "read_still"}
        if number == self.at or (self.lasting and number > self.at and writes):
            if name == "close":
                call()
            raise OSError(self.code, os.strerror(self.code))
        return call()

    def open_new(self, path: Path) -> int:
        return self._step("open_new", lambda: DISK.open_new(path))

    def write(self, descriptor: int, data: bytes) -> int:
        return self._step("write", lambda: DISK.write(descriptor, data[: self.piece]))

    def fsync(self, descriptor: int) -> None:
        self._step("fsync", lambda: DISK.fsync(descriptor))

    def close(self, descriptor: int) -> None:
        self._step("close", lambda: DISK.close(descriptor))

    def mode(self, path: Path, like: Path | None) -> None:
        self._step("mode", lambda: DISK.mode(path, like))

    def read(self, path: Path) -> bytes | None:
        return self._step("read", lambda: DISK.read(path))

    def read_still(self, path: Path) -> bytes | None:
        return self._step("read_still", lambda: DISK.read_still(path))

    def exchange(self, one: Path, other: Path) -> None:
        self._step("exchange", lambda: DISK.exchange(one, other))

    def replace(self, source: Path, target: Path) -> None:
        self._step("replace", lambda: DISK.replace(source, target))

    def unlink(self, path: Path) -> None:
        self._step("unlink", lambda: DISK.unlink(path))

    def fsync_folder(self, path: Path) -> None:
        self._step("fsync_folder", lambda: DISK.fsync_folder(path))

    def make_folder(self, path: Path) -> None:
        self._step("make_folder", lambda: DISK.make_folder(path))

    def remove_folder(self, path: Path) -> None:
        self._step("remove_folder", lambda: DISK.remove_folder(path))


def snapshot(root: Path) -> dict[str, bytes]:
    """Every file below a folder with its content."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }
