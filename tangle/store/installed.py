"""What is installed for this Python, as far as results depend on it."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import importlib.machinery
import os
import re
import sys
import sysconfig
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path

_METADATA = (".dist-info", ".egg-info")
_EDITABLE = "__editable__."
_INSTALLING = 60.0
"""Seconds that an installer may take from a package's list of files to its last file."""
_ENDS = tuple(importlib.machinery.all_suffixes())


class Installed:
    """The packages that a session would import; looked for once, nothing is opened at first."""

    def __init__(self, folders: Sequence[str] | None = None) -> None:
        """Looks along `folders`, where modules are looked for; default: `sys.path`."""
        standard = sysconfig.get_paths()["stdlib"]
        found = sys.path if folders is None else folders
        self._folders = [folder for folder in found if folder and folder != standard]

    @cached_property
    def _entries(self) -> Mapping[str, frozenset[str]]:
        """The names in each of the folders."""
        found = {}
        for folder in self._folders:
            with contextlib.suppress(OSError):
                found[folder] = frozenset(os.listdir(folder))  # noqa: PTH208 -- quick
        return found

    @cached_property
    def versions(self) -> Mapping[str, str]:
        """The version of each distribution, by its name in lower case, `_` and `.` as `-`."""
        found: dict[str, str] = {}
        for names in self._entries.values():
            for name in sorted(names):
                if name.endswith(_METADATA):
                    title, version = _title(name)
                    found.setdefault(title, version)
        return found

    def has_module(self, name: str) -> bool:
        """Whether some folder has a top-level module of that name."""
        wanted = [name, *(name + end for end in _ENDS)]
        return any(not names.isdisjoint(wanted) for names in self._entries.values())

    def may_have(self, module: str) -> bool:
        """Whether a top-level module may be installed: `owners` decides, which takes longer.

        A module that is in none of the folders is installed by a separate finder, as `pip install
        --editable` makes them.
        """
        if self.has_module(module) or _normal(module) in self.versions:
            return True
        return any(
            module in _top_modules(Path(folder) / name)
            for folder, names in self._entries.items()
            for title in {_title(entry)[0] for entry in names if entry.startswith(_EDITABLE)}
            for name in names
            if name.endswith(_METADATA) and f"{_normal(_EDITABLE)}{_title(name)[0]}" == title
        )

    def owners(self, modules: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
        """For each top-level module the distributions that have files of it; none if none is known.

        Most are called as their module is; of the others, their metadata tell.
        """
        wanted = list(modules)
        found: dict[str, tuple[str, ...]] = {}
        found.update((m, (t,)) for m in wanted if (t := _normal(m)) in self.versions)
        if len(found) < len(wanted):
            for module in wanted:
                found.setdefault(module, tuple(sorted(set(self._tops.get(module, ())))))
        return found

    def edited(self, folder: str, paths: Sequence[str]) -> list[str]:
        """Return the files of packages that are not as they were installed.

        What was last changed before its package's list of files was written is not read.

        Args:
            folder: in which packages are installed.
            paths: of files below it.
        """
        owners = self.owners({path.partition(os.sep)[0].removesuffix(".py") for path in paths})
        metadata = {
            _title(name)[0]: Path(folder) / name
            for name in self._entries.get(folder, ())
            if name.endswith(_METADATA)
        }
        lists: dict[Path, float | None] = {}
        found = []
        for path in paths:
            for owner in owners.get(path.partition(os.sep)[0].removesuffix(".py"), ()):
                if owner not in metadata:
                    continue
                listed = metadata[owner] / "RECORD"
                if listed not in lists:
                    lists[listed] = _changed(listed)
                written, changed = lists[listed], _changed(Path(folder) / path)
                if written is None or changed is None or changed <= written + _INSTALLING:
                    continue
                if not _is_as_listed(Path(folder) / path, path, listed):
                    found.append(path)
        return found

    def place(self, module: str) -> str | None:
        """The file of a top-level module, the first that there is."""
        ends = [f"{os.sep}__init__.py", *_ENDS]
        for folder, names in self._entries.items():
            if not names.isdisjoint([module, *(module + end for end in _ENDS)]):
                found = (folder + os.sep + module + end for end in ends)
                return next((path for path in found if os.path.isfile(path)), None)  # noqa: PTH113
        return None

    @cached_property
    def _tops(self) -> Mapping[str, Sequence[str]]:
        found: defaultdict[str, list[str]] = defaultdict(list)
        for folder, names in self._entries.items():
            for name in names:
                if name.endswith(_METADATA):
                    for module in _top_modules(Path(folder) / name):
                        found[module].append(_title(name)[0])
        return found


def _changed(path: Path) -> float | None:
    """When a file was last changed; None if it is not there."""
    try:
        return path.stat().st_mtime
    except OSError:
        return None


def _is_as_listed(file: Path, name: str, listed: Path) -> bool:
    """Whether a file has the digest that its package's RECORD says."""
    try:
        lines = listed.read_text(encoding="utf-8", errors="replace").split("\n")
        data = file.read_bytes()
    except OSError:
        return False
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode("ascii")
    return any(line.startswith(f"{name},sha256={digest},") for line in lines)


def _title(name: str) -> tuple[str, str]:
    """Name and version of a distribution, from the name of its metadata."""
    stem = name.rpartition(".")[0]
    title, _, rest = stem.partition("-")
    return _normal(title), rest


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _top_modules(metadata: Path) -> set[str]:
    """The top-level modules of a distribution."""
    try:
        if not metadata.is_dir():
            return set()
        listed = metadata / "top_level.txt"
        if listed.is_file():
            return set(listed.read_text(encoding="utf-8", errors="replace").split())
        record = (metadata / "RECORD").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return set()
    return {_module(line) for line in record.split("\n")} - {""}


def _module(line: str) -> str:
    """The top-level module that a line of RECORD is about; empty where it is about none."""
    path = line.partition(",")[0].strip('"')
    top, slash, _ = path.partition("/")
    if slash:
        return "" if top.endswith(_METADATA) or top.startswith(("..", "__pycache__")) else top
    end = next((end for end in _ENDS if top.endswith(end)), None)
    return top[: -len(end)] if end else ""
