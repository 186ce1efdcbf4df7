"""Write down absolute paths so that they mean the same on another machine.

A path below a folder that every machine has, such as the project's or the user's home, is kept
relative to it: `{project}/data/x.csv`. Any other path stays as it is.
"""

from __future__ import annotations

import os
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from tangle.engine.file_identity import module_question
from tangle.model import ReadFile

_LEVELS_ABOVE: Final = 2
"""Folders above the project that count as its surroundings: notes say `../data`."""


class Places:
    """Folders that every machine has, by name.

    Attributes:
        folders: absolute paths by name, those within others first.
    """

    def __init__(self, folders: Mapping[str, str]) -> None:
        """Take the folders; one that is no absolute path, or the root of all, is left out."""
        usable = {name: at.rstrip(os.sep) for name, at in folders.items() if os.path.isabs(at)}  # noqa: PTH117 -- texts
        found = {name: at for name, at in usable.items() if at}
        self.folders: Final = dict(sorted(found.items(), key=lambda item: -len(item[1])))

    @cached_property
    def _prefixes(self) -> tuple[tuple[str, str], ...]:
        return tuple((f"{{{name}}}", at + os.sep) for name, at in self.folders.items())

    def portable(self, path: str) -> str:
        """Return a path as it is kept."""
        for name, prefix in self._prefixes:
            if path.startswith(prefix) or path == prefix[:-1]:
                return name + path[len(prefix) - 1 :]
        return path

    def resolved(self, path: str) -> str:
        """Return a kept path as it is on this machine."""
        if not path.startswith("{"):
            return path
        name, brace, rest = path[1:].partition("}")
        at = self.folders.get(name)
        return at + rest if brace and at is not None else path

    def portable_read(self, read: ReadFile) -> ReadFile:
        """Return a fact with its path as it is kept."""
        return _with_path(read, self.portable)

    def resolved_read(self, read: ReadFile) -> ReadFile:
        """Return a fact with its path as it is on this machine."""
        return _with_path(read, self.resolved)

    def portable_code(self, files: str) -> str:
        """Return a list of installed files with its folder as it is kept."""
        folder, line_end, rest = files.partition("\n")
        return self.portable(folder) + line_end + rest

    def resolved_code(self, files: str) -> str:
        """Return a kept list of installed files with its folder as it is on this machine."""
        folder, line_end, rest = files.partition("\n")
        return self.resolved(folder) + line_end + rest


def places_of(root: Path) -> Places:
    """Return the places of a project.

    Args:
        root: the project's folder.
    """
    return Places({**dict(_around(root)), **_of_python(), **_of_user()})


def _around(root: Path) -> Iterator[tuple[str, str]]:
    """The project's folder, and the folders above it that are nothing else."""
    yield "project", str(root.absolute())
    taken = {*_of_user().values(), os.path.abspath(os.sep)}  # noqa: PTH100 -- a text
    name = "project"
    for folder in root.absolute().parents[:_LEVELS_ABOVE]:
        if str(folder) in taken:
            return
        name += "/.."
        yield name, str(folder)


def _of_python() -> dict[str, str]:
    paths = sysconfig.get_paths()
    return {"prefix": sys.prefix, "packages": paths["purelib"], "binary packages": paths["platlib"]}


def _of_user() -> dict[str, str]:
    """Folders of this user's, as the XDG Base Directory specification and matplotlib find them."""
    try:
        home = str(Path.home())
    except RuntimeError:
        home = ""
    environment = os.environ
    config = environment.get("XDG_CONFIG_HOME") or f"{home}/.config"
    return {
        "home": home,
        "config": config,
        "cache": environment.get("XDG_CACHE_HOME") or f"{home}/.cache",
        "matplotlib": environment.get("MPLCONFIGDIR") or f"{config}/matplotlib",
        "temporary": tempfile.gettempdir(),
    }


def _with_path(read: ReadFile, rename: Callable[[str], str]) -> ReadFile:
    if read.what == "variable":
        return read
    if read.what == "module":
        names, *folders = read.path.split("\n")
        question = module_question(names.split(","), map(rename, folders))
        return replace(read, path=question)
    return replace(read, path=rename(read.path))
