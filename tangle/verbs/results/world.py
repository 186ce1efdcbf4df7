"""What is on disk now, which results of earlier runs are checked against."""

from __future__ import annotations

import os
from collections.abc import Sequence

from msgspec import Struct, field

from tangle.engine.file_identity import is_as_read, state_of
from tangle.model import ReadFile
from tangle.store import Installed, edit_stamp
from tangle.verbs.results.cache_keys import digest


class World(Struct, kw_only=True):
    """What is on disk now; everything is looked at once, as long as one command lasts."""

    installed: Installed = field(default_factory=Installed)
    _answers: dict[tuple[str, str, str], bool] = field(default_factory=dict)
    _local: dict[str, Installed] = field(default_factory=dict)
    _found: dict[tuple[str, tuple[str, ...]], bool] = field(default_factory=dict)
    _stamps: dict[str, str] = field(default_factory=dict)
    _code: dict[str, str] = field(default_factory=dict)

    def is_as_read(self, read: ReadFile) -> bool:
        """Whether code that learned something would learn the same now."""
        key = (read.what, read.path, read.digest)
        if key not in self._answers:
            self._answers[key] = is_as_read(read)
        return self._answers[key]

    def code_digest(self, files: str) -> str:
        """Return a digest that changes when files of installed packages are edited.

        Args:
            files: a folder and the files' paths below it, a line each.
        """
        if files not in self._code:
            folder, *paths = files.split("\n")
            stamps = [self._stamp(f"{folder}{os.sep}{path}") for path in paths]
            self._code[files] = digest("\n".join(stamps))
        return self._code[files]

    def _stamp(self, path: str) -> str:
        if path not in self._stamps:
            self._stamps[path] = edit_stamp(path)
        return self._stamps[path]

    def has_packages(self, packages: Sequence[tuple[str, str]]) -> bool:
        """Whether distributions are installed as they were."""
        versions = self.installed.versions
        return all(versions.get(name, "") == version for name, version in packages)

    def misses(self, modules: tuple[str, ...], directory: str) -> bool:
        """Whether none of these modules can be imported in a folder."""
        return not self._finds(directory, modules) and not self._finds("", modules)

    def origins(
        self, modules: Sequence[str]
    ) -> tuple[tuple[tuple[str, str], ...], tuple[ReadFile, ...]]:
        """The distributions that modules are of, with versions, and the files of all others."""
        owners = self.installed.owners(modules)
        names = sorted({name for found in owners.values() for name in found})
        places = [self.installed.place(module) for module, found in owners.items() if not found]
        files = tuple(
            ReadFile(path=place, digest=state_of("content", place)) for place in places if place
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
