"""Which files are the system's or belong to what is installed, and so are no section's own."""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path

_SYSTEM = ("/proc/", "/sys/", "/dev/", "/etc/", "/usr/", "/lib", "/bin/", "/sbin/")
_ENGINE = str(Path(__file__).resolve().parents[2])


class Places:
    """Tells files that do not count, by the beginnings of their paths.

    A project may lie where else only the system's files do (`/usr/src/app`), or be the very folder
    of a virtual environment; its files count all the same.

    Attributes:
        project: the project's folder.
    """

    def __init__(self, project: str, own: Iterable[str] = ()) -> None:
        """Looks where Python is.

        Args:
            project: the project's folder; links on the way to it do not show in the paths of its
                files.
            own: folders of generated code, which is known otherwise.
        """
        self.project = str(Path(project).absolute())
        roots = dict.fromkeys(both_names(self.project))
        self._roots = tuple(map(as_folder, roots))
        prefixes = {p for path in (sys.prefix, sys.base_prefix) for p in both_names(path)}
        around = {p for p in prefixes if any(r.startswith(as_folder(p)) for r in self._roots)}
        paths = sysconfig.get_paths()
        libraries = {paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")}
        never = (_ENGINE, *own, *libraries, *(prefixes - around))
        self._never = tuple(dict.fromkeys(map(as_folder, never)))
        self._elsewhere = (*_SYSTEM, *map(as_folder, around))

    def in_project(self, path: str) -> str | None:
        """What follows the project's folder in an absolute path; None for one that is not in it."""
        root = next((root for root in self._roots if path.startswith(root)), None)
        return None if root is None else path[len(root) :]

    def is_foreign(self, path: str) -> bool:
        """Whether a file belongs to the system, to what is installed or to tangle itself."""
        return path.startswith(self._never) or (
            path.startswith(self._elsewhere) and not path.startswith(self._roots)
        )


def as_folder(path: str) -> str:
    """A folder's path as those of its files begin."""
    return path.rstrip(os.sep) + os.sep


def both_names(folder: str) -> tuple[str, str]:
    """A folder's path as it is given, and without links."""
    return folder, str(Path(folder).resolve())
