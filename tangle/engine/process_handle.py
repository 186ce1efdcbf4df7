"""Handle of a process for its supervisor, and what a worker is started with."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from msgspec import Struct

COOKIE = "TANGLE_SESSION"
"""The variable by which the processes of a session are known."""

_PACKAGE = Path(__file__).resolve().parents[1] / "__init__.py"

# Loads tangle from its own file, so that neither the notes' folder nor another tangle can stand in
# its way, and without lending the session's `sys.path` an entry.
_BOOT = """
import sys
sys.path[:] = [entry for entry in sys.path if entry]
from importlib.util import module_from_spec, spec_from_file_location
spec = spec_from_file_location("tangle", sys.argv[1])
sys.modules["tangle"] = module_from_spec(spec)
spec.loader.exec_module(sys.modules["tangle"])
from {module} import main
main(sys.argv[2:])
"""


def boot_command(module: str, arguments: Sequence[str]) -> list[str]:
    """The command that runs `main` of one of the engine's modules in a fresh Python."""
    boot = _BOOT.format(module=module)
    return [sys.executable, "-X", "utf8", "-c", boot, str(_PACKAGE), *arguments]


class SpawnRequest(Struct, frozen=True, kw_only=True):
    """What a worker starts with, whether it is forked or spawned.

    Attributes:
        job: descriptor of a file with the job, which becomes its standard input.
        pipes: its ends of the pipes for events, standard output, standard error, traces.
        environment: all of its environment.
        modules: what its code imports, for the fork server to import before.
        family: stands for the cookie where forks of it must not be taken for its own; else empty.
    """

    job: int
    pipes: tuple[int, ...]
    directory: str
    environment: Mapping[str, str]
    cookie: str
    modules: tuple[str, ...] = ()
    family: str = ""


class Process(Protocol):
    """A worker's process; its number stays its own until `close`."""

    @property
    def pid(self) -> int:
        """Its number, which is that of its process group too."""
        ...

    @property
    def family(self) -> str:
        """The cookie that processes have which it forked; empty where that is its own."""
        ...

    @property
    def ended(self) -> int | None:
        """A descriptor that is readable once it has ended; None where there is no such thing."""
        ...

    def has_ended(self) -> bool:
        """Whether it has ended."""
        ...

    @property
    def was_lost(self) -> bool:
        """Whether it ended because the process that forked it did, and not by itself."""
        ...

    def code(self, patience: float) -> int | None:
        """How it ended, as `subprocess` tells it; None if it has not within so many seconds."""
        ...

    def close(self) -> None:
        """Gives up its number."""
        ...


class Forker(Protocol):
    """A process that forks workers."""

    def fork(self, request: SpawnRequest) -> Process:
        """Has a worker forked, and waits until it is there."""
        ...


class StartedProcess:
    """A child of this process."""

    def __init__(self, process: subprocess.Popen[bytes], family: str = "") -> None:
        """Minds a process that was started; `family` is the cookie that its forks have."""
        self._process = process
        self.family = family
        self.pid = process.pid
        self.ended = open_pidfd(process.pid)

    def has_ended(self) -> bool:
        """Whether it has ended; it stays a zombie."""
        if self._process.returncode is not None:
            return True
        options = os.WEXITED | os.WNOHANG | os.WNOWAIT
        try:
            return os.waitid(os.P_PID, self.pid, options) is not None
        except ChildProcessError:
            return True

    @property
    def was_lost(self) -> bool:
        """No process but this one can take it along."""
        return False

    def code(self, patience: float) -> int | None:
        """Its return code."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self._process.wait(patience)
        return None

    def close(self) -> None:
        """Closes the descriptor that reports its end."""
        if self.ended is not None:
            os.close(self.ended)


def open_pidfd(pid: int) -> int | None:
    """A descriptor that is readable once a process has ended; None where there is none to have."""
    if not hasattr(os, "pidfd_open"):
        return None
    try:
        return os.pidfd_open(pid)
    except OSError:
        return None
