"""What a process has from its start and cannot change later.

A process that is forked from a server is like a fresh one only where this is the same for both.
Imports little: a command that the server runs passes through here first.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from collections.abc import Mapping

from tangle.engine.control_groups import group_memory

_AT_START = ("PYTHON", "LD_", "LC_", "MALLOC_", "GLIBC_", "COVERAGE_")
_AT_START_TOO = frozenset({"LANG", "LANGUAGE", "TZ", "HOME"})
"""Variables that Python and the C library read when a process starts; those that libraries read
when they are imported concern templates only."""


def process_identity() -> str:
    """A description of this process, its environment aside; two are compared as text (Linux).

    The interpreter's `-X utf8` and `-R` are not in it, since the engine's processes all have the
    same; nor are `-I` and `-E`, which none of them has.
    """
    limits = [name for name in sorted(dir(resource)) if name.startswith("RLIMIT_")]
    facts = {
        "python": [sys.executable, sys.version, sys.prefix, sys.flags.optimize],
        "limits": {name: resource.getrlimit(getattr(resource, name)) for name in limits},
        "memory": group_memory(),
        "nice": os.getpriority(os.PRIO_PROCESS, 0),
        "cores": sorted(os.sched_getaffinity(0)),
        "user": [os.getuid(), os.getgid(), *sorted(os.getgroups())],
        "umask": _umask(),
        "namespaces": [_link(f"/proc/self/ns/{name}") for name in ("mnt", "net", "pid", "user")],
        "root": _link("/proc/self/root"),
    }
    return json.dumps(facts)


def environment_at_start(environment: Mapping[str, str]) -> dict[str, str]:
    """The part of an environment that matters when a process starts."""
    return {
        name: value
        for name, value in sorted(environment.items())
        if name.startswith(_AT_START) or name in _AT_START_TOO
    }


def _umask() -> str:
    """Read from `/proc`: `os.umask` sets it."""
    try:
        with open("/proc/self/status", "rb") as file:  # noqa: PTH123 -- pathlib takes long to import
            lines = file.read().split(b"\n")
    except OSError:
        return ""
    return next((line.decode() for line in lines if line.startswith(b"Umask:")), "")


def _link(path: str) -> str:
    try:
        return os.readlink(path)  # noqa: PTH115 -- no path, as Linux writes it
    except OSError:
        return ""
