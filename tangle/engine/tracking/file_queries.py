"""Questions to the system for which Python raises no audit event: the functions are watched.

`os.stat` and its like, variables of the environment, the clock, chance, and who runs this process.
What is put in the place of a function is called, shown, compared, pickled and looked at like it.
"""

from __future__ import annotations

import genericpath
import os
import pathlib
import posixpath
import random
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from threading import get_ident
from types import BuiltinFunctionType, CodeType, FrameType
from typing import Any, Final

from tangle.engine.file_identity import variable_digest
from tangle.engine.tracking.audit_log import AuditLog
from tangle.engine.tracking.callers import caller, calling_frame, is_users
from tangle.model import Asked

_PROCESS: Final = {
    "os": "getuid geteuid getgid getegid getresuid getresgid getgroups getlogin umask getpriority"
    " sched_getaffinity getloadavg uname statvfs nice urandom",
    "resource": "getrlimit getrusage",
    "socket": "gethostname",
    "pwd": "getpwuid getpwall",
    "uuid": "_generate_time_safe",
}
"""What is another in another shell, or at each look, by module."""

_CLOCK: Final = {
    "time": {"time": 0, "time_ns": 0, "clock_gettime": 1, "clock_gettime_ns": 1}
    | {"localtime": 0, "gmtime": 0, "ctime": 0, "asctime": 0, "strftime": 1},
    "os": {"getpid": 0, "getppid": 0, "times": 0},
}
"""What Python's own library asks for purposes of its own, by module; with more arguments than so
many a function does not look at the clock."""


_readlink = os.readlink


class Watched:
    """Wraps a function of C's, and reports the arguments of each call first."""

    def __init__(
        self,
        module: str,
        function: Callable[..., Any],
        tell: Callable[[tuple[Any, ...], Any], object],
    ) -> None:
        """Stands for `function` in a module."""
        self.__module__ = module
        self.__doc__ = function.__doc__
        self._function = function
        self._tell = tell

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """What the function returns, or raises."""
        self._tell(arguments, options)
        return self._function(*arguments, **options)

    def __getattr__(self, name: str) -> Any:
        """The function's attribute."""
        return getattr(self._function, name)

    def __eq__(self, other: object) -> bool:
        """Whether the other is the function, or stands for it."""
        return self._function == (other._function if isinstance(other, Watched) else other)

    def __hash__(self) -> int:
        """The function's."""
        return hash(self._function)

    def __repr__(self) -> str:
        """The function's."""
        return repr(self._function)

    def __reduce__(self) -> str:
        """Is pickled by its name, as functions are."""
        return str(self._function.__name__)

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        """The function's."""
        return type(self._function)


class Asking:
    """Tells an audit log what is asked; installed once a process."""

    def __init__(self, log: AuditLog) -> None:
        """Watches nothing yet."""
        self._log = log

    def install(self) -> None:
        """Puts itself between the session's code and the functions."""
        self._watch(os, "stat", self._asked_status)
        self._watch(os, "lstat", self._asked_link_status)
        self._watch(os, "fstat", self._asked_of_open)
        self._watch(os, "access", lambda given, options: self._ask("access", given, options))
        self._watch(os, "readlink", lambda given, options: self._ask("link", given, options))
        self._watch(os, "open", self._opened)
        for module, names in _PROCESS.items():
            for name in names.split():
                self._watch(sys.modules.get(module), name, self._asked_process)
        for module, functions in _CLOCK.items():
            for name, most in functions.items():
                self._watch(sys.modules.get(module), name, self._asked_clock(most))
        random._urandom = os.urandom  # type: ignore[attr-defined]  # noqa: SLF001 -- `secrets`
        data = _Variables(os.environ._data, self._asked_variable)  # type: ignore[attr-defined]  # noqa: SLF001
        os.environ._data = data  # type: ignore[attr-defined]  # noqa: SLF001
        os.environb._data = data  # type: ignore[attr-defined]  # noqa: SLF001

    def _watch(
        self, module: Any, name: str, tell: Callable[[tuple[Any, ...], Any], object]
    ) -> None:
        function = getattr(module, name, None)
        if not isinstance(function, BuiltinFunctionType):
            return
        setattr(module, name, Watched(module.__name__, function, tell))

    def _asked_process(self, *_: object) -> None:
        if not self._log.clock and not self._log.is_apart and caller() == "user":
            self._log.note_clock()

    def _asked_clock(self, most: int) -> Callable[[tuple[Any, ...], Any], None]:
        def tell(given: tuple[Any, ...], _: object) -> None:
            log = self._log
            if log.clock or log.is_apart or len(given) > most:
                return
            file = calling_frame().f_code.co_filename
            if is_users(file) or (file == "<string>" and caller() == "user"):
                log.note_clock()

        return tell

    def _asked_status(self, given: tuple[Any, ...], options: Mapping[str, Any]) -> None:
        follows = options.get("follow_symlinks", True)
        self._ask("status" if follows else "lstatus", given, options)

    def _asked_link_status(self, given: tuple[Any, ...], options: Mapping[str, Any]) -> None:
        self._ask("lstatus", given, options)

    def _asked_of_open(self, given: tuple[Any, ...], _: object) -> None:
        """What `os.fstat` says beside the content of the file that is open, which counts anyhow."""
        if given and not self._log.is_apart and caller() == "user":
            path = _open_path(given[0])
            if path.startswith("/"):  # no pipe
                self._ask("status", (path,), {})

    def _ask(self, what: Asked, given: tuple[Any, ...], options: Mapping[str, Any]) -> None:
        log = self._log
        if log.is_apart:
            return
        path = given[0] if given else options.get("path")
        # Where the very same was asked before there is nothing to learn.
        frame = sys._getframe(3)  # noqa: SLF001 -- that called what is watched
        known = (frame.f_code, what, path)
        again = type(path) is str and not options and frame.f_code not in _BETWEEN
        if (again and known in log.asked) or isinstance(path, int):
            return
        thread = get_ident()
        log.busy.add(thread)  # as `apart` does, in a third of the time
        try:
            question = _question(what, frame)
            if question is None or caller(frame) not in ("user", "library"):
                return
            found = path if again else _beneath(path, options.get("dir_fd"))
            if found is not None:
                log.ask(question, found)
                if again:
                    log.asked.add(known)
        finally:
            log.busy.discard(thread)

    def _opened(self, given: tuple[Any, ...], options: Mapping[str, Any]) -> None:
        """A name below a folder that is open: the audit event does not say which."""
        if options.get("dir_fd") is None or self._log.is_apart:
            return
        with self._log.apart():
            path = _beneath(given[0] if given else options.get("path"), options["dir_fd"])
            flags = given[1] if len(given) > 1 else options.get("flags", os.O_RDONLY)
            if path is not None and isinstance(flags, int):
                self._log.opened(path, flags)

    def _asked_variable(self, name: bytes | None, value: bytes | None) -> bool:
        """Takes note of a variable that was looked at, None for all; whether it has."""
        log = self._log
        if log.is_apart:
            return False
        with log.apart():
            who = caller()
            if name is None:
                if who == "user":
                    log.note_clock()  # no other process has just these
                return False
            if who not in ("user", "library"):
                return False
            text = None if value is None else os.fsdecode(value)
            log.know("variable", os.fsdecode(name), variable_digest(text))
            return True


