"""What a configuration may not name: it may have come with a clone, and no user looked at it yet.

It may not send what is generated out of its own folder or into an environment, and not give the
package the name of a module that other programs import.
"""

from __future__ import annotations

import importlib.machinery
import os
import sys
import sysconfig
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

from tangle.store import MARK

DEFAULT_PACKAGE: Final = "d2l"
"""What the book's notes call their package: it may be laid over an installed one of that name."""

_SITES: Final = frozenset({"site-packages", "dist-packages"})
_ENVIRONMENT_MARKS: Final = ("pyvenv.cfg", "conda-meta")
_RUN_BY_ITSELF: Final = frozenset({"conftest", "sitecustomize", "usercustomize"})
_COMMON_LIBRARIES: Final = frozenset(
    {
        *("IPython", "PIL", "click", "coverage", "filelock", "matplotlib", "numpy", "pandas"),
        *("pip", "pytest", "requests", "rich", "scipy", "seaborn", "setuptools", "sklearn"),
        *("tangle", "tangle_cli", "torch", "torchvision", "tqdm"),
    }
)
"""Libraries of tangle and of most notes: refused even where this Python does not have them."""


def leads_out(folder: Path, name: str) -> bool:
    """Whether a path that a configuration names lies outside of the configuration's folder.

    Args:
        folder: the configuration's.
        name: the path; links on it count as what they lead to.
    """
    try:
        return not (folder / name).resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError, ValueError):  # a circle of links, a null byte
        return True


def environment_around(target: Path, folder: Path) -> Path | None:
    """The Python environment, or the git repository's own folder, that an output would go into.

    Args:
        target: the output folder; it need not exist.
        folder: the configuration's folder. An environment around it, as where `python -m venv .`
            made one of the project itself, counts only for its folders of packages and programs.
    """
    real, top = target.resolve(), folder.resolve()
    for at in (real, *real.parents):
        if at.name.casefold() in _SITES or at.name == ".git" or at in _package_folders():
            return at
        if not top.is_relative_to(at) and _is_environment(at):
            return at
    return None


def _is_environment(folder: Path) -> bool:
    prefixes = {Path(sys.prefix).resolve(), Path(sys.base_prefix).resolve()}
    return folder in prefixes or any((folder / name).exists() for name in _ENVIRONMENT_MARKS)


@cache
def _package_folders() -> frozenset[Path]:
    """Where this Python keeps modules and programs."""
    names = ("stdlib", "platstdlib", "purelib", "platlib", "scripts")
    paths = sysconfig.get_paths()
    return frozenset(Path(paths[name]).resolve() for name in names if name in paths)


def taken_by(name: str, folder: Path) -> str | None:
    """What a package of that name would hide; None where it would hide nothing.

    Args:
        name: the package's top-level name.
        folder: the configuration's: what stands there is the project's own.
    """
    if name in sys.stdlib_module_names or name in sys.builtin_module_names:
        return f"the module {name} of the standard library"
    if name in _RUN_BY_ITSELF:
        return f"{name}, which Python or pytest run by themselves"
    if name == DEFAULT_PACKAGE:
        return None
    if name in _COMMON_LIBRARIES:
        return f"the installed package {name}"
    found = installed_place(name, folder)
    return None if found is None else f"the installed package {name} ({found})"


def installed_place(name: str, folder: Path) -> Path | None:
    """Where a module of that name is installed; None where none is, or tangle generated it.

    Args:
        name: the top-level name.
        folder: the project's: what stands there is its own.
    """
    for entry in map(Path, filter(None, sys.path)):
        if entry.resolve() != folder.resolve():
            for path in _places(entry, name):
                return None if _is_generated(path) else path
    return None


def _places(entry: Path, name: str) -> Iterator[Path]:
    """The files by which a folder provides a module; of a package without one, its folder."""
    package = entry / name
    if package.is_dir():
        if (package / "__init__.py").is_file():
            yield package / "__init__.py"
        elif entry.name in _SITES:
            yield package
    for end in importlib.machinery.all_suffixes():
        if (path := entry / f"{name}{end}").is_file():
            yield path


def _is_generated(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return os.fsdecode(file.read(len(MARK))) == MARK
