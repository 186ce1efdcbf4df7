"""Write no bytecode for the notes' own modules.

Python takes a compiled file for that of a source with the same size and the same time in whole
seconds. A helper that is saved, run, and saved again within a second would run as it was before.
"""

from __future__ import annotations

import os
import sysconfig
from importlib.machinery import SourceFileLoader
from typing import Any

_SITES = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}")
_STANDARD = tuple(f"{sysconfig.get_path(name)}{os.sep}" for name in ("stdlib", "platstdlib"))


def compile_only_libraries() -> None:
    """From now on only modules of the standard library and of installed packages are kept so."""
    write = SourceFileLoader.set_data

    def set_data(self: SourceFileLoader, path: str, data: Any, **options: Any) -> None:
        source = str(self.path)
        if source.startswith(_STANDARD) or any(site in source for site in _SITES):
            write(self, path, data, **options)

    SourceFileLoader.set_data = set_data  # type: ignore[method-assign]
