"""Where the modules of a session were found, so that one that stands before them is seen later."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from tangle.engine.file_identity import module_question, state_of

_SITES = ("site-packages", "dist-packages")


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
        groups: dict[tuple[str, ...], set[str]] = {}
        usual = [(folder, self._counts(folder)) for folder in _path("")]
        for name, place in self._new:
            if not self._is_own(place):
                package, _, last = name.rpartition(".")
                path = [(f, self._counts(f)) for f in _path(package)] if package else usual
                groups.setdefault(_before(place, path), set()).add(last)
        self._new.clear()
        groups.setdefault(tuple(f for f, counts in usual if counts), set()).update(missing)
        for folders, names in groups.items():
            if folders and names:
                question = module_question(names, folders)
                yield question, state_of("module", question)

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
    """The files of installed modules that were loaded, as they are told: a text for each folder."""

    def __init__(self) -> None:
        """Knows none yet."""
        self._new: list[str] = []

    def add(self, name: str) -> None:
        """Takes a module that was loaded."""
        self._new.append(name)

    def news(self) -> tuple[str, ...]:
        """The files since this was last asked."""
        folders: dict[str, list[str]] = {}
        for name in self._new:
            # Only the module's own dictionary: lazy ones import what is asked of them.
            file = getattr(sys.modules.get(name), "__dict__", {}).get("__file__")
            if isinstance(file, str):
                for site in _SITES:
                    before, found, after = file.partition(f"{os.sep}{site}{os.sep}")
                    if found:
                        folders.setdefault(f"{before}{os.sep}{site}", []).append(after)
                        break
        self._new.clear()
        return tuple("\n".join([folder, *sorted(files)]) for folder, files in folders.items())


def _before(place: str, path: Iterable[tuple[str, bool]]) -> tuple[str, ...]:
    """The folders that count up to that of a module, and its own if that counts."""
    found = []
    for folder, counts in path:
        if counts:
            found.append(folder)
        if place.startswith(folder.rstrip(os.sep) + os.sep):
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
