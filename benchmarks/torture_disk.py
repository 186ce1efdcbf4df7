"""A disk that kills a writer or fails it at one of its calls, and one that is slow."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import random
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.torture_world import World, bare, in_child
from tangle.errors import Refused
from tangle.store.files import DISK, Disk
from tangle.verbs.run import run_pending

METHODS = (
    *("open_new", "write", "fsync", "close", "mode", "read", "read_still", "exchange"),
    *("replace", "unlink", "fsync_folder", "make_folder", "remove_folder"),
)


@dataclass(slots=True)
class Plan:
    """What befalls a writer: at which of its calls, and what.

    Attributes:
        at: the number of the call at which it is struck.
        do: `before`, `after` and `halfway` are kills; `fault` is an error.
        code: of the error.
        lasting: whether all later calls that write fail, too.
        saves: how the user saves the page that is exchanged, in the last moment before it is.
        save_at: the number of that exchange.
        calls: those that were made.
    """

    at: int = -1
    do: str = "nothing"
    code: int = 0
    lasting: bool = False
    saves: str = ""
    save_at: int = -1
    calls: list[str] = field(default_factory=list)

    @property
    def said(self) -> str:
        """In words."""
        if self.do == "fault":
            return f"{errno.errorcode[self.code]} at call {self.at}, lasting {self.lasting}"
        return f"killed {self.do} call {self.at}"


PLAN = Plan()
"""Of the process that is to be struck: there is one disk, and one plan for it."""


def _struck(name: str) -> Callable[..., Any]:
    original = getattr(Disk, name)
    writes = name not in {"read", "read_still", "close", "unlink", "remove_folder"}

    def call(self: Disk, *arguments: Any) -> Any:
        number = len(PLAN.calls)
        PLAN.calls.append(name)
        if number == PLAN.save_at and name == "exchange":
            _save_now(arguments[1])
        if number == PLAN.at or (PLAN.lasting and number > PLAN.at >= 0 and writes):
            return _strike(original, self, name, arguments)
        return original(self, *arguments)

    return call


def _save_now(page: Path) -> None:
    save(page, b"- saved 1\n" + bare(page.read_bytes()), PLAN.saves)
    (page.parent.parent / "saved").write_text(page.stem)


def _strike(original: Callable[..., Any], disk: Disk, name: str, arguments: Sequence[Any]) -> Any:
    if PLAN.do == "fault":
        if name == "close":
            original(disk, *arguments)
        raise OSError(PLAN.code, os.strerror(PLAN.code))
    if PLAN.do == "after":
        with contextlib.suppress(OSError):  # a folder that is not empty is not removed
            original(disk, *arguments)
    elif PLAN.do == "halfway" and name == "write":
        descriptor, data = arguments
        original(disk, descriptor, data[: len(data) // 2])
    os.kill(os.getpid(), signal.SIGKILL)
    return None


STRUCK = type("Struck", (Disk,), {name: _struck(name) for name in METHODS})


def _slow(name: str) -> Callable[..., Any]:
    original = getattr(Disk, name)

    def call(self: Disk, *arguments: Any) -> Any:
        time.sleep(random.choice((0, 0, 0.0002, 0.001)))
        return original(self, *arguments)

    return call


SLOW = type("Slow", (Disk,), {name: _slow(name) for name in METHODS})
"""A disk that takes its time, so that others come in between any two calls."""


Act = Callable[[World], int]


def place_waiting(world: World) -> int:
    """Write the results that wait."""
    return run_pending(world.project()).exit_code


def write(world: World, plan: Plan, act: Act = place_waiting) -> int:
    """Do what writes, with the disk as the plan has it; the exit code."""
    global PLAN  # noqa: PLW0603  (this process has been forked for it)
    PLAN = plan
    DISK.__class__ = STRUCK
    try:
        return act(world)
    except Refused:
        return Refused.exit_code


def calls_of(world: World, act: Act = place_waiting) -> list[str]:
    """The calls of a run that nothing befalls."""
    reader, writer = os.pipe()

    def count() -> int:
        plan = Plan()
        code = write(world, plan, act)
        os.write(writer, json.dumps(plan.calls).encode())
        return code

    if in_child(count) != 0:
        raise RuntimeError("a run that nothing befalls did not succeed")
    os.close(writer)
    with os.fdopen(reader, "rb") as file:
        found: list[str] = json.loads(file.read())
    return found


def save(path: Path, data: bytes, manner: str) -> None:
    """Save a page as editors do."""
    if manner == "in place":
        path.write_bytes(data)
        return
    if manner == "slowly in place":
        with path.open("r+b") as file:
            time.sleep(0.002)
            file.write(data)
            file.truncate()
        return
    other = path.with_name("editor.tmp")
    other.write_bytes(data)
    other.replace(path)
