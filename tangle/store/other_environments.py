"""Find the Python environments that stand beside a graph, by their files alone."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Final

from msgspec import Struct

_NAMES: Final = (".venv", "venv", "env", ".env")
_MODULE_ENDS: Final = ("", ".py")


class Environment(Struct, frozen=True, kw_only=True):
    """A Python environment that is not the one that runs.

    Attributes:
        folder: that holds its `pyvenv.cfg`.
        programs: the folder of its programs.
        packages: the folders of its modules.
    """

    folder: Path
    programs: Path
    packages: tuple[Path, ...]

    def has(self, module: str) -> bool:
        """Whether a module or package of that name is installed in it."""
        return any(
            (folder / f"{module}{end}").exists() for folder in self.packages for end in _MODULE_ENDS
        )


@cache
def environments_beside(folders: tuple[Path, ...]) -> tuple[Environment, ...]:
    """Return the environments in some folders, without the one that runs.

    Args:
        folders: of the project, and of its graph.
    """
    return tuple(_environments(folders))


def _environments(folders: Iterable[Path]) -> Iterator[Environment]:
    own = Path(sys.prefix).resolve()
    for folder in dict.fromkeys(folders):
        for name in _NAMES:
            found = folder / name
            if (found / "pyvenv.cfg").is_file() and found.resolve() != own:
                on_windows = os.name == "nt"
                packages = "Lib/site-packages" if on_windows else "lib/python3*/site-packages"
                yield Environment(
                    folder=found,
                    programs=found / ("Scripts" if on_windows else "bin"),
                    packages=tuple(sorted(found.glob(packages))),
                )
