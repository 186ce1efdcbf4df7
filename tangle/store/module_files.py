"""The files of installed modules, and a stamp that changes when packages come or go."""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import importlib.machinery
import importlib.util
import os
import sys
import sysconfig
from collections.abc import Sequence
from functools import cache, cached_property
from pathlib import Path
from types import ModuleType

from tangle.model import ModuleText, PackageName
from tangle.store.installed import Installed
from tangle.store.tree import is_generated_file

_COMPILED = tuple(importlib.machinery.EXTENSION_SUFFIXES)
_LARGEST = 4 * 1024 * 1024


class ModuleFiles:
    """Installed modules by name, the standard library's included; a file is read when asked for."""

    def __init__(self, folders: Sequence[str] | None = None) -> None:
        """Looks along `folders`; default: `sys.path`."""
        found = sys.path if folders is None else folders
        self._folders = tuple(folder for folder in found if folder)

    def stamp(self, package: PackageName) -> str:
        """A text that is another where packages were installed or removed.

        Args:
            package: the file of an installed module of this name counts as well.
        """
        paths = [*self._folders]
        paths += (f"{f}{os.sep}{package.root}{os.sep}{package.module}.py" for f in self._folders)
        found = hashlib.sha256()
        for path in paths:
            with contextlib.suppress(OSError):
                status = os.stat(path)  # noqa: PTH116 -- quick
                found.update(f"{path}\n{status.st_mtime_ns}\n{status.st_size}\n".encode())
        return found.hexdigest()[:16]

    def is_distribution(self, module: str) -> bool:
        """Whether a distribution has the name of a module."""
        return module.lower().replace("_", "-") in self._installed.versions

    def provider(self, top: str) -> str | None:
        """What provides a top-level module; None where nothing does, or tangle generated it."""
        place = self._installed.place(top)
        if place is not None:
            return None if is_generated_file(place) else place
        if not self._installed.may_have(top):
            return None
        # A package that several distributions share has no file of its own.
        return next(iter(self._installed.owners([top])[top]), None)

    @cached_property
    def _installed(self) -> Installed:
        return Installed(self._folders)

    def read(self, module: str) -> ModuleText | None:
        """The text of a module; None where it is not installed, or tangle generated it."""
        found = self._file(module)
        if found is None:
            return _built_in(module)
        path, package = found
        if path.endswith(_COMPILED):
            return ModuleText(source=None, package=False)
        try:
            if Path(path).stat().st_size > _LARGEST or is_generated_file(path):
                return None
            source = Path(path).read_bytes().decode("utf-8", "replace")
        except OSError:
            return None
        return ModuleText(source=source, package=package)

    def _file(self, module: str) -> tuple[str, bool] | None:
        """The file of a module, and whether it is a package's."""
        parts = module.split(".")
        if not all(part.isidentifier() for part in parts):
            return None
        for folder in self._places(parts[0]):
            stem = os.path.join(folder, *parts)  # noqa: PTH118 -- quick
            for end in (f"{os.sep}__init__.py", ".py", *_COMPILED):
                if os.path.isfile(stem + end):  # noqa: PTH113
                    return stem + end, end.startswith(os.sep)
        return None

    def _places(self, top: str) -> Sequence[str]:
        if top in sys.stdlib_module_names:
            return (_library(),)
        return self._folders


@cache
def _library() -> str:
    return sysconfig.get_path("stdlib")


def _built_in(module: str) -> ModuleText | None:
    """What a compiled module of the standard library has: importing one does nothing else."""
    try:
        found = _compiled(module)
    except ImportError:
        return None
    if found is None:
        return None
    return ModuleText(source=None, package=False, names=tuple(sorted(vars(found))))


def _compiled(module: str) -> ModuleType | None:
    """A compiled module, from Python's own folders alone: `sys.path` may lead into a clone."""
    if module in sys.builtin_module_names:
        return importlib.import_module(module)
    if module not in sys.stdlib_module_names:
        return None
    spec = importlib.machinery.PathFinder.find_spec(module, [_compiled_library()])
    if spec is None or not isinstance(spec.loader, importlib.machinery.ExtensionFileLoader):
        return None
    loaded = sys.modules.get(module)
    if loaded is not None and getattr(loaded, "__file__", None) == spec.origin:
        return loaded
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


def _compiled_library() -> str:
    return str(sysconfig.get_config_var("DESTSHARED") or Path(_library()) / "lib-dynload")
