"""Imports on trial, in a process that sections are to be forked from."""

from __future__ import annotations

import contextlib
import functools
import importlib
import importlib.util
import os
import sys
import sysconfig
import warnings
from pathlib import Path

from tangle.engine.memory_file import memory_file
from tangle.engine.tracking.path_filter import as_folder, both_names
from tangle.engine.tracking.tracker import MISSING

_SITES = frozenset({"site-packages", "dist-packages"})


def is_library(name: str) -> bool:
    """Whether a module is installed, or Python's own: the user's own are never touched."""
    try:
        with MISSING.looks_away():
            spec = importlib.util.find_spec(name.partition(".")[0])
    except (ImportError, ValueError):
        return False
    if spec is None:
        return False
    places = [spec.origin or "", *(spec.submodule_search_locations or ())]
    return spec.origin in ("built-in", "frozen") or any(map(_is_installed, places))


def _is_installed(path: str) -> bool:
    return path.startswith(_standard_library()) or not _SITES.isdisjoint(Path(path).parts)


@functools.cache
def _standard_library() -> tuple[str, ...]:
    paths = sysconfig.get_paths()
    folders = {folder for name in ("stdlib", "platstdlib") for folder in both_names(paths[name])}
    return tuple(sorted(map(as_folder, folders)))


def imports_quietly(name: str) -> bool:
    """Whether a module could be imported, or not, without a word and without a thread."""
    threads, with_numpy = _threads(), "numpy" in sys.modules
    said = memory_file("said")
    before = [os.dup(number) for number in (1, 2)]
    try:
        for number in (1, 2):
            os.dup2(said, number)
        with contextlib.suppress(Exception), warnings.catch_warnings():
            importlib.import_module(name)
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        spoke = os.fstat(said).st_size > 0
    finally:
        for number, fd in enumerate(before, start=1):
            os.dup2(fd, number)
            os.close(fd)
        os.close(said)
    more = _threads() - threads
    # OpenBLAS, which comes with NumPy, ends its pool before a fork, and makes a new one.
    survive = "numpy" in sys.modules and not with_numpy and more < (os.cpu_count() or 1)
    return not spoke and (more == 0 or survive)


def _threads() -> int:
    return len(os.listdir("/proc/self/task"))  # noqa: PTH208 -- names are all that is wanted
