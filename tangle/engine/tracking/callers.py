"""Whose code called: a session's own, a library's, or Python looking for modules."""

from __future__ import annotations

import os
import sys
import sysconfig
from types import FrameType
from typing import Final, Literal

from tangle.engine.tracking.path_filter import ENGINE, as_folder, both_names

Caller = Literal["user", "library", "import", "engine"]
_Owner = Literal["user", "library", "standard", "importer", "engine"]

_SITES: Final = ("/site-packages/", "/dist-packages/", "\\site-packages\\")
_IMPORTER: Final = "<frozen importlib"
_OF_NOBODY: Final = ("<frozen", "<string>", "<decorator-gen", "<__array_function__", "<attrs ")
"""Python's own code, and what libraries make of text for those who call them."""

_SHELL: Final = "/IPython/core/interactiveshell.py"
"""It runs the cells, and its `open` is the one that they call."""
_HOOKS: Final = os.path.dirname(__file__) + os.sep  # noqa: PTH120 -- as code objects name them
"""The folder of the hooks, whose own frames never count as the code that called."""

_owners: dict[str, _Owner] = {}
"""Whose each file of code is, as far as it was asked."""


def calling_frame() -> FrameType:
    """The frame of the code that did what a hook hears of."""
    frame = sys._getframe(1)  # noqa: SLF001 -- what CPython has for this
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_HOOKS):
        frame = frame.f_back
    return frame


def caller(frame: FrameType | None = None) -> Caller:
    """Who did what a hook hears of, Python's own library aside.

    Args:
        frame: that of the code that did it, where it is known.

    Returns:
        `library`: installed code that the session's code has called, not one that is imported.
            `import`: Python, as it looks for a module, or a library while it is imported.
            `engine`: tangle or IPython, not on behalf of a cell's code.
    """
    frame = frame or calling_frame()
    between: Caller = "user"
    engine = False
    while frame is not None:
        file = frame.f_code.co_filename
        owner = _owners.get(file) or _ask(file)
        if owner == "user":
            return between
        if owner == "importer":
            return "import"
        if owner == "library":
            between = "library"
        engine = engine or owner == "engine"
        frame = frame.f_back
    return "engine" if engine else between


def is_users(file: str) -> bool:
    """Whether code of a file is the session's own."""
    return (_owners.get(file) or _ask(file)) == "user"


def _ask(file: str) -> _Owner:
    found = _owners[file] = _owner(file)
    return found


def _owner(file: str) -> _Owner:
    if file.startswith(_IMPORTER):
        return "importer"
    if file.startswith(_OF_NOBODY):
        return "standard"
    if file.startswith(ENGINE) or file.endswith(_SHELL):
        return "engine"
    if any(site in file for site in _SITES):
        return "library"
    return "standard" if file.startswith(_STANDARD) else "user"


def _standard() -> tuple[str, ...]:
    paths = sysconfig.get_paths()
    folders = {name for kind in ("stdlib", "platstdlib") for name in both_names(paths[kind])}
    return tuple(sorted(map(as_folder, folders)))


_STANDARD: Final = _standard()
