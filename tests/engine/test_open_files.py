"""Files that a session maps without Python's knowledge, as C and C++ code does."""

from __future__ import annotations

import contextlib
import ctypes
import mmap
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tangle.engine.tracking.audit_log import AuditLog
from tangle.engine.tracking.open_files import OpenNow

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what is mapped")

SIZE = 64 * mmap.PAGESIZE


@contextlib.contextmanager
def mapped(path: Path | None) -> Iterator[None]:
    """A file in memory as private data, its descriptor closed; for None, memory without a file."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_void_p
    libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
    rights = mmap.PROT_READ | mmap.PROT_WRITE
    flags = mmap.MAP_PRIVATE | (mmap.MAP_ANONYMOUS if path is None else 0)
    file = -1
    if path is not None:
        path.write_bytes(b"x" * SIZE)
        file = os.open(path, os.O_RDONLY)
    start = libc.mmap(None, ctypes.c_size_t(SIZE), rights, flags, file, ctypes.c_long(0))
    assert start != ctypes.c_void_p(-1).value
    if path is not None:
        os.close(file)
    try:
        yield
    finally:
        libc.munmap(start, SIZE)


def test_a_file_that_is_mapped_is_read(tmp_path: Path) -> None:
    log = AuditLog(str(tmp_path))
    open_now = OpenNow(log)
    with mapped(tmp_path / "a"):
        open_now.tell()
        assert log.knows(str(tmp_path / "a"))


def test_a_file_in_the_place_of_another_is_read(tmp_path: Path) -> None:
    log = AuditLog(str(tmp_path))
    open_now = OpenNow(log)
    with mapped(tmp_path / "a"):
        open_now.tell()
    with mapped(tmp_path / "b"):
        open_now.tell()
        assert log.knows(str(tmp_path / "b"))
    open_now.check()
    assert not log.unseen


def test_a_file_in_the_place_of_as_much_memory_keeps_no_result(tmp_path: Path) -> None:
    log = AuditLog(str(tmp_path))
    with mapped(None):
        open_now = OpenNow(log)
    with mapped(tmp_path / "a"):
        open_now.tell()
        open_now.check()
        assert log.knows(str(tmp_path / "a")) or log.unseen
