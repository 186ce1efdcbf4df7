"""What files a session reads and writes, noticed as Python opens files and lists folders."""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
import time
from collections.abc import Iterable
from importlib.util import source_from_cache
from pathlib import Path

from tangle.model import ReadFile
from tangle.run.worker.forks import Forks
from tangle.run.worker.places import Places

_IGNORED = frozenset({"__pycache__", ".git", ".venv", ".tangle", "site-packages", "dist-packages"})
"""Folders that hold nothing of the notes' own."""
_IGNORED_ELSEWHERE = _IGNORED | {"matplotlib"}
"""Its list of the machine's fonts, outside the project."""
_WRITING = os.O_WRONLY | os.O_RDWR
_LISTING = frozenset({"os.listdir", "os.scandir"})
_SPAWNING = frozenset({"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn"})
_SPAWNING_MODULES = frozenset(
    {"multiprocessing.popen_spawn_posix", "multiprocessing.popen_forkserver"}
    | {"joblib.externals.loky.backend.popen_loky_posix", "loky.backend.popen_loky_posix"}
)
"""They start programs without a word, and are imported when they are to."""
_IMPORTING = "<frozen importlib"
_UNSURE = "changed"
"""The digest of a file that somebody else changed while the session had it: none is like it."""
_QUIET = 1.0
"""Seconds after its last change from which a file's stamp tells every later one: clocks of file
systems are coarse."""

Status = tuple[int, ...]


class ReadLog:
    """The files that were opened for reading, before the session itself wrote them.

    Attributes:
        spawned: whether a program was started, other than by a module while it is imported.
    """

    def __init__(self, folder: str, own: Iterable[str] = ()) -> None:
        """Watches all files but those of the system and of what is installed.

        Args:
            folder: the project's; links on the way to it do not show in the paths of its files.
            own: folders of generated code, which is known otherwise.
        """
        self._places = Places(folder, own)
        self._temporary = tempfile.gettempdir() + os.sep
        self._read: dict[str, tuple[str, Status | None]] = {}
        self._wrote: dict[str, None] = {}
        self._taken = 0
        self._told = 0
        self._busy = False
        self._forks = Forks()
        self.spawned = False

    def listen(self, event: str, arguments: tuple[object, ...]) -> None:
        """The audit hook; it costs what a string comparison costs, for all but the notes' own."""
        if event in _SPAWNING or (event == "os.fork" and not self._forks.possible):
            self.spawned = self.spawned or not is_importing()
        elif event == "import" and arguments[0] in _SPAWNING_MODULES:
            self.spawned = True
        if self._busy:
            return
        if event == "os.fork":
            self._hear_before_fork()
        elif event in _LISTING:
            self._list(arguments[0])
        elif event == "open":
            self._open(arguments[0], arguments[2])
        elif event == "sqlite3.connect":
            self._open(arguments[0], os.O_RDWR)

    def read_module(self, path: str) -> None:
        """Notes a module of the user's own as read, whatever was opened for it."""
        self._open(path, os.O_RDONLY)

    def read_settings(self, paths: Iterable[str]) -> None:
        """Notes files that a library looks for when it is imported, there or not."""
        for path in paths:
            rest = self._places.in_project(path)
            known = f"{self._places.project}{os.sep}{rest}" if rest is not None else path
            if known not in self._wrote:
                self._read.setdefault(known, ("", _status(known)))

    def begin_anew(self) -> None:
        """Goes on in a copy of the session."""
        self._forks.begin_anew()

    def take(self) -> tuple[tuple[ReadFile, ...], tuple[str, ...]]:
        """The files that were read since this was last asked, and those that were written."""
        self._busy = True
        try:
            self._hear_forks()
            read = list(self._read.items())[self._taken :]
            wrote = list(self._wrote)[self._told :]
            self._taken, self._told = len(self._read), len(self._wrote)
            found = [_as_read(path, *known) for path, known in sorted(read)]
            return tuple(found), tuple(path for path in wrote if self._is_left(path))
        finally:
            self._busy = False

    def _hear_forks(self) -> None:
        for path, digest, status, writes in self._forks.news():
            if writes:
                self._wrote.setdefault(path)
            elif path not in self._wrote:
                known = self._read.setdefault(path, (digest, tuple(status) if status else None))
                if digest and not known[0]:  # the fork wrote it then
                    self._read[path] = (digest, None)

    def _hear_before_fork(self) -> None:
        """A new fork need not tell again what those before it told."""
        if not self._forks.is_fork:
            self._busy = True
            try:
                self._hear_forks()
            finally:
                self._busy = False

    def _is_left(self, path: str) -> bool:
        """Whether a file that was written is there to stay."""
        passing = path.startswith(self._temporary) and self._places.in_project(path) is None
        return not passing and Path(path).is_file()

    def _open(self, path: object, flags: object) -> None:
        if isinstance(path, bytes):
            path = os.fsdecode(path)
        if not isinstance(path, str) or not isinstance(flags, int):
            return
        if path.endswith(".pyc"):
            path = source_of(path)
        if self._places.is_foreign(path) and "/../" not in path:
            return
        self._busy = True
        try:
            self._note(path, flags)
        finally:
            self._busy = False

    def _list(self, path: object) -> None:
        """Remembers a folder's names, unless Python looks there for modules."""
        if path is None:
            path = "."
        if isinstance(path, bytes):
            path = os.fsdecode(path)
        if not isinstance(path, str) or is_importing():
            return
        self._busy = True
        try:
            inside = self._inside(os.path.join(path, "x"))  # noqa: PTH118 -- any name in it
            if inside is not None:
                folder = inside[:-1]
                if folder not in self._read:
                    self._learn(folder, listing_digest(folder), None)
        finally:
            self._busy = False

    def _note(self, path: str, flags: int) -> None:
        inside = self._inside(path)
        if inside is None:
            return
        if not flags & _WRITING:
            if inside not in self._wrote and inside not in self._read:
                self._learn(inside, "", _status(inside))
            return
        known = self._read.get(inside)
        keeps = not flags & os.O_TRUNC and inside not in self._wrote
        if known is None and keeps and (status := _status(inside)):
            known = ("", status)
        if known is not None and not known[0] and known[1] is not None:
            # As it was read: this open may empty it.
            self._learn(inside, _as_read(inside, *known).digest, None)
        if inside not in self._wrote:
            self._wrote[inside] = None
            if self._forks.is_fork:
                self._forks.tell(inside, "", None, True)

    def _learn(self, path: str, digest: str, status: Status | None) -> None:
        """Takes note of a file or folder that was read; a fork tells the session."""
        self._read[path] = (digest, status)
        if self._forks.is_fork:
            self._forks.tell(path, digest, status, False)

    def _inside(self, path: str) -> str | None:
        """The path, the project's under its own name; None if it is not a file to report."""
        try:
            full = os.path.abspath(path)  # noqa: PTH100 -- `..` goes, links stay, no disk
        except (OSError, ValueError):
            return None
        if self._places.is_foreign(full) or full.endswith(".pyc"):
            return None
        rest = self._places.in_project(full)
        if rest is None:
            return full if _IGNORED_ELSEWHERE.isdisjoint(Path(full).parts) else None
        inside = _IGNORED.isdisjoint(Path(rest).parts)
        return f"{self._places.project}{os.sep}{rest}" if inside else None


