"""What a session learns from the disk and the environment, and what it leaves there.

Python raises an audit event for each file that it opens and each folder that it lists; `asking`
tells of questions that have none, `fanotify` of files that are opened below Python. Two look at
what is gathered here: `noticing`, for the cache, and `world`, for copies of the session.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from importlib.util import source_from_cache
from threading import get_ident
from types import CodeType, FrameType
from typing import Final, Protocol

from tangle.engine.file_identity import file_stamp, is_quiet, matches, state_of
from tangle.engine.tracking.callers import caller, calling_frame
from tangle.engine.tracking.fork_log import Forks
from tangle.engine.tracking.path_filter import WINDOWS, Places
from tangle.model import Asked, ReadFile

_WRITING: Final = os.O_WRONLY | os.O_RDWR
_STATELESS: Final = frozenset({"/dev/null", "/dev/zero", "/dev/full"})
_UNSURE: Final = "changed"
"""The digest of a file that something else changed while the session had it: none is like it."""

PROGRAM: Final = "a program was started"

PROGRAM_EVENTS: Final = frozenset(
    {"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.startfile"}
    | {"pty.spawn"}
)
"""Audit events of the functions that start a program."""

_OFTEN: Final = 2000
"""After so many opens the kernel's account of them is read, before it overflows."""

Key = tuple[Asked, str]


