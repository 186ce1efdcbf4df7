"""Which modules a session has loaded, and where they were found.

So it is seen later when one was edited in place, or when another stands before it on the path.
"""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from tangle.engine.file_identity import module_question, state_of

_SITES = ("site-packages", "dist-packages")
_OWN = frozenset({"tangle", "tangle_cli", "__main__", "__mp_main__"})


class Preloaded:
    """The modules that a template had loaded, looked at once for all that are forked from it.

    To look at a module in a fork counts a reference, and that copies the page where it stands:
    thousands of them where torch is loaded. Modules of the user's own are not among these.

    Attributes:
        names: all modules that a fork need not look at.
        installed: the installed ones among those at the top level.
        places: those at the top level that have a file or a folder, with it.
        files: as `InstalledModules.news` has them.
    """

    def __init__(self) -> None:
        """Knows none yet."""
        self.names: set[str] = set()
        self.installed: list[str] = []
        self.places: list[tuple[str, str]] = []
        self.files: list[str] = []

    def learn(self) -> None:
        """Takes what is loaded now."""
        modules = InstalledModules()
        own: set[str] = set()
        new = [name for name in list(sys.modules) if name not in self.names]
        for name in sorted(new, key=lambda name: name.count(".")):
            top = name.partition(".")[0]
            place = place_of(sys.modules.get(name)) if name == top and top not in _OWN else None
            if place is not None:
                if not is_installed(place) and not place.startswith(STANDARD):
                    own.add(top)
                    continue
                self.places.append((name, place))
                if is_installed(place):
                    self.installed.append(name)
            if top not in own:
                self.names.add(name)
                modules.add(name)
        self.files += modules.news()


PRELOADED: Final = Preloaded()
"""What this process, or the template that it was forked from, learned."""


class FirstFound:
    """The folders in which a module would be found before the one that was loaded."""

    def __init__(self, own: Iterable[str]) -> None:
        """Knows no module yet.

        Args:
            own: folders of generated code, which lie elsewhere in the next run.
        """
        self._own = frozenset(own)
        self._new: list[tuple[str, str]] = []

    def add(self, name: str, place: str) -> None:
        """Takes a module that was loaded, with its file, or a folder."""
        self._new.append((name, place))

    def news(self, missing: Iterable[str]) -> Iterator[tuple[str, str]]:
        """Questions and answers about the modules since this was last asked.

        Args:
            missing: modules that were found nowhere.
        """
        missing = set(missing)
        if not self._new and not missing:
            return
        groups: dict[tuple[str, ...], set[str]] = {}
        usual = self._folders("")
        for name, place in self._new:
            if not self._is_own(place):
                package, _, last = name.rpartition(".")
                path = self._folders(package) if package else usual
                groups.setdefault(_before(place, path), set()).add(last)
        self._new.clear()
        groups.setdefault(tuple(folder for folder, counts, _ in usual if counts), set()).update(
            missing
        )
        for folders, names in groups.items():
            if folders and names:
                question = module_question(names, folders)
                yield question, state_of("module", question)

    def _folders(self, package: str) -> list[tuple[str, bool, str]]:
        """The folders where a package's modules are looked for.

        Returns:
            For each whether it counts, and how the paths of its files begin.
        """
        found = list(_path(package))
        return [(folder, self._counts(folder), folder.rstrip(os.sep) + os.sep) for folder in found]

    def _is_own(self, place: str) -> bool:
        return any(place.startswith(folder + os.sep) for folder in self._own)

    def _counts(self, folder: str) -> bool:
        """Whether modules may come and go in a folder unseen: installed ones have versions."""
        return (
            folder not in self._own
            and not folder.endswith((".zip", "lib-dynload"))
            and folder != os.path.dirname(os.__file__)  # noqa: PTH120 -- quicker
            and _SITES[0] not in folder
            and _SITES[1] not in folder
        )


class InstalledModules:
    """The files of installed modules that were loaded, as reported: a text for each folder."""

    def __init__(self) -> None:
        """Knows none yet."""
        self._new: list[str] = []
        self._files: list[str] = []

    def add(self, name: str) -> None:
        """Takes a module that was loaded."""
        self._new.append(name)

    def add_files(self, files: Iterable[str]) -> None:
        """Takes files that were known before, as `news` has them."""
        self._files += files

    def news(self) -> tuple[str, ...]:
        """The files since this was last asked."""
        before, self._files = self._files, []
        folders: dict[str, list[str]] = {}
        for name in self._new:
            # Only the module's own dictionary: lazy ones import what is asked of them.
            file = getattr(sys.modules.get(name), "__dict__", {}).get("__file__")
            if isinstance(file, str):
                for site in _SITES:
                    top, found, below = file.partition(f"{os.sep}{site}{os.sep}")
                    if found:
                        folders.setdefault(f"{top}{os.sep}{site}", []).append(below)
                        break
        self._new.clear()
        texts = ("\n".join([folder, *sorted(files)]) for folder, files in folders.items())
        return (*before, *texts)


def _before(place: str, path: Iterable[tuple[str, bool, str]]) -> tuple[str, ...]:
    """The folders that count up to that of a module, and its own if that counts."""
    found = []
    for folder, counts, start in path:
        if counts:
            found.append(folder)
        if place.startswith(start):
            break
    return tuple(found)


def _path(package: str) -> Iterator[str]:
    """The folders in which the modules of a package are looked for, absolute; empty for none."""
    entries = getattr(sys.modules.get(package), "__path__", ()) if package else sys.path
    for entry in list(entries):
        if isinstance(entry, str):
            try:
                yield str(Path(entry).absolute())
            except OSError:
                return  # the current folder is gone


def place_of(module: object) -> str | None:
    """The file of a module, if it has one, or the first folder of a package without."""
    if not isinstance(module, ModuleType):
        return None
    place = module.__dict__.get("__file__")
    if isinstance(place, str):
        return place
    path: Any = module.__dict__.get("__path__")
    return next((str(entry) for entry in path), None) if path is not None else None


def is_installed(place: str) -> bool:
    """Whether a file is that of an installed package."""
    return any(f"{os.sep}{site}{os.sep}" in place for site in _SITES)


def is_own(name: str) -> bool:
    """Whether a module is tangle's, or a session's main module."""
    return name.partition(".")[0] in _OWN


def _standard() -> tuple[str, ...]:
    paths = sysconfig.get_paths()
    found = {paths["stdlib"], paths["platstdlib"]}
    found |= {str(Path(path).resolve()) for path in found}
    return tuple(path + os.sep for path in found)


STANDARD: Final = _standard()
"""The folders of Python's own modules."""
