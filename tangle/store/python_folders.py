"""Recognise folders of a Python environment or of git, which hold no notes."""

from __future__ import annotations

import sys
import sysconfig
from functools import cache
from pathlib import Path
from typing import Final

SITE_FOLDERS: Final = frozenset({"site-packages", "dist-packages"})
_ENVIRONMENT_MARKS: Final = ("pyvenv.cfg", "conda-meta")


def environment_around(target: Path, folder: Path) -> Path | None:
    """The Python environment, or the git repository's own folder, that a folder is or lies in.

    Args:
        target: the folder; it need not exist.
        folder: the project's. An environment around it, as where `python -m venv .` made one of
            the project itself, counts only for its folders of packages and programs.
    """
    real, top = target.resolve(), folder.resolve()
    for at in (real, *real.parents):
        if at.name.casefold() in SITE_FOLDERS or at.name == ".git" or at in _package_folders():
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
