"""Python's audit events about files, programs and databases."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import sys
from collections.abc import Callable
from threading import get_ident
from types import CodeType, FrameType
from typing import Any, Final
from urllib.parse import unquote

from tangle.engine.tracking.audit_log import PROGRAM, PROGRAM_EVENTS, AuditLog, makes_up_names
from tangle.engine.tracking.callers import caller, calling_frame, is_users
from tangle.engine.tracking.code_names import asks_for_time, looks_at_text
from tangle.engine.tracking.path_filter import WINDOWS
from tangle.model import Asked

_SPAWNING_MODULES: Final = frozenset(
    {"multiprocessing.popen_spawn_posix", "multiprocessing.popen_forkserver"}
    | {"joblib.externals.loky.backend.popen_loky_posix", "loky.backend.popen_loky_posix"}
)
"""They start programs without a word, and are imported when they are to."""
_SQLITE_ATTACH: Final = 24


class Hearing:
    """Hears the audit events of this process, and has a log take note of what they say."""

    def __init__(self, log: AuditLog) -> None:
        """Hears nothing until it is installed."""
        self._log = log
        self._hear = self._ears()

    def install(self) -> None:
        """Begins to hear."""
        sys.addaudithook(self.listen)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._log.busy.clear)

    def listen(self, event: str, arguments: tuple[Any, ...]) -> None:
        """The audit hook; it costs what a look into a dictionary costs, for all other events."""
        hear = self._hear.get(event)
        if hear is None or self._log.deaf or get_ident() in self._log.busy:
            return
        thread = get_ident()
        self._log.busy.add(thread)
        try:
            hear(*arguments)
        except (TypeError, ValueError, OSError):
            self._log.hide("an audit event of an unknown form")
        finally:
            self._log.busy.discard(thread)

    def _ears(self) -> dict[str, Callable[..., None]]:
        heard: dict[str, Callable[..., None]] = dict.fromkeys(
            (*PROGRAM_EVENTS, "sqlite3.load_extension"), self._spawned
        )
        return heard | {
            "open": self._opened,
            "os.listdir": self._listed,
            "os.scandir": self._scanned,
            "os.remove": self._removed,
            "os.rmdir": self._removed,
            "os.rename": self._renamed,
            "os.mkdir": self._made_folder,
            "os.link": self._linked,
            "os.symlink": self._made_link,
            "os.truncate": self._changed,
            "os.chmod": self._changed,
            "os.utime": self._changed,
            "os.chdir": self._moved,
            "os.fork": self._fork,
            "os.forkpty": self._fork,
            "import": self._imported,
            "exec": self._executed,
            "sqlite3.connect": self._database,
            "sqlite3.connect/handle": self._connected,
            "ctypes.dlopen": self._below,
            "ctypes.dlsym": self._below,
            "socket.connect": self._network,
        }

    def _opened(self, path: object, _: object, flags: object) -> None:
        name = _text(path)
        if name is not None and isinstance(flags, int):
            self._log.opened(name, flags)

    def _listed(self, path: object) -> None:
        self._list(path, "names")

    def _scanned(self, path: object) -> None:
        # Entries tell sizes and times without another word, but Python's own walks do not ask.
        asks = is_users(calling_frame().f_code.co_filename)
        self._list(path, "entries" if asks else "kinds")

    def _list(self, path: object, what: Asked) -> None:
        if caller() not in ("user", "library"):
            return
        name = os.readlink(f"/proc/self/fd/{path}") if type(path) is int else path  # noqa: PTH115
        full = self._log.known("." if name is None else _text(name))
        if full is not None and not full.startswith(WINDOWS):
            self._log.learn(what, full.rstrip(os.sep) + os.sep)

    def _removed(self, path: object, *_: object) -> None:
        if (full := self._log.known(_text(path))) is not None:
            self._learn_entry(full)
            self._log.settle(full)
            self._log.attempt(full)

    def _renamed(self, source: object, target: object, *_: object) -> None:
        old, new = self._log.known(_text(source)), self._log.known(_text(target))
        if old is not None:
            self._learn_entry(old)
            self._log.read(old)
        if new is not None:
            self._learn_kind(new)  # a file that is there gives way
        for full in (old, new):
            if full is not None:
                self._log.settle(full)
                self._log.attempt(full)
        if old is not None and new is not None:
            for path in [path for path in list(self._log.wrote) if path.startswith(old + os.sep)]:
                self._log.attempt(new + path[len(old) :])

    def _made_folder(self, path: object, *_: object) -> None:
        if (full := self._log.known(_text(path))) is None:
            return
        frame = calling_frame()
        there = os.path.isdir(full)  # noqa: PTH112 -- one that is there is not made
        if there and _may_be_there(frame):
            self._log.learn("isdir", full)
        elif not makes_up_names(frame) and (not _may_be_there(frame) or os.path.lexists(full)):
            self._learn_entry(full)
        if not there:
            if not _makes_parents(frame):
                self._log.learn_parent(full)
            self._log.attempt(full)

    def _linked(self, source: object, target: object, *_: object) -> None:
        if (full := self._log.known(_text(source))) is not None:
            self._log.read(full)
            self._log.settle(full)  # another name changes its status
        self._made_link(source, target)

    def _made_link(self, _: object, target: object, *__: object) -> None:
        if (full := self._log.known(_text(target))) is not None:
            self._learn_entry(full)
            self._log.attempt(full)

    def _learn_entry(self, full: str) -> None:
        """Takes note of what decides whether a call can make, replace or remove an entry."""
        if self._log.has_written(full):
            return
        self._log.learn("lexists", full)
        self._log.learn("islink", full)
        self._learn_kind(full)

    def _learn_kind(self, full: str) -> None:
        if self._log.has_written(full):
            return
        self._log.learn_parent(full)
        self._log.learn("isdir", full)
        if os.path.isdir(full) and os.listdir(full):  # noqa: PTH112, PTH208 -- quicker
            self._log.learn("names", full + os.sep)

    def _changed(self, path: object, *_: object) -> None:
        if (full := self._log.known(_text(path))) is not None:
            self._log.read(full)
            self._log.settle(full)
            self._log.write(full)

    def _spawned(self, *_: object) -> None:
        if self._log.is_fork or caller() != "import":
            self._log.hide(PROGRAM)

    def _fork(self, *_: object) -> None:
        self._log.forked = True
        if not self._log.hears_forks:
            self._log.hide("a process was forked")
        elif not self._log.is_fork:
            self._log.hear_forks()  # a new fork need not repeat what those before it reported

    def _moved(self, *_: object) -> None:
        """Relative names mean other files from here on."""
        self._log.asked.clear()

    def _imported(self, name: object, *_: object) -> None:
        if name in _SPAWNING_MODULES:
            self._log.hide(PROGRAM)

    def _executed(self, code: object, *_: object) -> None:
        """Looks at the names in a module of the user's own, or in a cell, before it is run."""
        if not isinstance(code, CodeType) or code.co_filename.startswith(self._log.own or ("\0",)):
            return
        file = code.co_filename
        if is_users(file) or (file == "<string>" and caller() == "user"):
            self._log.own_text = self._log.own_text or looks_at_text(code)
            if asks_for_time(code):
                self._log.note_clock()

    def _database(self, name: object) -> None:
        text = _text(name)
        if text is None:
            return
        if text.startswith("file:"):
            place, _, options = text[5:].partition("?")
            place = unquote(place.partition("#")[0])
            place = place[2:] if place.startswith("///") else place
            if "mode=memory" in options:
                return
            flags = os.O_RDONLY if "mode=ro" in options or "immutable=1" in options else os.O_RDWR
        else:
            place, flags = text, os.O_RDWR
        if place in ("", ":memory:"):
            return
        for end in ("-wal", "-journal"):
            self._log.opened(place + end, os.O_RDONLY)
        self._log.opened(place, flags)

    def _connected(self, connection: object, *_: object) -> None:
        """Has SQLite tell what is attached, for which Python has no event."""
        if isinstance(connection, sqlite3.Connection):
            with contextlib.suppress(sqlite3.Error):
                sqlite3.Connection.set_authorizer(connection, self._authorize)

    def _authorize(self, action: int, first: str | None, *_: object) -> int:
        if action == _SQLITE_ATTACH and not self._log.is_apart:
            with self._log.apart():
                if first is None:
                    self._log.hide("a database of an unknown name was attached")
                else:
                    self._database(first)
        return sqlite3.SQLITE_OK

    def _below(self, *_: object) -> None:
        if caller() == "user":
            self._log.hide("code below Python was called")

    def _network(self, _: object, address: object) -> None:
        if isinstance(address, tuple) and caller() in ("user", "library"):
            self._log.note_clock()


def _text(path: object) -> str | None:
    """A path as text; None of what is none, such as a descriptor."""
    try:
        return os.fsdecode(path) if isinstance(path, str | bytes | os.PathLike) else None
    except (TypeError, ValueError):
        return None


def _may_be_there(frame: FrameType) -> bool:
    """Whether code that makes a folder takes one that is there."""
    name = frame.f_code.co_name
    return name in ("makedirs", "mkdir") and bool(frame.f_locals.get("exist_ok"))


def _makes_parents(frame: FrameType) -> bool:
    """Whether code makes the folder in which a folder is to be, if that is missing."""
    return frame.f_code.co_name == "mkdir" and bool(frame.f_locals.get("parents"))
