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
        roots = dict.fromkeys((self.project, str(Path(project).resolve())))
        self._roots = tuple(_folder(root) for root in roots)
        prefixes = {p for path in (sys.prefix, sys.base_prefix) for p in _both_names(path)}
        around = {
            path for path in prefixes if any(r.startswith(_folder(path)) for r in self._roots)
        }
        paths = sysconfig.get_paths()
        libraries = {paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")}
        never = (_ENGINE, *own, *libraries, *(prefixes - around))
        self._never = tuple(dict.fromkeys(map(_folder, never)))
        self._elsewhere = (*_SYSTEM, *map(_folder, around))

    def in_project(self, path: str) -> str | None:
        """What follows the project's folder in an absolute path; None for one that is not in it."""
        root = next((root for root in self._roots if path.startswith(root)), None)
        return None if root is None else path[len(root) :]

    def is_foreign(self, path: str) -> bool:
        """Whether a file belongs to the system, to what is installed or to tangle itself."""
        return path.startswith(self._never) or (
            path.startswith(self._elsewhere) and not path.startswith(self._roots)
        )


def _folder(path: str) -> str:
    return path.rstrip(os.sep) + os.sep


def _both_names(folder: str) -> tuple[str, str]:
    return folder, str(Path(folder).resolve())
