"""The templates of a zygote: which there are, which are being made, and who waits for one."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import selectors
import signal
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tangle.run.orders import Hangup, pair, receive_order, send_order
from tangle.run.worker import witness
from tangle.run.worker.template import FRONT, ROOT, Origin, become_template

MOST_TEMPLATES = 10
"""The one that was not used for longest goes first; each holds what it alone has imported."""

_MOST_LOSSES = 5
"""After so many templates that ended by themselves, one after the other, none is tried again."""

_PLACELESS = frozenset({"IPython", "numpy", "tangle", "tangle_cli", "torch"})
"""Packages that read no settings from the current folder while they are imported."""

_OF_A_WORKER = frozenset({"TANGLE_DEVICE", "TANGLE_SESSION", "IPYTHONDIR", "CUDA_VISIBLE_DEVICES"})
"""Variables that are a worker's own: libraries ask for them when they are used, or never."""

_OF_A_TERMINAL = frozenset(
    {
        *("_", "PWD", "OLDPWD", "SHLVL", "TERM", "COLORTERM", "TERM_PROGRAM", "WINDOWID", "TMUX"),
        *(
            "TERM_PROGRAM_VERSION",
            "TERM_SESSION_ID",
            "TMUX_PANE",
            "STY",
            "SSH_AUTH_SOCK",
            "SSH_TTY",
        ),
        *("SSH_CLIENT", "SSH_CONNECTION", "SSH_AGENT_PID", "GPG_TTY", "VTE_VERSION", "LS_COLORS"),
        *("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "PYTEST_CURRENT_TEST", "XDG_SESSION_ID", "LINES"),
        *(
            "COLUMNS",
            "PS1",
            "PS2",
            "PROMPT_COMMAND",
            "HISTFILE",
            "HISTSIZE",
            "DBUS_SESSION_BUS_ADDRESS",
        ),
    }
)
"""Variables that differ from window to window and reach no library's import."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A worker that a command wants, or, without descriptors, a template to be had for later.

    Attributes:
        client: the command.
        order: `modules`, `directory`, `environment`, `share`; for a worker, `cookie`; for a process
            that whole commands are forked from, `notes`.
        fds: the worker's; none for a template.
    """

    client: int
    order: Mapping[str, Any]
    fds: tuple[int, ...] = ()

    @property
    def is_command(self) -> bool:
        """Whether not a section's worker is wanted, but a process for a whole command."""
        return bool(self.order["do"] == "command")

    @property
    def aim(self) -> tuple[str, ...]:
        """What is to be imported, in order."""
        return (FRONT,) if self.is_command else (*ROOT, *self.order["modules"])

    @property
    def surroundings(self) -> str:
        """Digest of what imports depend on beside the folder."""
        return FRONT if self.is_command else _digest(self.environment)

    @property
    def environment(self) -> dict[str, str]:
        """What the template has in its environment."""
        left_out = _OF_A_WORKER | _OF_A_TERMINAL
        if self.order.get("share"):  # a number that tangle chose; a worker can still change it
            left_out |= {"OMP_NUM_THREADS"}
        return {k: v for k, v in self.order["environment"].items() if k not in left_out}


@dataclass(slots=True, kw_only=True, eq=False)
class Nursling:
    """A template, from the outside.

    Attributes:
        aim: what it is to import.
        loaded: what it has imported, as it told; empty while it imports.
        workers: how many of its workers may be there still.
        checked: the commands that found its imports to be as they would be now.
        stale: whether they are not.
    """

    channel: socket.socket
    surroundings: str
    directory: str
    aim: tuple[str, ...]
    parent: Nursling | None
    pid: int = 0
    importing: str = ""
    loaded: tuple[str, ...] = ()
    stamps: witness.Stamps = field(default_factory=dict)
    workers: int = 0
    used: float = 0.0
    checked: set[int] = field(default_factory=set)
    stale: bool = False

    def is_at_home_in(self, directory: str) -> bool:
        """Whether its imports would have come to the same in a folder."""
        tops = {name.partition(".")[0] for name in self.loaded}
        return self.directory == directory or tops <= _PLACELESS


class Nursery:
    """Makes templates and has them fork workers."""

    def __init__(
        self, selector: selectors.BaseSelector, family: str, leave: Callable[[], None]
    ) -> None:
        """Has none yet.

        Args:
            selector: where their channels are registered, each with its `Nursling` as data.
            family: the cookie in the environment that the kernel shows of all of them.
            leave: closes, in a forked child, what belongs to the rest of this process.
        """
        self._selector = selector
        self._family = family
        self._leave = leave
        self._nurslings: list[Nursling] = []
        self._wishes: list[Wish] = []
        self._unfit: set[str] = set()
        self._losses = 0

    # --- what is asked for --------------------------------------------------------------------

    def add(self, wish: Wish) -> None:
        """Takes a wish; it is granted, or refused with a sentence, as soon as that can be."""
        self._wishes.append(wish)
        self._wishes.sort(key=lambda wish: not wish.fds)
        self._advance()

    def has_front(self) -> bool:
        """Whether a command can be forked at once."""
        return any(FRONT in nursling.loaded for nursling in self._nurslings)

    @property
    def fronts(self) -> frozenset[int]:
        """The processes that commands are forked from."""
        return frozenset(n.pid for n in self._nurslings if FRONT in n.aim)

    def release(self, client: int, pid: int) -> None:
        """Lets a worker's number go."""
        for nursling in self._busy():
            with contextlib.suppress(OSError):
                send_order(nursling.channel, "release", {"client": client, "pid": pid})

    def drop(self, client: int) -> None:
        """Ends what a command left, as it is gone."""
        for wish in [wish for wish in self._wishes if wish.client == client]:
            self._wishes.remove(wish)
            _close(wish.fds)
        for nursling in self._busy():
            with contextlib.suppress(OSError):
                send_order(nursling.channel, "drop", {"client": client})
        for nursling in self._nurslings:
            nursling.checked.discard(client)

    @property
    def workers(self) -> int:
        """How many workers may be there still."""
        return sum(nursling.workers for nursling in self._nurslings)

    def close(self) -> None:
        """Ends all templates, and with each its workers."""
        for nursling in [n for n in self._nurslings if n.parent is None and n.pid]:
            with contextlib.suppress(OSError):
                os.kill(nursling.pid, signal.SIGKILL)
                os.waitpid(nursling.pid, 0)

    def close_copies(self) -> None:
        """Closes, in a forked child, what this object holds."""
        for nursling in self._nurslings:
            nursling.channel.close()
        for wish in self._wishes:
            _close(wish.fds)

    def report(self) -> list[dict[str, Any]]:
        """The templates, as `tangle server status` tells them."""
        return [
            {
                "pid": nursling.pid,
                "modules": [name for name in nursling.loaded if name not in (*ROOT, FRONT)],
                "ready": bool(nursling.loaded),
                "front": FRONT in nursling.aim,
                "workers": nursling.workers,
            }
            for nursling in self._nurslings
        ]

    # --- what templates tell ------------------------------------------------------------------

    def hear(self, nursling: Nursling) -> None:
        """Takes what a template says, or that it is gone."""
        try:
            order, fds = receive_order(nursling.channel)
        except Hangup:
            self._lose(nursling)
        else:
            _close(fds)
            self._take(nursling, order)
        self._sweep()
        self._advance()

    def _take(self, nursling: Nursling, order: Mapping[str, Any]) -> None:
        match order["do"]:
            case "pid":
                nursling.pid = order["pid"]
            case "importing":
                nursling.importing = order["name"]
            case "unfit":
                self._unfit.add(order["name"])
                nursling.importing = ""
            case "ready":
                self._losses = 0
                nursling.importing = ""
                nursling.loaded = tuple(order["modules"])
                nursling.stamps = {
                    path: None if stamp is None else tuple(stamp)
                    for path, stamp in order["stamps"].items()
                }
            case "free":
                nursling.workers -= 1

    def _lose(self, nursling: Nursling) -> None:
        """Forgets a template that has ended; what it was importing is not tried again."""
        if nursling.importing:
            self._unfit.add(nursling.importing)
        elif not nursling.loaded:
            self._losses += 1
        self._remove(nursling)

    def _remove(self, nursling: Nursling) -> None:
        self._nurslings.remove(nursling)
        self._selector.unregister(nursling.channel)
        nursling.channel.close()
        if nursling.parent is None and nursling.pid:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(nursling.pid, 0)

    def _sweep(self) -> None:
        """Ends stale templates that nobody needs any more, and those that are one too many."""
        spare = [n for n in self._nurslings if self._is_spare(n)]
        spare.sort(key=lambda nursling: (not nursling.stale, nursling.used))
        for nursling in spare:
            if nursling.stale or len(self._nurslings) > MOST_TEMPLATES:
                self._remove(nursling)

    def _is_spare(self, nursling: Nursling) -> bool:
        needed = any(other.parent is nursling for other in self._nurslings)
        return bool(nursling.loaded) and nursling.workers == 0 and not needed

    def _busy(self) -> Iterator[Nursling]:
        return (nursling for nursling in self._nurslings if nursling.workers)

    # --- granting -----------------------------------------------------------------------------

    def _advance(self) -> None:
        for wish in list(self._wishes):
            self._try(wish)

    def _try(self, wish: Wish) -> None:
        aim = self._aim(wish)
        if not aim:
            self._refuse(wish, "tangle itself cannot be loaded")
            return
        surroundings = wish.surroundings
        best = self._best(wish, aim, surroundings)
        if best is not None and len(best.loaded) == len(aim):
            self._grant(wish, best)
            return
        if self._losses >= _MOST_LOSSES:
            self._refuse(wish, "processes that were to import modules ended again and again")
            return
        have = best.loaded if best is not None else ()
        building = [n for n in self._nurslings if not n.loaded]
        worth = any(
            n.surroundings == surroundings and not set(aim).intersection(n.aim) <= set(have)
            for n in building
        )
        if worth or (building and not wish.fds):
            return
        try:
            self._build(wish, aim, best)
        except OSError as error:
            self._refuse(wish, f"no process to import modules can be had: {error.strerror}")

    def _aim(self, wish: Wish) -> tuple[str, ...]:
        """What is to be imported, in order, less what cannot be."""
        wanted = dict.fromkeys(wish.aim)
        return tuple(
            name for name in wanted if not any(_is_in(name, unfit) for unfit in self._unfit)
        )

    def _best(self, wish: Wish, aim: Sequence[str], surroundings: str) -> Nursling | None:
        """The template that has most of it, and nothing else."""
        fitting = [
            nursling
            for nursling in self._nurslings
            if nursling.loaded
            and nursling.surroundings == surroundings
            and set(nursling.loaded) <= set(aim)
            and nursling.is_at_home_in(wish.order["directory"])
        ]
        for nursling in sorted(fitting, key=lambda nursling: -len(nursling.loaded)):
            if self._is_true(nursling, wish.client):
                return nursling
        return None

    @staticmethod
    def _is_true(nursling: Nursling, client: int) -> bool:
        """Whether what it imported is there still as it was; asked once a command."""
        if not nursling.stale and client not in nursling.checked:
            nursling.stale = bool(witness.changed(nursling.stamps))
            nursling.checked.add(client)
        return not nursling.stale

    def _grant(self, wish: Wish, nursling: Nursling) -> None:
        self._wishes.remove(wish)
        nursling.used = time.monotonic()
        if not wish.fds:
            notes = wish.order.get("notes")
            if notes and not nursling.workers:  # one that runs now will have it read at its end
                with contextlib.suppress(OSError):
                    send_order(nursling.channel, "ahead", {"notes": notes})
            return
        order = {**wish.order, "client": wish.client}
        try:
            send_order(nursling.channel, order["do"], order, wish.fds)
            nursling.workers += 1
        except OSError as error:
            _answer(wish.fds[-1], f"the process that forks is gone: {error.strerror}")
        finally:
            _close(wish.fds)

    def _refuse(self, wish: Wish, why: str) -> None:
        self._wishes.remove(wish)
        if wish.fds:
            _answer(wish.fds[-1], why)
            _close(wish.fds)

    def _build(self, wish: Wish, aim: tuple[str, ...], parent: Nursling | None) -> None:
        """Has a template made that imports the rest."""
        ours, theirs = pair()
        order = {
            "aim": aim,
            "directory": wish.order["directory"],
            "environment": wish.environment,
            "notes": wish.order.get("notes", ""),
        }
        nursling = Nursling(
            channel=ours,
            surroundings=wish.surroundings,
            directory=wish.order["directory"],
            aim=aim,
            parent=parent,
            used=time.monotonic(),
            checked={wish.client},
        )
        with theirs:
            try:
                if parent is None:
                    nursling.pid = self._fork(theirs, ours, order)
                else:
                    send_order(parent.channel, "branch", order, [theirs.fileno()])
            except OSError:
                ours.close()
                raise
        self._nurslings.append(nursling)
        self._selector.register(ours, selectors.EVENT_READ, nursling)
        self._sweep()

    def _fork(self, theirs: socket.socket, ours: socket.socket, order: Mapping[str, Any]) -> int:
        def leave() -> None:
            ours.close()
            self._leave()

        origin = Origin(parent=os.getpid(), family=self._family, loaded=(), leave=leave)
        pid = os.fork()
        if pid == 0:
            become_template(theirs, order, origin)
        return pid


def _is_in(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def _digest(environment: Mapping[str, str]) -> str:
    text = json.dumps(sorted(environment.items()))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _answer(fd: int, text: str) -> None:
    with contextlib.suppress(OSError):
        os.write(fd, f"{text}\n".encode())


def _close(fds: Sequence[int]) -> None:
    for fd in fds:
        os.close(fd)
