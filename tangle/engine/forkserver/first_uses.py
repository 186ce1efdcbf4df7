"""Does once, in a template, what libraries otherwise do on their first use in each worker.

Every worker seeds the generators, and most workers with torch print a tensor. The modules and files
that this needs are loaded here. Workers seed again, so no state of the generators remains.
"""

from __future__ import annotations

import linecache
import sys
from typing import Final

from tangle.engine.forkserver.safe_import import imports_quietly

_LOADED_LATER: Final = (
    ("numpy", "numpy.random"),
    ("torch", "torch._subclasses.schema_check_mode"),
)
"""Libraries, and what each imports on its first use: to be seeded, to print a tensor."""

_SEEDING: Final = ("seeds", "after_import", "session", "boot")
"""The worker's modules that torch finds on the stack when it is seeded."""


def use_libraries() -> str:
    """Uses the libraries that are loaded; the name of one that a template must not load, if any."""
    for library, later in _LOADED_LATER:
        if library in sys.modules and later not in sys.modules and not imports_quietly(later):
            return library
    torch = sys.modules.get("torch")
    if torch is not None:
        # For a device that is not in use yet torch keeps the stack, with the lines of its files.
        for name in _SEEDING:
            module = sys.modules.get(f"tangle.engine.worker.{name}")
            linecache.getlines(getattr(module, "__file__", None) or "")
        torch.manual_seed(0)
    return ""
