"""The fork server's first process: it hands each order to a template, and has templates made.

A template (`template`) has imported exactly what some section imports, so that what it forks is as
a fresh process would be after these imports. They are a tree: what a long import has made is kept,
and sections that need it and more branch off there. This process itself imports nothing of theirs.

It serves one command, whose end is its own, or, as a *server*, all commands of a project that come
while it is there.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import selectors
import signal
import socket
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn, assert_never

from msgspec import Struct

from tangle.engine.forkserver import import_stamps
from tangle.engine.forkserver.listener import LOOK_SECONDS, Listener
from tangle.engine.forkserver.protocol import BadOrder, Hangup, close_all, peer
from tangle.engine.forkserver.replies import Reply, Stale, Status, Stopped, Welcome
from tangle.engine.forkserver.server_orders import (
    SERVER_ORDERS,
    Command,
    ForkWorker,
    GetStatus,
    Hello,
    Preload,
    Release,
    ServerOrder,
    ServerStart,
    Stop,
)
from tangle.engine.forkserver.template_host import TICK_SECONDS, Link, TemplateHost
from tangle.engine.order import send_order
from tangle.engine.process_table import look_up
from tangle.engine.tracking.tracker import MISSING
from tangle.typed_json import decode

_ENDING_SECONDS = 5.0
"""What it may take to end the workers that are left at the end."""


def main(arguments: Sequence[str]) -> None:
    """Serves until no command can order anything more.

    Args:
        arguments: a `ServerStart`, as JSON.
    """
    start = decode(arguments[0].encode(), ServerStart)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    MISSING.install()
    listener = None
    if start.listen is not None:
        if os.fork() > 0:  # the command waits for this one, and is not the server's parent
            os._exit(0)
        listener = Listener(start.listen)
    notes = start.listen.notes if start.listen is not None else ""
    ForkServer(start, listener).serve(socket.socket(fileno=start.channel), notes)
    os._exit(0)


class _Client(Struct, kw_only=True, eq=False):
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


class ForkServer:
    """The first process: the commands that it serves, and the templates that fork for them."""

    def __init__(self, start: ServerStart, listener: Listener | None) -> None:
        self._identity = start.listen.identity if start.listen is not None else ""
        self._family = start.family
        self._listener = listener
        self._began = time.time()
        self._selector = selectors.DefaultSelector()
        self._clients: dict[int, _Client] = {}
        self._count = 0
        self._own = import_stamps.of_files(_own_files()) if listener is not None else {}
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
            if self._listener is not None:
                self._selector.register(self._listener.socket, selectors.EVENT_READ)
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
        """Seconds after which there is something to look after, even without a call."""
        if self._templates.pool.requests:
            return TICK_SECONDS
        return None if self._listener is None else LOOK_SECONDS

    def _step(self, key: selectors.SelectorKey) -> None:
        if isinstance(key.data, _Client):
            if key.data.number in self._clients:
                self._hear(key.data)
        elif isinstance(key.data, Link):
            self._templates.hear(key.data)
        elif self._listener is not None and not self._listener.retired:
            connection = self._listener.accept()
            if connection is not None:
                self._take(connection)

    def _is_done(self) -> bool:
        if self._clients:
            return False
        listener = self._listener
        return listener is None or listener.retired or listener.is_over()

    def _finish(self) -> None:
        """Leaves nothing behind."""
        if self._listener is not None:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)  # the end is on its way
            self._listener.retire()
        until = time.monotonic() + _ENDING_SECONDS
        while self._templates.workers and (left := until - time.monotonic()) > 0:
            for key, _ in self._selector.select(left):
                if isinstance(key.data, Link):
                    self._templates.hear(key.data)
        self._templates.close()

    def _leave(self) -> None:
        """Closes, in a forked child, all that is this process's."""
        signal.signal(signal.SIGTERM, self._usual)
        if self._listener is not None:
            self._listener.close_copies()
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
        """Obeys an order; what is not one ends the connection, not the server."""
        try:
            order, fds = SERVER_ORDERS.receive(client.channel)
        except (Hangup, BadOrder):
            self._hang_up(client)
            return
        try:
            self._obey(client, order, fds)
        except OSError:
            self._hang_up(client)
        finally:
            close_all(fds)

    def _hang_up(self, client: _Client) -> None:
        if self._clients.pop(client.number, None) is None:
            return
        self._selector.unregister(client.channel)
        client.channel.close()
        self._templates.drop(client.number)
        if self._listener is not None and not self._listener.retired:
            self._listener.touch()
            self._templates.prepare_command(client.notes)

    def _obey(self, client: _Client, order: ServerOrder, fds: list[int]) -> None:
        """Obeys an order; descriptors that it takes over go from `fds`."""
        match order:
            case Hello():
                client.notes = order.notes
                self._greet(client, order.identity)
            case GetStatus():
                self._answer(client, self._report(client))
            case Stop():
                self._stop(client)
            case Preload() | ForkWorker() | Command() | Release():
                self._provide(client, order, fds)
            case _:
                assert_never(order)

    def _provide(
        self, client: _Client, order: Preload | ForkWorker | Command | Release, fds: list[int]
    ) -> None:
        match order:
            case Preload():
                self._templates.preload(client.number, order)
            case ForkWorker():
                self._templates.fork_worker(client.number, order, _taken(fds))
            case Command():
                self._take_command(client, order, fds)
            case Release():
                self._templates.release(client.number, order.pid)
            case _:
                assert_never(order)

    def _take_command(self, client: _Client, order: Command, fds: list[int]) -> None:
        """Has a whole command run in a fork, unless that would take longer than it takes here."""
        listener = self._listener
        ready = listener is not None and not listener.retired
        fits = ready and not import_stamps.changed(self._own)
        if not fits or not self._templates.pool.has_front():
            self._hang_up(client)
            return
        self._templates.fork_command(client.number, order, _taken(fds))

    def _greet(self, client: _Client, identity: str) -> None:
        if self._listener is None or self._listener.retired or identity == self._identity:
            self._answer(client, Welcome(family=self._family, pid=os.getpid()))
        else:
            self._stop(client, Stale)

    def _stop(self, client: _Client, answer: type[Stale | Stopped] = Stopped) -> None:
        """Gives up the socket; commands that use the server are served to their end."""
        others = self._others(client)
        if self._listener is not None and not self._listener.retired:
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
            self._selector.unregister(self._listener.socket)
            self._listener.retire()
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
        self._answer(client, answer(commands=others))
        self._hang_up(client)

    @staticmethod
    def _answer(client: _Client, reply: Reply) -> None:
        with contextlib.suppress(OSError):
            client.channel.setblocking(False)
            send_order(client.channel, reply)
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
            idle=self._listener.idle if self._listener is not None else 0.0,
            commands=self._others(client),
            python=sys.version.split()[0],
            templates=self._templates.report(),
        )


def _taken(fds: list[int]) -> tuple[int, ...]:
    """The descriptors, which leave the list: another closes them."""
    taken = tuple(fds)
    fds.clear()
    return taken


def _own_files() -> list[str]:
    """The files of tangle, and of its command line."""
    folders = [Path(__file__).resolve().parents[2]]
    spec = importlib.util.find_spec("tangle_cli")
    if spec is not None:
        folders += map(Path, spec.submodule_search_locations or ())
    return [str(path) for folder in folders for path in sorted(folder.rglob("*.py"))]
