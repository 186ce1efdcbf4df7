"""What code may learn of a file, a folder or a variable, as a short text.

As long as the text is the same, code that asked learns the same again. Workers write it down when
the code asks; to find out later whether anything changed, it is asked for again.
"""

from __future__ import annotations

import glob
import hashlib
import importlib.machinery
import os
import re
import stat
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from tangle import STATE_FOLDER
from tangle.model import Asked, ReadFile

_ENDS: Final = tuple(importlib.machinery.all_suffixes())
_OWN_NAMES: Final = (STATE_FOLDER, "__pycache__")
"""What tangle and Python put into folders; the drafts of pages begin with the first."""
_WILDCARD: Final = re.compile(r"[*?\[]")
_SMALL: Final = 1 << 18
"""Bytes up to which a file that was left behind is compared by content; else by size and time."""
_QUIET: Final = 1.0
"""Seconds after its last change from which a file's stamp tells every later one."""

# As they are before a session's own questions are watched: a worker asks these at each of them.
_stat, _lstat, _readlink, _access = os.stat, os.lstat, os.readlink, os.access


def state_of(what: Asked, path: str) -> str:
    """The answer to a question about a path; empty where there is nothing, else what is wrong.

    Args:
        what: the question.
        path: absolute; for `variable` a name, for `module` what `module_question` makes.
    """
    try:
        return _ANSWERS[what](path)
    except FileNotFoundError:
        return ""
    except (OSError, ValueError) as error:
        return f"{type(error).__name__} {getattr(error, 'errno', '')}"


def is_as_read(read: ReadFile) -> bool:
    """Whether code that learned something would learn the same now."""
    untouched = bool(read.stamp) and file_stamp(read.path) == read.stamp
    return untouched or state_of(read.what, read.path) == read.digest


def module_question(names: Iterable[str], folders: Iterable[str]) -> str:
    """The `path` of a question where modules are found first, in a list of folders."""
    return "\n".join([",".join(sorted(names)), *folders])


def folders_of(question: str) -> tuple[str, ...]:
    """The folders of a question about modules."""
    return tuple(question.split("\n")[1:])


def variable_digest(value: str | None) -> str:
    """What stands for a variable's value, which may be a secret; empty where it is not set."""
    if value is None:
        return ""
    return hashlib.sha256(b"=" + value.encode("utf-8", "surrogateescape")).hexdigest()


def file_stamp(path: str) -> str:
    """What changes with a file's content; empty where there is none."""
    try:
        found = _stat(path)
    except (OSError, ValueError):
        return ""
    parts = (found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_dev)
    return ":".join(map(str, parts))


def is_quiet(stamp: str) -> bool:
    """Whether a file's stamp tells every later change: clocks of file systems are coarse."""
    if not stamp:
        return False
    _, changed, altered, *_ = map(int, stamp.split(":"))
    return time.time() - max(changed, altered) / 1e9 > _QUIET


def _content(path: str) -> str:
    found = _stat(path)
    if not stat.S_ISREG(found.st_mode):
        return "folder" if stat.S_ISDIR(found.st_mode) else "no file"
    with open(path, "rb") as file:  # noqa: PTH123
        return hashlib.file_digest(file, "sha256").hexdigest()


def _left(path: str) -> str:
    found = _lstat(path)
    if stat.S_ISLNK(found.st_mode):
        return f"link {_readlink(path)}"
    if stat.S_ISDIR(found.st_mode):
        return "folder"
    if not stat.S_ISREG(found.st_mode):
        return ""
    if found.st_size > _SMALL:
        return f"{found.st_size} {found.st_mtime_ns}"
    return _content(path)


def _names(path: str) -> str:
    return _digest(name for name in os.listdir(path) if not _is_own(name))  # noqa: PTH208


def _kinds(path: str) -> str:
    with os.scandir(path) as entries:
        return _digest(f"{e.name}/{_is_folder(e)}" for e in entries if not _is_own(e.name))


def _entries(path: str) -> str:
    with os.scandir(path) as entries:
        return _digest(f"{e.name}/{_entry_status(e)}" for e in entries if not _is_own(e.name))


