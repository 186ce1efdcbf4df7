"""What a session learns from the disk and the environment, and what it leaves there.

Python raises an audit event for each file that it opens and each folder that it lists; `asking`
tells of questions that have none, `fanotify` of files that are opened below Python. Two look at
what is gathered here: `noticing`, for the cache, and `world`, for copies of the session.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from importlib.util import source_from_cache
from threading import get_ident
from types import CodeType, FrameType
from typing import Any, Final, Protocol
from urllib.parse import unquote

from tangle.model import Asked, ReadFile
from tangle.run.worker.callers import caller, calling_frame, is_users
from tangle.run.worker.code_names import asks_for_time, looks_at_text
from tangle.run.worker.forks import Forks
from tangle.run.worker.places import WINDOWS, Places
from tangle.run.world import file_stamp, is_quiet, matches, state_of

_WRITING: Final = os.O_WRONLY | os.O_RDWR
_SPAWNING: Final = (
    *("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.startfile"),
    *("pty.spawn", "sqlite3.load_extension"),
)
_SPAWNING_MODULES: Final = frozenset(
    {"multiprocessing.popen_spawn_posix", "multiprocessing.popen_forkserver"}
    | {"joblib.externals.loky.backend.popen_loky_posix", "loky.backend.popen_loky_posix"}
)
"""They start programs without a word, and are imported when they are to."""
_STATELESS: Final = frozenset({"/dev/null", "/dev/zero", "/dev/full"})
_SQLITE_ATTACH: Final = 24
_UNSURE: Final = "changed"
"""The digest of a file that somebody else changed while the session had it: none is like it."""

PROGRAM: Final = "a program was started"

_OFTEN: Final = 2000
"""After so many opens the kernel's account of them is read, before it overflows."""

Key = tuple[Asked, str]


class Below(Protocol):
    """Knows what was opened below Python's sight."""

    def tell(self) -> None:
        """Tells the log what it does not know."""
        ...

    def begin_anew(self) -> None:
        """Goes on in a copy of the process."""
        ...


