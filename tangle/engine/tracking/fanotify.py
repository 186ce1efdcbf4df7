"""Files that this process opens below Python's sight, as the kernel tells it.

C and C++ code opens files without an audit event. Linux's fanotify names each file that is opened
in a folder, and by which process; a user may watch folders so without special rights. A file that
Python did not open itself then counts like one that it did.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import struct
import sys
from collections.abc import Iterator
from typing import Any, Final

from tangle import STATE_FOLDER
from tangle.engine.tracking.audit_log import AuditLog
from tangle.engine.worker.high_fd import lift

_INIT: Final = 0x1 | 0x2 | 0x200 | 0x400 | 0x800
"""Close on exec, do not wait, and report folder and name instead of a descriptor."""
_ACCESS, _MODIFY, _CREATE, _OPEN = 0x1, 0x2, 0x100, 0x20
_MASK: Final = _ACCESS | _MODIFY | _CREATE | _OPEN | 0x08000000
"""The files in a folder, not the folder itself."""
_ADD: Final = 0x1
_FLUSH: Final = 0x80
_OVERFLOW: Final = 0x4000
_AT_FDCWD: Final = -100
_EVENT: Final = struct.Struct("=IBBHQii")
_INFO: Final = struct.Struct("=BBH8sIi")
_HANDLE: Final = struct.Struct("=Ii")
_WITH_NAME: Final = 2

_MOST_FOLDERS: Final = 512
_LONGEST_HANDLE: Final = 128
_BUFFER: Final = 1 << 18
_UNWATCHED: Final = frozenset({".git", STATE_FOLDER, ".venv", "__pycache__", "node_modules"})

_getpid = os.getpid
_given: list[int] = []


def make_group() -> int:
    """A descriptor for events, for a child that is forked next; -1 where the system has none.

    Its maker keeps it open until the child is gone: the kernel takes milliseconds to end a group
    with the process that has it, and none if others have it as well.
    """
    _given.clear()
    with contextlib.suppress(OSError, AttributeError):
        if sys.platform == "linux":
            found: int = ctypes.CDLL(None, use_errno=True).fanotify_init(_INIT, os.O_RDONLY)
            if found >= 0:
                _given.append(lift(found))
                return _given[0]
    return -1


class Opens:
    """The files of a project that this process opened below Python since this was last asked."""

    def __init__(self, log: AuditLog) -> None:
        """Watches the project's folders, as far as the system can and there are not too many."""
        self._log = log
        self._fd = -1
        self._folders: dict[bytes, str] = {}
        self._libc: Any = None
        self._begin()

    def begin_anew(self) -> None:
        """Continues in a copy of the process, which must not take the events of others."""
        if (before := self._fd) >= 0:
            self._folders.clear()
            self._begin()
            os.dup2(self._fd, before, inheritable=False)  # under the number that is known
            os.close(self._fd)
            self._fd = before

    def tell(self) -> None:
        """Tells the log of the files that Python did not open."""
        if self._fd < 0:
            return
        found: dict[str, int] = {}
        for mask, path in self._events():
            if mask & _OVERFLOW:
                self._log.hide("too many files were opened to tell them apart")
            else:
                found[path] = found.get(path, 0) | mask
        unknown = {path: mask for path, mask in found.items() if not self._log.knows(path)}
        if not unknown:
            return
        known = {os.path.realpath(path) for path in self._log.paths}
        for path, mask in unknown.items():
            if path not in known:
                self._note(path, mask)

    def _note(self, path: str, mask: int) -> None:
        """Takes note of a file that something else than Python opened."""
        wrote = bool(mask & _MODIFY)
        made = bool(mask & _CREATE)
        # What was read and written: it is not known what was there first.
        sure = made or not (wrote and mask & _ACCESS)
        self._log.read_below(path, wrote=wrote or made, sure=sure)

    def stop(self) -> None:
        """Watches nothing any more: the kernel then ends the group in no time."""
        if self._fd >= 0:
            self._libc.fanotify_mark(self._fd, _FLUSH, ctypes.c_uint64(0), _AT_FDCWD, None)

    def check(self) -> None:
        """Tells what came last: the kernel misses nothing."""
        self.tell()

    # --- the kernel ---------------------------------------------------------------------------

    def _begin(self) -> None:
        if sys.platform != "linux":
            return
        with contextlib.suppress(OSError, AttributeError):
            self._libc = ctypes.CDLL(None, use_errno=True)
            self._fd = _given[0] if _given else make_group()
            _given.clear()
            if self._fd >= 0:
                for folder in _folders(self._log.places.project):
                    self._watch(folder)

    def _watch(self, folder: str) -> None:
        name = os.fsencode(folder)
        mask = ctypes.c_uint64(_MASK)
        handle = ctypes.create_string_buffer(_HANDLE.size + _LONGEST_HANDLE)
        _HANDLE.pack_into(handle, 0, _LONGEST_HANDLE, 0)
        mount = ctypes.c_int()
        if self._libc.name_to_handle_at(_AT_FDCWD, name, handle, ctypes.byref(mount), 0) != 0:
            return
        if self._libc.fanotify_mark(self._fd, _ADD, mask, _AT_FDCWD, name) == 0:
            size, kind = _HANDLE.unpack_from(handle)
            rest = handle.raw[_HANDLE.size : _HANDLE.size + size]
            self._folders[_HANDLE.pack(size, kind) + rest] = folder

    def _events(self) -> Iterator[tuple[int, str]]:
        """What this process did with which file."""
        while True:
            try:
                data = os.read(self._fd, _BUFFER)
            except OSError:  # there is no more, or the notes closed it
                return
            at = 0
            while at < len(data):
                size, _, _, head, mask, _, pid = _EVENT.unpack_from(data, at)
                if mask & _OVERFLOW:
                    yield mask, ""
                elif pid == _getpid():
                    yield from ((mask, path) for path in self._path(data[at + head : at + size]))
                at += size

    def _path(self, info: bytes) -> Iterator[str]:
        """The path that an event is about."""
        kind, _, _, _, size, _ = _INFO.unpack_from(info)
        start = _INFO.size - _HANDLE.size
        end = _INFO.size + size
        folder = self._folders.get(info[start:end])
        if kind == _WITH_NAME and folder is not None:
            name = info[end:].partition(b"\0")[0]
            if name not in (b"", b"."):
                yield os.path.join(folder, os.fsdecode(name))  # noqa: PTH118 -- quicker


def _folders(top: str) -> Iterator[str]:
    """The folders of a project, without links on the way, the upper ones first."""
    todo = [os.path.realpath(top)]
    count = 0
    while todo and count < _MOST_FOLDERS:
        level, todo = todo, []
        for folder in level:
            count += 1
            if count > _MOST_FOLDERS:
                return
            yield folder
            with contextlib.suppress(OSError), os.scandir(folder) as entries:
                todo += [
                    entry.path
                    for entry in entries
                    if entry.is_dir(follow_symlinks=False) and entry.name not in _UNWATCHED
                ]
