"""Recognise files that are not a section's own: packages', the system's, tangle's."""

from __future__ import annotations

import os
import re
import sysconfig
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from tangle import STATE_FOLDER

ENGINE: Final = str(Path(__file__).resolve().parents[2]) + os.sep
"""Where tangle's own code is."""

WINDOWS: Final = ("/proc/", "/sys/")
"""They show the state of the machine, which is another at each look."""

_FONTS = re.compile(r"/\.?matplotlib/(fontlist-v[^/]*\.json|[^/]*\.matplotlib-lock)$")
"""matplotlib's list of the machine's fonts, which it writes when it misses it."""


class Places:
    """Tells files that do not count, by their paths.

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
        paths = sysconfig.get_paths()
        names = ("stdlib", "platstdlib", "purelib", "platlib")
        libraries = {name for kind in names for name in both_names(paths[kind])}
        state = (f"{root}{STATE_FOLDER}" for root in self._roots)
        never = (ENGINE, *own, *sorted(libraries), *state)
        self._never = tuple(dict.fromkeys(map(as_folder, never)))

    def in_project(self, path: str) -> str | None:
        """What follows the project's folder in an absolute path; None for one that is not in it."""
        root = next((root for root in self._roots if path.startswith(root)), None)
        return None if root is None else path[len(root) :]

    def known_as(self, path: str) -> str:
        """An absolute path, in the project below the project's own name."""
        rest = self.in_project(path)
        return path if rest is None else f"{self.project}{os.sep}{rest}"

    def is_foreign(self, path: str) -> bool:
        """Whether a file is known otherwise: installed, Python's, generated, or tangle's."""
        return f"{path}{os.sep}".startswith(self._never) or (
            "matplotlib" in path and _FONTS.search(path) is not None
        )


def as_folder(path: str) -> str:
    """A folder's path as those of its files begin."""
    return path.rstrip(os.sep) + os.sep


def both_names(folder: str) -> tuple[str, str]:
    """A folder's path as it is given, and without links."""
    return folder, str(Path(folder).resolve())