class _Variables(dict[bytes, bytes]):
    """The environment's variables; tells of each that the session looks at before it sets it."""

    def __init__(
        self, data: Mapping[bytes, bytes], tell: Callable[[bytes | None, bytes | None], bool]
    ) -> None:
        super().__init__(data)
        self._tell = tell
        self._set: set[bytes] = set()

    def __getitem__(self, name: bytes) -> bytes:
        if name not in self._set and self._tell(name, super().get(name)):
            self._set.add(name)
        return super().__getitem__(name)

    def __setitem__(self, name: bytes, value: bytes) -> None:
        self._set.add(name)
        super().__setitem__(name, value)

    def __iter__(self) -> Iterator[bytes]:
        self._tell(None, None)
        return super().__iter__()


def _beneath(path: Any, folder: Any) -> str | None:
    """A path as text, one below an open folder with the folder before it."""
    try:
        name = os.fsdecode(path)
    except TypeError:
        return None
    if not isinstance(folder, int) or os.path.isabs(name):  # noqa: PTH117 -- quicker
        return name
    return os.path.join(_open_path(folder), name)  # noqa: PTH118 -- quicker


def _open_path(descriptor: Any) -> str:
    """The path of an open file; empty where it has none."""
    try:
        return _readlink(f"/proc/self/fd/{int(descriptor)}")
    except (OSError, TypeError, ValueError):
        return ""


def _codes(*functions: Any) -> Iterator[CodeType]:
    for function in functions:
        if hasattr(function, "__code__"):
            yield function.__code__


def _questions() -> dict[CodeType, Asked | None]:
    """What Python's own functions want to know that call `os.stat`; None: nothing that counts."""
    path = pathlib.Path
    asked: dict[CodeType, Asked | None] = dict.fromkeys(
        _codes(genericpath.exists, path.exists), "exists"
    )
    asked |= dict.fromkeys(_codes(genericpath.isdir, path.is_dir), "isdir")
    asked |= dict.fromkeys(_codes(genericpath.isfile, path.is_file), "isfile")
    asked |= dict.fromkeys(_codes(posixpath.lexists), "lexists")
    links = (posixpath.islink, path.is_symlink, getattr(posixpath, "_joinrealpath", None))
    asked |= dict.fromkeys(_codes(*links, posixpath.realpath), "islink")
    asked |= dict.fromkeys(_codes(genericpath.getsize), "size")
    asked |= dict.fromkeys(_codes(genericpath.getmtime), "time")
    inner = ("_samefile", "copyfile", "_rmtree_safe_fd", "_rmtree_islink", "_is_immutable", "_stat")
    asked |= dict.fromkeys(_codes(*(getattr(shutil, name, None) for name in inner)), None)
    return asked


_QUESTIONS: Final = _questions()
_BETWEEN: Final = frozenset(_codes(pathlib.Path.stat, pathlib.Path.lstat, genericpath.samefile))
_MAKING: Final = frozenset(_codes(os.makedirs, pathlib.Path.mkdir))


def _question(what: Asked, frame: FrameType) -> Asked | None:
    """What the code that calls, in a frame, wants to know; None where it makes no difference."""
    if frame.f_code in _BETWEEN and frame.f_back is not None:
        frame = frame.f_back
    code = frame.f_code
    above = None if frame.f_back is None else frame.f_back.f_code
    if code in _MAKING or (code in _QUESTIONS and above in _MAKING):
        return None
    return _QUESTIONS.get(code, what) if what in ("status", "lstatus") else what
