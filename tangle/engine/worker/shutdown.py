"""End a session as Python ends a program, short of destroying the interpreter.

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
import shutil
import stat
import sys
import threading
import types
import weakref
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from tangle.engine.checkpoint.fork_safety import open_files
from tangle.engine.tracking.fork_log import MEMORY

if TYPE_CHECKING:
    from tangle.engine.worker.shell import CellShell

_LEFT = (
    *(types.ModuleType, types.FunctionType, types.BuiltinFunctionType, type),
    *(str, bytes, int, float, bool, types.NoneType),
)
"""What the finalizers of other objects may still use, and needs none itself."""

_FORKED = "tangle.engine.forkserver.template"
"""Loaded in forked workers, where a search for garbage sees the session's own objects alone. In a
fresh process it sees all libraries, which takes longer than many sessions."""

_BUFFERS = (_io.BufferedWriter, _io.BufferedRandom, _io.BufferedRWPair)


class Shutdown:
    """Ends a session as Python ends a program."""

    def __init__(self, shell: CellShell) -> None:
        """Takes note of what is open before the first cell of `shell`."""
        self._shell = shell
        _leave_to_templates()
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
        self._shell.forget_results()
        threading.excepthook = _ignore  # daemon threads go on without the names
        names = self._shell.user_ns
        objects = [name for name, value in names.items() if not isinstance(value, _LEFT)]
        finalized = [name for name in objects if hasattr(type(names[name]), "__del__")]
        for name in (*finalized, *objects):
            if name[:2] != "__" or name == "__":  # IPython's last but one result
                names.pop(name, None)

    def _close_files(self) -> None:
        """Writes what files hold back that are still open, wherever they are kept."""
        is_open = self._has_open_files()
        if is_open:  # garbage is freed in any order: a file before the one that writes into it
            _write_all(closing=False)
        if is_open or _FORKED in sys.modules or self._has_finalizers():
            gc.collect()
        if is_open:
            _write_all(closing=True)

    def _has_finalizers(self) -> bool:
        """Whether objects of the session's own classes may have to be finalized."""
        return any(
            isinstance(c, type) and hasattr(c, "__del__") for c in self._shell.user_ns.values()
        )

    def _has_open_files(self) -> bool:
        if self._before is None:
            return True
        now = _descriptors() or {}
        return any(
            self._before.get(fd) != link and not link.startswith(MEMORY) and _is_written(fd)
            for fd, link in now.items()
        )


def _leave_to_templates() -> None:
    """Has this process end nothing that libraries set up in the template that it was forked from.

    Other sessions have the same folders, and only this process has the template's objects.
    """
    for finalizer in tuple(weakref.finalize._registry):  # type: ignore[attr-defined]  # noqa: SLF001
        finalizer.atexit = False
    atexit.unregister(shutil.rmtree)


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


def _ignore(_: threading.ExceptHookArgs) -> None:
    """Prints nothing."""


def _is_written(fd: int) -> bool:
    """Whether what is written to a descriptor stays, or goes to another process."""
    try:
        mode = os.fstat(fd).st_mode
        writes = fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_ACCMODE != os.O_RDONLY
    except OSError:
        return False
    return writes and (stat.S_ISREG(mode) or stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode))


def _write_all(*, closing: bool) -> None:
    """Has files write what they hold back: first those that write into others."""
    files: list[Any] = [each for each in gc.get_objects() if _io._IOBase in type(each).__mro__]  # noqa: SLF001
    texts = [file for file in files if isinstance(file, _io.TextIOWrapper)]
    buffers = [file for file in files if isinstance(file, _BUFFERS)]
    # A compressed file has an end to write, which only closing it does.
    others = [file for file in files if type(file).__module__ != "_io"] if closing else []
    for file in (*texts, *others, *buffers):
        with contextlib.suppress(Exception):
            if not file.closed and file.writable():
                file.close() if type(file).__module__ != "_io" else file.flush()


def _flush_c_files() -> None:
    """Has C's own files written."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).fflush(None)