# One entry that cannot be asked, such as a link to itself, must not hide all others.


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Whether an entry leads to a folder, as `os.walk` sees it."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def _entry_status(entry: os.DirEntry[str]) -> str:
    """Mode, size and time of an entry; empty where they cannot be had."""
    try:
        found = entry.stat(follow_symlinks=False)
    except OSError:
        return ""
    return f"{found.st_mode}/{found.st_size}/{found.st_mtime_ns}"


def _status(path: str) -> str:
    return _described(_stat(path))


def _link_status(path: str) -> str:
    return _described(_lstat(path))


def _described(found: os.stat_result) -> str:
    """All that a status tells but when the file was read last."""
    facts = (found.st_mode, found.st_ino, found.st_dev, found.st_nlink, found.st_uid, found.st_gid)
    return ":".join(map(str, (*facts, found.st_size, found.st_mtime_ns, found.st_ctime_ns)))


def _module(question: str) -> str:
    names, *folders = question.split("\n")
    wanted = frozenset(names.split(","))
    found: dict[str, str] = {}
    for index, folder in enumerate(folders):
        try:
            there = frozenset(os.listdir(folder))  # noqa: PTH208
        except OSError:
            continue
        for name in wanted.intersection(entry.partition(".")[0] for entry in there):
            if found.get(name, "/") == "/" and (form := _form(name, folder, there)):
                found[name] = form if form == "/" else f"{index}{os.sep}{form}"
    return _digest(f"{name}={place}" for name, place in found.items()) if found else ""


def _form(name: str, folder: str, there: frozenset[str]) -> str:
    """The entry of a folder that is imported; `/` for one without code, which comes last."""
    inside = os.path.join(folder, name)  # noqa: PTH118
    is_folder = name in there and os.path.isdir(inside)  # noqa: PTH112
    if is_folder and any(os.path.isfile(f"{inside}/__init__{end}") for end in _ENDS):  # noqa: PTH113
        return f"{name}{os.sep}"
    found = next((name + end for end in _ENDS if name + end in there), "")
    return found or ("/" if is_folder else "")


def _is_own(name: str) -> bool:
    return name.startswith(_OWN_NAMES)


def _digest(texts: Iterable[str]) -> str:
    text = "\0".join(sorted(texts)).encode("utf-8", "surrogateescape")
    return hashlib.sha256(text).hexdigest()


def matches(pattern: str) -> list[str]:
    """The files that a pattern means, sorted; hidden ones too."""
    found = glob.glob(pattern, recursive=True, include_hidden=True)  # noqa: PTH207 -- absolute
    return sorted(path for path in found if os.path.isfile(path))  # noqa: PTH113


def _below(pattern: str) -> Iterator[str]:
    """The files that a pattern means, relative to the folder that it names before any wildcard."""
    folder = os.path.dirname(_WILDCARD.split(pattern, maxsplit=1)[0])  # noqa: PTH120 -- texts
    return (os.path.relpath(path, folder or os.sep) for path in matches(pattern))


def _mode(path: str, status: Callable[[str], os.stat_result] = _stat) -> int:
    """Kind and rights of what is at a path; 0 where nothing can be seen there."""
    try:
        return status(path).st_mode
    except (OSError, ValueError):
        return 0


def _yes(fact: bool) -> str:
    return "yes" if fact else ""


_ANSWERS: Final[Mapping[str, Callable[[str], str]]] = {
    "content": _content,
    "names": _names,
    "kinds": _kinds,
    "entries": _entries,
    "exists": lambda path: _yes(bool(_mode(path))),
    "lexists": lambda path: _yes(bool(_mode(path, _lstat))),
    "isfile": lambda path: _yes(stat.S_ISREG(_mode(path))),
    "isdir": lambda path: _yes(stat.S_ISDIR(_mode(path))),
    "islink": lambda path: _yes(stat.S_ISLNK(_mode(path, _lstat))),
    "size": lambda path: str(_stat(path).st_size),
    "time": lambda path: str(_stat(path).st_mtime_ns),
    "status": _status,
    "lstatus": _link_status,
    "link": _readlink,
    "access": lambda path: "".join(_yes(_access(path, mode)) or "no" for mode in (0, 1, 2, 4)),
    "left": _left,
    "module": _module,
    "glob": lambda pattern: _digest(_below(pattern)),
    "variable": lambda name: variable_digest(os.environ.get(name)),
}
