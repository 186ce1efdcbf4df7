"""What commands order from the fork server, and what it starts with."""

from __future__ import annotations

from typing import Final

import msgspec

from tangle.engine.order import Cookie, Order, Receiver


class Hello(Order, frozen=True, kw_only=True):
    """The first order to a server that other commands may use too.

    Attributes:
        identity: digest of what the command's processes would have from their start.
        notes: a folder of the project, to read its notes ahead; empty for not.
    """

    identity: str
    notes: str


class GetStatus(Order, frozen=True, kw_only=True):
    """Asks for a `Status`."""


class Stop(Order, frozen=True, kw_only=True):
    """Ends the server once the commands that use it have ended."""


class Preload(Order, frozen=True, kw_only=True):
    """Imports modules ahead of the sections that need them.

    Attributes:
        sets: for each section its modules, in the order in which they are imported.
        directory: where the sections will run; libraries read their settings there.
        share: whether the number of threads in the environment is only tangle's choice.
    """

    sets: tuple[tuple[str, ...], ...]
    directory: str
    environment: dict[str, str]
    share: bool


class ForkWorker(Order, frozen=True, kw_only=True):
    """Forks a section's worker from a process that has imported exactly its modules.

    The descriptors: the job; pipes for events, output, errors and traces; one to report on.
    """

    descriptors = 6

    modules: tuple[str, ...]
    directory: str
    environment: dict[str, str]
    share: bool
    cookie: Cookie


class Command(Order, frozen=True, kw_only=True):
    """Runs a whole command line in a fork that has tangle loaded; the descriptor is to report on.

    `tangle_cli.server_call` sends it without this class: it must start quickly.

    Attributes:
        arguments: the command line, without the program's name.
        identity: as `process_identity` describes the command's process.
        streams: encoding and error handler of standard input, output and error.
    """

    descriptors = 1

    arguments: tuple[str, ...]
    directory: str
    environment: dict[str, str]
    identity: str
    cookie: Cookie
    streams: tuple[tuple[str, str], tuple[str, str], tuple[str, str]]


class Release(Order, frozen=True, kw_only=True):
    """A worker's process id is not needed any more."""

    pid: int


ServerOrder = Hello | GetStatus | Stop | Preload | ForkWorker | Command | Release
SERVER_ORDERS: Final = Receiver[ServerOrder](ServerOrder)


class ListenerStart(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a fork server that other commands may use starts with.

    Attributes:
        identity: as in `Hello`.
        notes: as in `Hello`, of the command that starts it.
        listener: a bound socket's descriptor.
        lock: the descriptor that holds the project's lock.
        socket: the socket's path.
        project: the folder whose only server it is.
        idle: seconds without a command after which it ends.
    """

    identity: str
    notes: str
    listener: int
    lock: int
    socket: str
    project: str
    idle: float


class ServerStart(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a fork server's process starts with.

    Attributes:
        channel: descriptor of the first command's connection.
        family: the cookie in the process's environment.
        listen: None for a server that ends with its command.
    """

    channel: int
    family: str
    listen: ListenerStart | None = None
