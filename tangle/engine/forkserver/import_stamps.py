"""Whether what a process has imported is what a fresh one would import now."""

from __future__ import annotations

import os
import site
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

Stamps = Mapping[str, tuple[int, int, int] | None]
"""For each file or folder when it was changed, its size and its inode; None where there is none."""


def take(names: Sequence[str]) -> Stamps:
    """Stamps of all that importing modules has read, in this process.

    Those are the modules' own files, the folders that packages are installed in, and the files
    that libraries take their settings from while they are imported, there or not.

    Args:
        names: the modules that were asked for.
    """
    files = [
        getattr(module, "__file__", None)
        for name, module in sys.modules.items()
        if name != "tangle" and not name.startswith("tangle.")
    ]
    paths = [path for path in files if isinstance(path, str) and path.startswith(os.sep)]
    paths += [folder for folder in _sites() if folder in sys.path]
    if any(name.partition(".")[0] in ("matplotlib", "seaborn") for name in names):
        paths += matplotlib_settings()
        for folder in matplotlib_styles():
            paths += [folder, *map(str, Path(folder).glob("*"))]
    return of_files(paths)


def of_files(paths: Iterable[str]) -> Stamps:
    """Stamps of some files."""
    return {path: _stamp(path) for path in paths}


def changed(stamps: Stamps) -> str:
    """The first path that is not as it was; empty where there is none."""
    return next((path for path, stamp in stamps.items() if _stamp(path) != stamp), "")


def _stamp(path: str) -> tuple[int, int, int] | None:
    try:
        status = os.stat(path)  # noqa: PTH116 -- thousands of them
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def _sites() -> list[str]:
    return [*site.getsitepackages(), site.getusersitepackages()]


def matplotlib_styles() -> list[str]:
    """The folders of the user's that matplotlib reads styles from when it is imported."""
    return [str(folder / "stylelib") for folder in _matplotlib_folders()]


def _matplotlib_folders() -> list[Path]:
    environment = os.environ
    home = Path(environment.get("HOME") or "/")
    config = Path(environment.get("XDG_CONFIG_HOME") or home / ".config")
    named = environment.get("MPLCONFIGDIR")
    return [config / "matplotlib", home / ".matplotlib", *([Path(named)] if named else [])]


def matplotlib_settings() -> list[str]:
    """Where matplotlib looks for a `matplotlibrc`; its own is in its package."""
    named = os.environ.get("MATPLOTLIBRC")
    folders = [Path.cwd(), *_matplotlib_folders()]
    paths = [str(folder / "matplotlibrc") for folder in folders]
    return [*paths, *([named, str(Path(named) / "matplotlibrc")] if named else [])]
