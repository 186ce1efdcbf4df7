"""What is on disk now, which results of earlier runs are checked against."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Final

from msgspec import Struct, field

from tangle.engine.file_identity import is_as_read, state_of
from tangle.model import ReadFile
from tangle.store import Installed, edit_stamp
from tangle.verbs.results.cache_keys import digest
from tangle.verbs.results.machine_facts import value_of
from tangle.verbs.results.packages import is_of_device, is_same_version
from tangle.verbs.results.places import Places

_EDITABLE: Final = "__editable__"
"""Begins the name of a module that says where code is that is installed from its own folder."""


class World(Struct, kw_only=True):
    """What is on disk now; everything is looked at once, as long as one command lasts.

    Paths come as `Places` keeps them.
    """

    places: Places
    installed: Installed = field(default_factory=Installed)
    _answers: dict[tuple[str, str, str], bool] = field(default_factory=dict)
    _local: dict[str, Installed] = field(default_factory=dict)
    _found: dict[tuple[str, tuple[str, ...]], bool] = field(default_factory=dict)
    _stamps: dict[str, str] = field(default_factory=dict)
    _code: dict[str, str] = field(default_factory=dict)
    _edited: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _facts: dict[str, str] = field(default_factory=dict)

    def is_as_read(self, read: ReadFile) -> bool:
        """Whether code that learned something would learn the same now."""
        key = (read.what, read.path, read.digest)
        if key not in self._answers:
            self._answers[key] = is_as_read(self.places.resolved_read(read))
        return self._answers[key]

    def fact_digest(self, fact: str) -> str:
        """Return the digest of a fact of this machine (see `machine_facts`)."""
        if fact not in self._facts:
            self._facts[fact] = digest(value_of(fact, self.places))
        return self._facts[fact]

    def code_digest(self, files: str) -> str:
        """Return a digest that changes when files of installed packages are edited.

        Args:
            files: a folder and the files' paths below it, a line each.
        """
        if files not in self._code:
            folder, *paths = self.places.resolved_code(files).split("\n")
            stamps = [self._stamp(f"{folder}{os.sep}{path}") for path in paths]
            self._code[files] = digest("\n".join(stamps))
        return self._code[files]

    def edited(self, files: str) -> tuple[str, ...]:
        """Return the files of installed packages that are not as they were installed.

        Args:
            files: as for `code_digest`.
        """
        if files not in self._edited:
            folder, *paths = files.split("\n")
            found = self.installed.edited(self.places.resolved(folder), paths)
            self._edited[files] = tuple(f"{folder}{os.sep}{path}" for path in found)
        return self._edited[files]

    def content(self, path: str) -> ReadFile:
        """Return what is in a file now, as if it had been read."""
        return ReadFile(path=path, digest=state_of("content", self.places.resolved(path)))

    def _stamp(self, path: str) -> str:
        if path not in self._stamps:
            self._stamps[path] = edit_stamp(path)
        return self._stamps[path]

    def has_packages(self, packages: Sequence[tuple[str, str]]) -> bool:
        """Whether distributions are installed as they were."""
        versions = self.installed.versions
        return all(
            is_of_device(name) or is_same_version(versions.get(name, ""), version)
            for name, version in packages
        )

    def misses(self, modules: tuple[str, ...], directory: str) -> bool:
        """Whether none of these modules can be imported in a folder."""
        return not self._finds(directory, modules) and not self._finds("", modules)

    def origins(
        self, modules: Sequence[str]
    ) -> tuple[tuple[tuple[str, str], ...], tuple[ReadFile, ...]]:
        """The distributions that modules are of, with versions, and the files of all others."""
        owners = self.installed.owners(m for m in modules if not m.startswith(_EDITABLE))
        names = sorted({name for found in owners.values() for name in found})
        places = [self.installed.place(module) for module, found in owners.items() if not found]
        files = tuple(
            ReadFile(path=self.places.portable(place), digest=state_of("content", place))
            for place in places
            if place
        )
        return tuple((name, self.installed.versions[name]) for name in names), files

    def _finds(self, directory: str, modules: tuple[str, ...]) -> bool:
        """Whether a folder, or no folder but where packages are installed, has such a module."""
        key = (directory, modules)
        if key not in self._found:
            found = self._local_modules(directory) if directory else self.installed
            self._found[key] = any(map(found.has_module, modules))
        return self._found[key]

    def _local_modules(self, directory: str) -> Installed:
        if directory not in self._local:
            given = os.environ.get("PYTHONPATH", "").split(os.pathsep)
            own = (folder for folder in given if folder and "-packages" not in folder)
            self._local[directory] = Installed([directory, *own])
        return self._local[directory]
