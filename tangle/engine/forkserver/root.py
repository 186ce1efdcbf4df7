"""The zygote's first process: it hands each order to a template, and has templates made.

A template (`template`) has imported exactly what some section imports, so that what it forks is as
a fresh process would be after these imports. They are a tree: what a long import has made is kept,
and sections that need it and more branch off there. This process itself imports nothing of theirs.

It serves one command, whose end is its own, or, as a *server*, all commands of a project that come
while it is there.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import selectors
import signal
import socket
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from tangle.engine.forkserver import import_stamps
from tangle.engine.forkserver.listener import LOOK_SECONDS, Standing
from tangle.engine.forkserver.protocol import Hangup, peer, receive_order, send_order
from tangle.engine.forkserver.replies import Reply, Stale, Status, Stopped, Welcome, verb_of
from tangle.engine.forkserver.template_host import TICK_SECONDS, Link, TemplateHost
from tangle.engine.forkserver.template_pool import Kind
from tangle.engine.process_table import look_up
from tangle.engine.tracking.tracker import MISSING

_NOBODY = 0
"""The number of no client."""

_ENDING_SECONDS = 5.0
"""What it may take to end the workers that are left at the end."""


def main(arguments: Sequence[str]) -> None:
    """Serves until nobody can want anything any more.

    Args:
        arguments: JSON: `channel`, the first command's descriptor; `family`, the cookie in this
            process's environment; for a server also `identity`, `notes` (a folder of the first
            command's project) and what `Standing` takes.
    """
    facts = json.loads(arguments[0])
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    MISSING.install()
    standing = None
    if "listener" in facts:
        if os.fork() > 0:  # the command waits for this one, and is nobody's parent after it
            os._exit(0)
        standing = Standing(facts)
    zygote = _Zygote(facts, standing)
    zygote.serve(socket.socket(fileno=facts["channel"]), facts.get("notes", ""))
    os._exit(0)


@dataclass(slots=True, kw_only=True, eq=False)
class _Client:
    """A command.

    Attributes:
        notes: a folder of the project that it is about; empty where it did not tell.
    """

    number: int
    channel: socket.socket
    notes: str = ""


class _Terminated(BaseException):
    """SIGTERM: the end, at once, of all that is done for commands."""


def _terminate(number: int, frame: FrameType | None) -> NoReturn:
    del frame
    signal.signal(number, signal.SIG_IGN)  # the end is on its way
    raise _Terminated


class _Zygote:
    def __init__(self, facts: Mapping[str, Any], standing: Standing | None) -> None:
        self._identity = str(facts.get("identity", ""))
        self._family = str(facts["family"])
        self._standing = standing
        self._began = time.time()
        self._selector = selectors.DefaultSelector()
        self._clients: dict[int, _Client] = {}
        self._count = 0
        self._own = import_stamps.of_files(_own_files()) if standing is not None else {}
        self._usual = signal.getsignal(signal.SIGTERM)
        self._templates = TemplateHost(self._selector, self._family, self._leave)

    def serve(self, first: socket.socket, notes: str) -> None:
        """Follows orders until there can be no more.

        Args:
            first: the connection of the first command.
            notes: a folder of its project; empty where whole commands will not be forked.
        """
        self._take(first, notes)
        try:
            if self._standing is not None:
                self._selector.register(self._standing.listener, selectors.EVENT_READ)
                signal.signal(signal.SIGTERM, _terminate)
            while not self._is_done():
                for key, _ in self._selector.select(self._pause()):
                    self._step(key)
                self._templates.tick()
        except _Terminated:
            for number in self._clients:
                self._templates.drop(number)
        self._finish()

    def _pause(self) -> float | None:
        """Seconds after which there is something to look after, whoever calls."""
        if self._templates.pool.requests:
            return TICK_SECONDS
        return None if self._standing is None else LOOK_SECONDS

    def _step(self, key: selectors.SelectorKey) -> None:
        if isinstance(key.data, _Client):
            if key.data.number in self._clients:
                self._hear(key.data)
        elif isinstance(key.data, Link):
            self._templates.hear(key.data)
        elif self._standing is not None and not self._standing.retired:
            connection = self._standing.accept()
            if connection is not None:
                self._take(connection)

    def _is_done(self) -> bool:
        if self._clients:
            return False
        standing = self._standing
        return standing is None or standing.retired or standing.is_over()

    def _finish(self) -> None:
        """Leaves nothing behind."""
        if self._standing is not None:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)  # the end is on its way
            self._standing.retire()
        until = time.monotonic() + _ENDING_SECONDS
        while self._templates.workers and (left := until - time.monotonic()) > 0:
            for key, _ in self._selector.select(left):
                if isinstance(key.data, Link):
                    self._templates.hear(key.data)
        self._templates.close()

    def _leave(self) -> None:
        """Closes, in a forked child, all that is this process's."""
        signal.signal(signal.SIGTERM, self._usual)
        if self._standing is not None:
            self._standing.close_copies()
        for client in self._clients.values():
            client.channel.close()
        self._templates.close_copies()
        self._selector.close()

    # --- commands -----------------------------------------------------------------------------

    def _take(self, channel: socket.socket, notes: str = "") -> None:
        self._count += 1
        client = _Client(number=self._count, channel=channel, notes=notes)
        self._clients[client.number] = client
        self._selector.register(channel, selectors.EVENT_READ, client)

    def _hear(self, client: _Client) -> None:
        """Follows an order; one that makes no sense ends the connection, not the server."""
        try:
            order, fds = receive_order(client.channel)
        except Hangup:
            self._hang_up(client)
            return
        try:
            self._obey(client, order, fds)
        except (KeyError, TypeError, ValueError, OSError):
            self._hang_up(client)
        finally:
            for fd in fds:
                os.close(fd)

    def _hang_up(self, client: _Client) -> None:
        if self._clients.pop(client.number, None) is None:
            return
        self._selector.unregister(client.channel)
        client.channel.close()
        self._templates.drop(client.number)
        if self._standing is not None and not self._standing.retired:
            self._standing.touch()
            front = {
                "directory": os.sep,
                "environment": dict(os.environ),
                "notes": client.notes,
            }
            self._templates.ask("ahead", _NOBODY, front, ())

    def _obey(self, client: _Client, order: Mapping[str, Any], fds: list[int]) -> None:
        match order["do"]:
            case "hello":
                client.notes = order["notes"]
                self._greet(client, order["identity"])
            case "status":
                self._answer(client, self._report(client))
            case "stop":
                self._stop(client)
            case _:
                self._provide(client, order, fds)

    def _provide(self, client: _Client, order: Mapping[str, Any], fds: list[int]) -> None:
        match order["do"]:
            case "preload":
                for modules in order["sets"]:
                    self._templates.ask("ahead", client.number, {**order, "modules": modules}, ())
            case "fork":
                self._hand_over("worker", client, order, fds)
            case "command":
                self._take_command(client, order, fds)
            case "release":
                self._templates.release(client.number, order["pid"])

    def _take_command(self, client: _Client, order: Mapping[str, Any], fds: list[int]) -> None:
        """Has a whole command run in a fork, unless that would take longer than it takes here."""
        standing = self._standing
        ready = standing is not None and not standing.retired
        fits = ready and not import_stamps.changed(self._own)
        if not fits or not self._templates.pool.has_front():
            self._hang_up(client)
            return
        self._hand_over("command", client, order, fds)

    def _hand_over(
        self, kind: Kind, client: _Client, order: Mapping[str, Any], fds: list[int]
    ) -> None:
        mine = tuple(fds)
        fds.clear()
        self._templates.ask(kind, client.number, order, mine)

    def _greet(self, client: _Client, identity: str) -> None:
        if self._standing is None or self._standing.retired or identity == self._identity:
            self._answer(client, Welcome(family=self._family, pid=os.getpid()))
        else:
            self._stop(client, Stale)

    def _stop(self, client: _Client, answer: type[Stale | Stopped] = Stopped) -> None:
        """Gives its place up; commands that it works for are served to their end."""
        others = self._others(client)
        if self._standing is not None and not self._standing.retired:
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
            self._selector.unregister(self._standing.listener)
            self._standing.retire()
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
        self._answer(client, answer(commands=others))
        self._hang_up(client)

    @staticmethod
    def _answer(client: _Client, reply: Reply) -> None:
        with contextlib.suppress(OSError):
            client.channel.setblocking(False)
            send_order(client.channel, verb_of(reply), asdict(reply))
            client.channel.setblocking(True)

    def _others(self, client: _Client) -> int:
        """How many other commands it works for; one that it runs itself has two connections."""
        inside = self._templates.fronts
        others = (other for other in self._clients.values() if other is not client)
        parents = (look_up(peer(other.channel)[0]) for other in others)
        return sum(entry is None or entry.parent not in inside for entry in parents)

    def _report(self, client: _Client) -> Status:
        return Status(
            pid=os.getpid(),
            began=self._began,
            idle=self._standing.idle if self._standing is not None else 0.0,
            commands=self._others(client),
            python=sys.version.split()[0],
            templates=self._templates.report(),
        )


def _own_files() -> list[str]:
    """The files of tangle, and of its command line."""
    folders = [Path(__file__).resolve().parents[2]]
    spec = importlib.util.find_spec("tangle_cli")
    if spec is not None:
        folders += map(Path, spec.submodule_search_locations or ())
    return [str(path) for folder in folders for path in sorted(folder.rglob("*.py"))]
