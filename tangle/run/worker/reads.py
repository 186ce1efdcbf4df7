"""What below a folder a session reads, noticed as Python opens files and lists folders."""

from __future__ import annotations

import hashlib
import os
import sys
from importlib.util import source_from_cache
from pathlib import Path

from tangle.model import ReadFile

_IGNORED = frozenset({"__pycache__", ".git", ".venv", ".tangle", "site-packages"})
_WRITING = os.O_WRONLY | os.O_RDWR
_ENGINE = str(Path(__file__).resolve().parents[2]) + os.sep
_LISTING = frozenset({"os.listdir", "os.scandir"})
_SPAWNING = frozenset({"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn"})
_IMPORTING = "<frozen importlib"


class ReadLog:
    """The files that were opened for reading, before the session itself wrote them.

    Attributes:
        spawned: whether a program was started, other than by a module while it is imported.
    """

    def __init__(self, folder: str) -> None:
        """Watches below `folder`."""
        self._folder = str(Path(folder).absolute())
        real = str(Path(folder).resolve())
        self._roots = tuple(dict.fromkeys(root + os.sep for root in (self._folder, real)))
        self._read: dict[str, str] = {}
        self._wrote: set[str] = set()
        self._busy = False
        self.spawned = False

    def listen(self, event: str, arguments: tuple[object, ...]) -> None:
        """The audit hook; it costs what a string comparison costs, for all but the folder's."""
        if event in _SPAWNING:
            self.spawned = self.spawned or not is_importing()
        if event in _LISTING and not self._busy:
            self._list(arguments[0])
        if event != "open" or self._busy:
            return
        path, _, flags = arguments
        if isinstance(path, bytes):
            path = os.fsdecode(path)
        if not isinstance(path, str) or not isinstance(flags, int):
            return
        if path.endswith(".pyc"):
            path = source_of(path)
        if path.startswith("/") and not path.startswith(self._roots) and "/../" not in path:
            return
        self._busy = True
        try:
            self._note(path, bool(flags & _WRITING))
        finally:
            self._busy = False

    def close(self) -> tuple[ReadFile, ...]:
        """The files with the digests of what was read, by path."""
        self._busy = True
        found = ((path, known or _digest(path)) for path, known in sorted(self._read.items()))
        return tuple(ReadFile(path=path, digest=digest) for path, digest in found if digest)

    def reopen(self) -> None:
        """Goes on listening after `close`."""
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
                self._read.setdefault(folder, listing_digest(folder))
        finally:
            self._busy = False

    def _note(self, path: str, writing: bool) -> None:
        inside = self._inside(path)
        if inside is None:
            return
        if not writing:
            if inside not in self._wrote:
                self._read.setdefault(inside, "")
        else:
            if self._read.get(inside) == "":
                self._read[inside] = _digest(inside)  # as it was read: this open may empty it
            self._wrote.add(inside)

    def _inside(self, path: str) -> str | None:
        """The path under the folder's own name, None if it is not a file to report."""
        try:
            full = os.path.abspath(path)  # noqa: PTH100 -- `..` goes, links stay, no disk
        except (OSError, ValueError):
            return None
        root = next((root for root in self._roots if full.startswith(root)), None)
        if root is None or full.endswith(".pyc") or full.startswith(_ENGINE):
            return None
        rest = full[len(root) :]
        if not _IGNORED.isdisjoint(Path(rest).parts) or full.startswith(sys.prefix + os.sep):
            return None
        return f"{self._folder}{os.sep}{rest}"


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