def _status(path: str) -> Status | None:
    """What changes with a file; None where there is none to read."""
    try:
        found = os.stat(path)  # noqa: PTH116 -- quicker
    except (OSError, ValueError):
        return None
    return (found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_dev)


def _as_read(path: str, digest: str, status: Status | None) -> ReadFile:
    """The file as it was when the session opened it."""
    if digest or status is None:
        return ReadFile(path=path, digest=digest)
    digest = _digest(path)
    if _status(path) != status:
        return ReadFile(path=path, digest=_UNSURE)
    still = time.time() - max(status[1], status[2]) / 1e9 > _QUIET
    return ReadFile(path=path, digest=digest, stamp=":".join(map(str, status)) if still else "")


def source_of(path: str) -> str:
    """The module whose compiled form is read in its stead."""
    try:
        return source_from_cache(path)
    except ValueError:
        return path


def is_importing() -> bool:
    """Whether the code that runs was called by an import."""
    frame = sys._getframe(1)  # noqa: SLF001 -- what CPython has for this
    while frame.f_back is not None:
        frame = frame.f_back
        if frame.f_code.co_filename.startswith(_IMPORTING):
            return True
    return False


def listing_digest(folder: str) -> str:
    """SHA-256 of the names in a folder, hidden ones aside; empty where there is none."""
    try:
        names = sorted(
            name
            for name in os.listdir(folder)  # noqa: PTH208 -- quicker
            if not name.startswith(".")
        )
    except OSError:
        return ""
    text = "\0".join(names).encode("utf-8", "surrogateescape")
    return hashlib.sha256(text).hexdigest()


def _digest(path: str) -> str:
    """SHA-256 of the file; empty where there is none to read."""
    try:
        if not Path(path).is_file():
            return ""
        with Path(path).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