class Below(Protocol):
    """Knows what was opened below Python's sight."""

    def tell(self) -> None:
        """Tells the log what it does not know."""
        ...

    def check(self) -> None:
        """Looks once more, sparing nothing, when the cells are over."""
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
        stop_watching: has the kernel report no more files; for a session that is about to end.
        asked: questions that were taken note of, as they were put in the current folder.
        on_read: is called with each file that is read for the first time.
    """

    def __init__(self, project: str, own: Iterable[str] = ()) -> None:
        """Knows nothing yet, and hears nothing until it is installed.

        Args:
            project: the project's folder; links on the way to it do not show in the paths of its
                files.
            own: folders of generated code, which is known otherwise.
        """
        self.own = tuple(own)
        self.places = Places(project, self.own)
        self._temporary = tempfile.gettempdir() + os.sep
        tempfile.tempdir = None  # the next call looks at the variables, and that is noted
        self._facts: dict[Key, tuple[str, str]] = {}
        self.wrote: dict[str, None] = {}
        self._tried: dict[str, str] = {}
        self._taken = 0
        self._left: dict[str, tuple[str, str]] = {}
        self._reported: dict[str, str] = {}
        self.busy: set[int] = set()
        self._forks = Forks()
        self._unseen = ""
        self.deaf = False
        self.forked = False
        self.clock = False
        self.own_text = False
        self.below: tuple[Below, ...] = ()
        self.stop_watching: Callable[[], None] = _nothing
        self.asked: set[tuple[CodeType, Asked, object]] = set()
        self._opens = 0
        self.on_read: Callable[[str], None] = _ignore

    @contextlib.contextmanager
    def apart(self) -> Iterator[None]:
        """While this lasts, what this thread does is tangle's own and not noted."""
        thread = get_ident()
        nested = thread in self.busy
        self.busy.add(thread)
        try:
            yield
        finally:
            if not nested:
                self.busy.discard(thread)

    @property
    def is_fork(self) -> bool:
        """Whether this process is a fork of the session's."""
        return self._forks.is_fork

    @property
    def hears_forks(self) -> bool:
        """Whether forks can tell what they do."""
        return self._forks.possible

    @property
    def is_apart(self) -> bool:
        """Whether what this thread does is not noted."""
        return self.deaf or get_ident() in self.busy

    def opened(self, path: str, flags: int) -> None:
        """Takes note that a file is opened, with the flags of `os.open`."""
        full = self.known(source_of(path) if path.endswith(".pyc") else path)
        if full is None or full.endswith(".pyc") or self._is_special(full):
            return
        self._opens += 1
        if self._opens % _OFTEN == 0 and not self._forks.is_fork:
            self._look_below()
        if not flags & _WRITING:
            self.read(full)
            return
        keeps = not flags & os.O_TRUNC or flags & os.O_EXCL
        if keeps and not makes_up_names(calling_frame()):
            self.read(full)  # what is written may rest on what is there, or that nothing is
        self.learn_parent(full)
        self.settle(full)
        self.write(full)

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

    # --- what is noted ------------------------------------------------------------------------

    def ask(self, what: Asked, path: str) -> None:
        """Takes note of a question about a path."""
        full = self.known(path)
        if full is not None and not full.startswith(WINDOWS):
            self.learn(what, full)

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
            self.learn("names", folder)
        names = (os.path.join(f, n) for f in inside if os.path.isdir(f) for n in os.listdir(f))  # noqa: PTH112, PTH118, PTH208
        for path in (*files, *names):
            self.read(self.places.known_as(path))

    def declare(self, patterns: Iterable[str]) -> None:
        """Takes note of files that code is about to read unseen."""
        with self.apart():
            for pattern in patterns:
                self.know("glob", pattern, state_of("glob", pattern))
                for path in matches(pattern):
                    self.read(self.places.known_as(path))

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
        full = self.known(path)
        if full is None or full in self.wrote:
            return
        if wrote:
            self.write(full)
        if not sure and ("content", full) not in self._facts:
            self._put(("content", full), _UNSURE, "")
        elif not wrote:
            self.read(full)

    def note_clock(self) -> None:
        """Takes note that something was asked that is different at each look."""
        self.clock = True
        if self._forks.is_fork:
            self._forks.tell("clock")

    def hide(self, why: str) -> None:
        """Takes note that something happens that cannot be seen."""
        self._unseen = self._unseen or why
        if self._forks.is_fork:
            self._forks.hide()

    @property
    def unseen(self) -> str:
        """Why not all that the session did can be seen; empty where there is no reason."""
        return self._unseen or (PROGRAM if self._forks.unseen else "")

    def knows(self, path: str) -> bool:
        """Whether a file is one that was read or written, as Python tells it."""
        if ("content", path) in self._facts or path in self.wrote:
            return True
        full = self.known(path)
        return full is None or full in self.wrote or ("content", full) in self._facts

    @property
    def paths(self) -> tuple[str, ...]:
        """The files that were read or written so far."""
        read = [path for what, path in self._facts.copy() if what == "content"]
        return (*read, *self.wrote.copy())

    def begin_anew(self) -> None:
        """Goes on in a copy of the session."""
        self._forks.begin_anew()
        for below in self.below:
            below.begin_anew()

    def known(self, path: str | None) -> str | None:
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

    def read(self, path: str) -> None:
        """Takes note of a file that is read, unless the session itself wrote it."""
        if not self.has_written(path) and ("content", path) not in self._facts:
            stamp = file_stamp(path)
            self._put(("content", path), "" if stamp else state_of("content", path), stamp)
            self.on_read(path)

    def learn(self, what: Asked, path: str) -> None:
        """Takes note of what code learns of a path now, unless the session itself wrote it."""
        if (what, path) not in self._facts and not self.has_written(path):
            self._put((what, path), state_of(what, path), "")

    def learn_parent(self, path: str) -> None:
        """Takes note of a folder that is missing: what was to be made in it is not."""
        parent = os.path.dirname(path)  # noqa: PTH120 -- quicker
        if not os.path.isdir(parent):  # noqa: PTH112 -- quicker
            self.learn("lexists", parent)
            self.learn("isdir", parent)

    def _put(self, key: Key, digest: str, stamp: str) -> None:
        self._facts[key] = (digest, stamp)
        if self._forks.is_fork:
            self._forks.tell("fact", *key, digest, stamp)

    def settle(self, path: str) -> None:
        """Takes the digest of a file that was read, before it is another."""
        known = self._facts.get(("content", path))
        if known is not None and not known[0] and known[1]:
            self._put(("content", path), _as_read(path, *known)[0], "")

    def write(self, path: str) -> None:
        """Takes note that the session writes, makes or removes something."""
        if path not in self.wrote:
            self.wrote[path] = None
            if self._forks.is_fork:
                self._forks.tell("wrote", path)

    def check_below(self) -> None:
        """Looks once more for what was opened below Python, when the cells are over."""
        with self.apart():
            for below in self.below:
                below.check()

    def attempt(self, path: str) -> None:
        """Takes note that the session is about to make, move or remove something at a path.

        An audit event comes before its call, which may fail. Whether it did shows when the path
        counts next: it is then as it was before.
        """
        if path not in self.wrote and not self._forks.is_fork:
            self._tried[path] = _entry(path)
        self.write(path)

    def has_written(self, path: str) -> bool:
        """Whether the session has written, made or removed what a path names."""
        if path not in self.wrote:
            return False
        before = self._tried.pop(path, None)
        if before is None or before != _entry(path):
            return True
        del self.wrote[path]
        return False

    def _settle_attempts(self) -> None:
        for path in tuple(self._tried):
            self.has_written(path)

    def _look_below(self) -> None:
        for below in self.below:
            below.tell()

    def hear_forks(self) -> None:
        """Takes note of what forks have reported."""
        for verb, *facts in self._forks.news():
            if verb == "wrote":
                self.wrote.setdefault(facts[0])
            elif verb == "clock":
                self.clock = True
            else:
                what, path, digest, stamp = facts
                if path not in self.wrote or digest:
                    known = self._facts.setdefault((what, path), (digest, stamp))
                    if digest and not known[0]:  # the fork wrote it then
                        self._facts[what, path] = (digest, "")

    # --- what came of it ----------------------------------------------------------------------

    def take(self) -> tuple[tuple[ReadFile, ...], tuple[ReadFile, ...]]:
        """What was learned since this was last asked, and what the session left otherwise."""
        with self.apart():
            self.hear_forks()
            self._settle_attempts()
            self._look_below()
            facts = self._facts.copy()
            new = sorted(list(facts)[self._taken :], key=lambda key: (key[1], key[0]))
            self._taken = len(facts)
            return tuple(self._found(key) for key in new), tuple(self._news_of_left())

    def state(self) -> tuple[ReadFile, ...]:
        """All that was learned so far, and all that was left behind as it is now."""
        with self.apart():
            self.hear_forks()
            self._settle_attempts()
            self._look_below()
            # Variables are those of the watching process; what the session set, its copies have.
            facts = tuple(self._found(key) for key in self._facts.copy() if key[0] != "variable")
            left = [(path, self._left_at(path)) for path in self.wrote.copy()]
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
        for path in sorted(self.wrote.copy()):
            passing = path.startswith(self._temporary) and self.places.in_project(path) is None
            digest = "" if passing else self._left_at(path)
            if digest != self._reported.get(path, ""):
                self._reported[path] = digest
                yield ReadFile(path=path, digest=digest, what="left")

    def _left_at(self, path: str) -> str:
        stamp = file_stamp(path)
        known = self._left.get(path)
        if known is None or not stamp or known[0] != stamp or not is_quiet(stamp):
            known = self._left[path] = (stamp, state_of("left", path))
        return known[1]


def _nothing() -> None:
    pass


def _ignore(_: str) -> None:
    pass


def _entry(path: str) -> str:
    """What changes when an entry of a folder is made, replaced or removed; empty without one."""
    try:
        found = os.lstat(path)
    except (OSError, ValueError):
        return ""
    facts = (found.st_mode, found.st_ino, found.st_dev, found.st_nlink, found.st_size)
    return ":".join(map(str, (*facts, found.st_mtime_ns, found.st_ctime_ns)))


def makes_up_names(frame: FrameType) -> bool:
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