class AuditLog:
    """What a session has asked, read and written so far, in all of its threads and forks.

    Attributes:
        places: tells which files do not count.
        deaf: whether nothing is noted now: this process does something of tangle's own.
        forked: whether the session has made a fork.
        clock: whether something was asked that is different at each look: the clock, chance, the
            state of the machine.
        own_text: whether a module of the user's own may look at how code is written.
        below: what is opened below Python.
        asked: questions that were taken note of, as they were put in the current folder.
        on_read: is called with each file or folder that is read for the first time.
    """

    def __init__(self, project: str, own: Iterable[str] = ()) -> None:
        """Knows nothing yet, and hears nothing until it is installed.

        Args:
            project: the project's folder; links on the way to it do not show in the paths of its
                files.
            own: folders of generated code, which is known otherwise.
        """
        self._own = tuple(own)
        self.places = Places(project, self._own)
        self._temporary = tempfile.gettempdir() + os.sep
        self._facts: dict[Key, tuple[str, str]] = {}
        self._wrote: dict[str, None] = {}
        self._taken = 0
        self._left: dict[str, tuple[str, str]] = {}
        self._told: dict[str, str] = {}
        self._busy: set[int] = set()
        self._forks = Forks()
        self._unseen = ""
        self.deaf = False
        self.forked = False
        self.clock = False
        self.own_text = False
        self.below: tuple[Below, ...] = ()
        self.asked: set[tuple[CodeType, Asked, object]] = set()
        self._opens = 0
        self.on_read: Callable[[str], None] = _ignore
        self._hear = self._ears()

    def install(self) -> None:
        """Begins to hear."""
        sys.addaudithook(self.listen)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._busy.clear)

    # --- what is heard ------------------------------------------------------------------------

    def listen(self, event: str, arguments: tuple[Any, ...]) -> None:
        """The audit hook; it costs what a look into a dictionary costs, for all other events."""
        hear = self._hear.get(event)
        if hear is None or self.deaf or get_ident() in self._busy:
            return
        thread = get_ident()
        self._busy.add(thread)
        try:
            hear(*arguments)
        except (TypeError, ValueError, OSError):
            self.hide("an audit event of an unknown form")
        finally:
            self._busy.discard(thread)

    @contextlib.contextmanager
    def apart(self) -> Iterator[None]:
        """While this lasts, what this thread does is tangle's own and not noted."""
        thread = get_ident()
        nested = thread in self._busy
        self._busy.add(thread)
        try:
            yield
        finally:
            if not nested:
                self._busy.discard(thread)

    @property
    def is_apart(self) -> bool:
        """Whether what this thread does is not noted."""
        return self.deaf or get_ident() in self._busy

    def _ears(self) -> dict[str, Callable[..., None]]:
        heard: dict[str, Callable[..., None]] = dict.fromkeys(_SPAWNING, self._spawned)
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
            self.opened(name, flags)

    def opened(self, path: str, flags: int) -> None:
        """Takes note that a file is opened, with the flags of `os.open`."""
        full = self._known(source_of(path) if path.endswith(".pyc") else path)
        if full is None or full.endswith(".pyc") or self._is_special(full):
            return
        self._opens += 1
        if self._opens % _OFTEN == 0 and not self._forks.is_fork:
            self._look_below()
        if not flags & _WRITING:
            self._read(full)
            return
        keeps = not flags & os.O_TRUNC or flags & os.O_EXCL
        if keeps and not _makes_up_names(calling_frame()):
            self._read(full)  # what is written may rest on what is there, or that nothing is
        self._settle(full)
        self._write(full)

    def _is_special(self, path: str) -> bool:
        """Whether a path is none of a file that can be compared later."""
        if path.startswith(WINDOWS):
            self.clock = self.clock or caller() == "user"
            return True
        if not path.startswith("/dev/") or os.path.isfile(path):  # noqa: PTH113 -- /dev/shm
            return False
        if path not in _STATELESS and caller() == "user":
            self.hide(f"{path} was read")
        return True

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
        full = self._known("." if name is None else _text(name))
        if full is not None and not full.startswith(WINDOWS):
            self._learn(what, full.rstrip(os.sep) + os.sep)

    def _removed(self, path: object, *_: object) -> None:
        if (full := self._known(_text(path))) is not None:
            if full not in self._wrote:
                self._learn("lexists", full)
            self._settle(full)
            self._write(full)

    def _renamed(self, source: object, target: object, *_: object) -> None:
        old, new = self._known(_text(source)), self._known(_text(target))
        for full in (old, new):
            if full is not None:
                if full is old and full not in self._wrote:
                    self._learn("lexists", full)
                    self._read(full)
                self._settle(full)
        for full in (old, new):
            if full is not None:
                self._write(full)
        if old is not None and new is not None:
            for path in [path for path in list(self._wrote) if path.startswith(old + os.sep)]:
                self._write(new + path[len(old) :])

    def _made_folder(self, path: object, *_: object) -> None:
        if (full := self._known(_text(path))) is not None:
            frame = calling_frame()
            if not _may_be_there(frame) and not _makes_up_names(frame):
                self._learn("lexists", full)
            if not os.path.isdir(full):  # noqa: PTH112 -- one that is there is not made
                self._write(full)

    def _linked(self, source: object, target: object, *_: object) -> None:
        if (full := self._known(_text(source))) is not None:
            self._read(full)
            self._settle(full)  # another name changes its status
        self._made_link(source, target)

    def _made_link(self, _: object, target: object, *__: object) -> None:
        if (full := self._known(_text(target))) is not None:
            self._learn("lexists", full)
            self._write(full)

    def _changed(self, path: object, *_: object) -> None:
        if (full := self._known(_text(path))) is not None:
            self._read(full)
            self._settle(full)
            self._write(full)

    def _spawned(self, *_: object) -> None:
        if self._forks.is_fork or caller() != "import":
            self.hide(PROGRAM)

    def _fork(self, *_: object) -> None:
        self.forked = True
        if not self._forks.possible:
            self.hide("a process was forked")
        elif not self._forks.is_fork:
            self._hear_forks()  # a new fork need not tell again what those before it told

    def _moved(self, *_: object) -> None:
        """Relative names mean other files from here on."""
        self.asked.clear()

    def _imported(self, name: object, *_: object) -> None:
        if name in _SPAWNING_MODULES:
            self.hide(PROGRAM)

    def _executed(self, code: object, *_: object) -> None:
        """Looks at the names in a module of the user's own, or in a cell, before it is run."""
        if not isinstance(code, CodeType) or code.co_filename.startswith(self._own or ("\0",)):
            return
        file = code.co_filename
        if is_users(file) or (file == "<string>" and caller() == "user"):
            self.own_text = self.own_text or looks_at_text(code)
            if asks_for_time(code):
                self.note_clock()

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
            self.opened(place + end, os.O_RDONLY)
        self.opened(place, flags)

    def _connected(self, connection: object, *_: object) -> None:
        """Has SQLite tell what is attached, for which Python has no event."""
        if isinstance(connection, sqlite3.Connection):
            with contextlib.suppress(sqlite3.Error):
                sqlite3.Connection.set_authorizer(connection, self._authorize)

    def _authorize(self, action: int, first: str | None, *_: object) -> int:
        if action == _SQLITE_ATTACH and not self.is_apart:
            with self.apart():
                if first is None:
                    self.hide("a database of an unknown name was attached")
                else:
                    self._database(first)
        return sqlite3.SQLITE_OK

    def _below(self, *_: object) -> None:
        if caller() == "user":
            self.hide("code below Python was called")

    def _network(self, _: object, address: object) -> None:
        if isinstance(address, tuple) and caller() in ("user", "library"):
            self.note_clock()

    # --- what is noted ------------------------------------------------------------------------

    def ask(self, what: Asked, path: str) -> None:
        """Takes note of a question about a path."""
        full = self._known(path)
        if full is not None and not full.startswith(WINDOWS):
            self._learn(what, full)

    def read_module(self, path: str) -> None:
        """Takes note of a module of the user's own as read, whatever was opened for it."""
        self.opened(path, os.O_RDONLY)

    def read_settings(self, files: Iterable[str], folders: Iterable[str]) -> None:
        """Takes note of files that a library looks for when it is imported, there or not.

        Args:
            files: they may be read.
            folders: all files in them may be read.
        """
        inside = [f"{folder}{os.sep}" for folder in folders]
        for folder in inside:
            self._learn("names", folder)
        names = (os.path.join(f, n) for f in inside if os.path.isdir(f) for n in os.listdir(f))  # noqa: PTH112, PTH118, PTH208
        for path in (*files, *names):
            self._read(self.places.known_as(path))

    def declare(self, patterns: Iterable[str]) -> None:
        """Takes note of files that code is about to read where nobody sees it."""
        with self.apart():
            for pattern in patterns:
                self.know("glob", pattern, state_of("glob", pattern))
                for path in matches(pattern):
                    self._read(self.places.known_as(path))

    def know(self, what: Asked, path: str, digest: str) -> None:
        """Takes note of an answer; `path` is as it is to be asked for again."""
        if (what, path) not in self._facts:
            self._put((what, path), digest, "")

    def read_below(self, path: str, *, wrote: bool, sure: bool) -> None:
        """Takes note of a file that was opened below Python's sight.

        Args:
            path: the file.
            wrote: whether it was written.
            sure: whether it still is as it was when it was opened.
        """
        full = self._known(path)
        if full is None or full in self._wrote:
            return
        if wrote:
            self._write(full)
        if not sure and ("content", full) not in self._facts:
            self._put(("content", full), _UNSURE, "")
        elif not wrote:
            self._read(full)

    def note_clock(self) -> None:
        """Takes note that something was asked that is different at each look."""
        self.clock = True
        if self._forks.is_fork:
            self._forks.tell("clock")

    def hide(self, why: str) -> None:
        """Takes note that something happens that nobody can see."""
        self._unseen = self._unseen or why
        if self._forks.is_fork:
            self._forks.hide()

    @property
    def unseen(self) -> str:
        """Why nobody can see all that the session did; empty where there is no reason."""
        return self._unseen or (PROGRAM if self._forks.unseen else "")

    def knows(self, path: str) -> bool:
        """Whether a file is one that was read or written, as Python tells it."""
        if ("content", path) in self._facts or path in self._wrote:
            return True
        full = self._known(path)
        return full is None or full in self._wrote or ("content", full) in self._facts

    @property
    def paths(self) -> tuple[str, ...]:
        """The files that were read or written so far."""
        read = [path for what, path in self._facts.copy() if what == "content"]
        return (*read, *self._wrote.copy())

    def begin_anew(self) -> None:
        """Goes on in a copy of the session."""
        self._forks.begin_anew()
        for below in self.below:
            below.begin_anew()

    def _known(self, path: str | None) -> str | None:
        """The path under the name that counts; None for one that does not."""
        if path is None:
            return None
        try:
            full = os.path.abspath(path)  # noqa: PTH100 -- `..` goes, links stay, no disk
        except (OSError, ValueError):
            self.hide("the current folder is gone")
            return None
        full = self.places.known_as(full)
        return None if self.places.is_foreign(full) else full

    def _read(self, path: str) -> None:
        if path not in self._wrote and ("content", path) not in self._facts:
            stamp = file_stamp(path)
            self._put(("content", path), "" if stamp else state_of("content", path), stamp)
            self.on_read(path)

    def _learn(self, what: Asked, path: str) -> None:
        if (what, path) not in self._facts and path not in self._wrote:
            self._put((what, path), state_of(what, path), "")
            if path.endswith(os.sep):
                self.on_read(path)

    def _put(self, key: Key, digest: str, stamp: str) -> None:
        self._facts[key] = (digest, stamp)
        if self._forks.is_fork:
            self._forks.tell("fact", *key, digest, stamp)

    def _settle(self, path: str) -> None:
        """Takes the digest of a file that was read, before it is another."""
        known = self._facts.get(("content", path))
        if known is not None and not known[0] and known[1]:
            self._put(("content", path), _as_read(path, *known)[0], "")

    def _write(self, path: str) -> None:
        if path not in self._wrote:
            self._wrote[path] = None
            if self._forks.is_fork:
                self._forks.tell("wrote", path)

    def _look_below(self) -> None:
        for below in self.below:
            below.tell()

    def _hear_forks(self) -> None:
        for verb, *facts in self._forks.news():
            if verb == "wrote":
                self._wrote.setdefault(facts[0])
            elif verb == "clock":
                self.clock = True
            else:
                what, path, digest, stamp = facts
                if path not in self._wrote or digest:
                    known = self._facts.setdefault((what, path), (digest, stamp))
                    if digest and not known[0]:  # the fork wrote it then
                        self._facts[what, path] = (digest, "")

    # --- what came of it ----------------------------------------------------------------------

    def take(self) -> tuple[tuple[ReadFile, ...], tuple[ReadFile, ...]]:
        """What was learned since this was last asked, and what the session left otherwise."""
        with self.apart():
            self._hear_forks()
            self._look_below()
            facts = self._facts.copy()
            new = sorted(list(facts)[self._taken :], key=lambda key: (key[1], key[0]))
            self._taken = len(facts)
            return tuple(self._found(key) for key in new), tuple(self._news_of_left())

    def state(self) -> tuple[ReadFile, ...]:
        """All that was learned so far, and all that was left behind as it is now."""
        with self.apart():
            self._hear_forks()
            self._look_below()
            # Variables are those of whoever watches; what the session set, its copies have.
            facts = tuple(self._found(key) for key in self._facts.copy() if key[0] != "variable")
            left = [(path, self._left_at(path)) for path in self._wrote.copy()]
            return (*facts, *(ReadFile(path=p, digest=d, what="left") for p, d in left))

    def _found(self, key: Key) -> ReadFile:
        """What was learned; of a file, the digest that it has if it is still as it was."""
        what, path = key
        digest, stamp = self._facts[key]
        if what == "content" and not digest and stamp:
            digest, stamp = _as_read(path, digest, stamp)
            self._facts[key] = (digest, stamp)
        return ReadFile(
            path=path, digest=digest, stamp=stamp if what == "content" else "", what=what
        )

    def _news_of_left(self) -> Iterator[ReadFile]:
        for path in sorted(self._wrote.copy()):
            passing = path.startswith(self._temporary) and self.places.in_project(path) is None
            digest = "" if passing else self._left_at(path)
            if digest != self._told.get(path, ""):
                self._told[path] = digest
                yield ReadFile(path=path, digest=digest, what="left")

    def _left_at(self, path: str) -> str:
        stamp = file_stamp(path)
        known = self._left.get(path)
        if known is None or not stamp or known[0] != stamp or not is_quiet(stamp):
            known = self._left[path] = (stamp, state_of("left", path))
        return known[1]


def _ignore(_: str) -> None:
    pass


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


def _makes_up_names(frame: FrameType) -> bool:
    """Whether code makes files and folders of names that nothing else has."""
    return frame.f_code.co_filename == tempfile.__file__


def _as_read(path: str, digest: str, stamp: str) -> tuple[str, str]:
    """Digest and stamp of a file that was opened when it had a stamp."""
    if digest or not stamp:
        return digest, ""
    digest = state_of("content", path)
    if file_stamp(path) != stamp:
        return _UNSURE, ""
    return digest, stamp if is_quiet(stamp) else ""


def source_of(path: str) -> str:
    """The module whose compiled form is read in its stead."""
    try:
        return source_from_cache(path)
    except ValueError:
        return path
