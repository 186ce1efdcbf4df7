"""The end of a session: what Python does when a program ends, short of taking itself apart.

`Py_Finalize` takes hundreds of milliseconds where torch is loaded, and what it frees the system
frees as well. What other processes and files notice is done here, in Python's order: threads,
exit handlers, streams, the objects of the session's own names, files that are still open.
"""

from __future__ import annotations

import _io
import atexit
import contextlib
import ctypes
import fcntl
import gc
import os
import stat
import sys
import threading
import types
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import Any

from tangle.run.worker.obstacles import open_files

_DEFINITIONS = (types.ModuleType, types.FunctionType, types.BuiltinFunctionType, type)
"""What the finalizers of other objects may still call."""

_MANY_OBJECTS = 200_000
"""With more, a search for garbage takes longer than most sessions; open files alone call for it."""

_WRAPPERS = (_io.TextIOWrapper, _io.BufferedWriter, _io.BufferedRandom, _io.BufferedRWPair)
"""Files with a buffer, the outermost first."""


class Shutdown:
    """Ends a session as Python ends a program."""

    def __init__(self, namespace: MutableMapping[str, Any]) -> None:
        """Takes note of what is open before the first cell.

        Args:
            namespace: the session's names.
        """
        self._namespace = namespace
        self._before = _descriptors()

    def run(self) -> None:
        """Does all of it; what fails is printed, as Python prints it, and the rest still done."""
        steps: tuple[Callable[[], object], ...] = (
            threading._shutdown,  # type: ignore[attr-defined]  # noqa: SLF001 -- as Python does
            atexit._run_exitfuncs,  # noqa: SLF001
            flush_streams,
            self._drop_names,
            self._close_files,
            flush_streams,
            _flush_c_files,
        )
        for step in steps:
            try:
                step()
            except BaseException as error:  # noqa: BLE001 -- the notes' own code runs here
                with contextlib.suppress(Exception):
                    sys.excepthook(type(error), error, error.__traceback__)

    def _drop_names(self) -> None:
        """Has finalizers run: first those of named objects, which may use all other names."""
        for name in ("last_type", "last_value", "last_traceback", "last_exc"):
            sys.__dict__.pop(name, None)
        objects = [
            name
            for name, value in list(self._namespace.items())
            if not name.startswith("__") and not isinstance(value, _DEFINITIONS)
        ]
        finalized = [name for name in objects if hasattr(type(self._namespace[name]), "__del__")]
        for name in (*finalized, *objects):
            self._namespace.pop(name, None)

    def _close_files(self) -> None:
        """Writes what files hold back that are still open, wherever they are kept."""
        is_open = self._has_open_files()
        if is_open or gc.get_count()[2] or len(gc.get_objects()) < _MANY_OBJECTS:
            gc.collect()
        if is_open:
            for file in _unwritten():
                with contextlib.suppress(Exception):
                    file.flush() if isinstance(file, _WRAPPERS) else file.close()

    def _has_open_files(self) -> bool:
        if self._before is None:
            return True
        now = _descriptors() or {}
        return any(self._before.get(fd) != link and _is_written(fd) for fd, link in now.items())


def flush_streams() -> None:
    """Has `sys.stdout` and `sys.stderr` write what they hold back, whatever they are by now."""
    for stream in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__):
        with contextlib.suppress(Exception):  # the notes may have put anything there
            if stream is not None:
                stream.flush()


def _descriptors() -> Mapping[int, str] | None:
    """What each descriptor stands for; None where the system does not say."""
    try:
        return open_files()
    except OSError:
        return None


def _is_written(fd: int) -> bool:
    """Whether what is written to a descriptor stays, or goes to another process."""
    try:
        mode = os.fstat(fd).st_mode
        writes = fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_ACCMODE != os.O_RDONLY
    except OSError:
        return False
    return writes and (stat.S_ISREG(mode) or stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode))


def _unwritten() -> Iterator[Any]:
    """Files that may hold something back: what wraps others first, buffers last."""
    found = [each for each in gc.get_objects() if _io._IOBase in type(each).__mro__]  # noqa: SLF001
    for file in found:
        if type(file).__module__ != "_io" and not _is_closed(file):
            yield file  # a compressed one has an end to write
    for kind in _WRAPPERS:
        yield from (file for file in found if isinstance(file, kind) and not _is_closed(file))


def _is_closed(file: Any) -> bool:
    try:
        return bool(file.closed) or not file.writable()
    except Exception:  # noqa: BLE001 -- detached, or a class of the notes
        return True


def _flush_c_files() -> None:
    """Has C's own files written."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).fflush(None)
