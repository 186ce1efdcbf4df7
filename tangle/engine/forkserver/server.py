"""A fork server that outlives the command, for later commands of the same project."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from tangle.engine.forkserver.client import (
    ForkServerClient,
    end_process,
    readable,
    start_fork_server,
)
from tangle.engine.forkserver.protocol import BadOrder, Hangup, pair, peer
from tangle.engine.forkserver.replies import REPLIES, Reply, Status, Stopped, Welcome
from tangle.engine.forkserver.server_orders import (
    GetStatus,
    Hello,
    ListenerStart,
    ServerOrder,
    ServerStart,
    Stop,
)
from tangle.engine.forkserver.socket_path import (
    PATIENCE,
    ServerUnavailable,
    SocketAddress,
    address_of,
    connect,
    listening,
    lock,
    make_folder,
)
from tangle.engine.memory import proportional
from tangle.engine.order import send_order
from tangle.engine.process import shared_environment
from tangle.engine.process_identity import environment_at_start, process_identity
from tangle.engine.process_table import look_up

IDLE_SECONDS = 600.0

_TRIES = 3
_PAUSE = 0.05


class ServerWanted(Struct, frozen=True, kw_only=True):
    """A server that a command would use.

    Attributes:
        project: the folder that it is the only server of.
        notes: a folder of it in which commands find it, to read its notes ahead; empty for not.
        facts: what else makes one command's processes differ from another's: tangle's own code,
            the packages that are installed.
        idle: seconds without a command after which it ends.
    """

    project: Path
    notes: str = ""
    facts: tuple[str, ...] = ()
    idle: float = IDLE_SECONDS


class ServerStatus(Struct, frozen=True, kw_only=True):
    """A server that runs.

    Attributes:
        began: seconds since 1970.
        idle: seconds since a command last used it.
        commands: how many use it now.
        memory: bytes of all its processes, shared pages counted once.
        workers: processes that it forked for them: sections, and whole commands.
        fronts: processes that can run a whole command at once, with tangle loaded.
        loaded: for each process that forks sections, the modules that it has imported.
    """

    pid: int
    began: float
    idle: float
    commands: int
    workers: int
    memory: int
    python: str
    socket: Path
    fronts: int
    loaded: tuple[tuple[str, ...], ...]


class Attached(Struct, frozen=True, kw_only=True):
    """A connection to a fork server, and how it was made."""

    client: ForkServerClient
    note: str


def same_start(environment: Mapping[str, str]) -> bool:
    """Whether a process that was started with an environment would be as this one (Linux)."""
    text = Path("/proc/self/environ").read_bytes()
    pairs = (os.fsdecode(entry).partition("=") for entry in text.split(b"\0") if entry)
    own = environment_at_start({name: value for name, _, value in pairs})
    return environment_at_start(shared_environment(environment)) == own


def attach(wanted: ServerWanted, environment: Mapping[str, str], stop: int) -> Attached:
    """The project's server, which is started where there is none that fits.

    Args:
        wanted: which.
        environment: what every worker has in its own.
        stop: a descriptor; once it can be read, workers are not waited for any more.

    Raises:
        ServerUnavailable: there can be none; the command can start a fork server for itself.
    """
    address = address_of(wanted.project)
    identity = _identity(wanted, environment)
    silent = False
    for attempt in range(_TRIES):
        channel = None if silent else connect(address)
        if channel is not None:
            try:
                reply = _ask(channel, Hello(identity=identity, notes=wanted.notes))
            except _Silent:
                reply, silent = None, True
            if isinstance(reply, Welcome):
                client = ForkServerClient(channel, family=reply.family, stop=stop, started=None)
                return Attached(client=client, note=f"used the server, process {reply.pid}")
            channel.close()
        held = lock(address.project)
        if held is not None:  # what answers there, or does not, is no server
            try:
                making = _Making(
                    address=address, identity=identity, environment=environment, lock=held
                )
                return _start(wanted, making, stop)
            finally:
                os.close(held)
        if silent:
            raise ServerUnavailable(
                "the server does not answer; `tangle server stop` ends it", trouble=True
            )
        if attempt + 1 < _TRIES:
            time.sleep(_PAUSE)
    raise ServerUnavailable(
        f"another process has the lock of {address.project}, and no server answers"
    )


class _Making(Struct, frozen=True, kw_only=True):
    """What a new server is made of, beside what was wanted; `lock` is a descriptor."""

    address: SocketAddress
    identity: str
    environment: Mapping[str, str]
    lock: int


def _start(wanted: ServerWanted, making: _Making, stop: int) -> Attached:
    """Starts the server, under its lock."""
    address = making.address
    make_folder(address)
    family = secrets.token_hex(8)
    ours, theirs = pair()
    with theirs, listening(address) as listener:
        fds = [theirs.fileno(), listener.fileno(), making.lock]
        listen = ListenerStart(
            identity=making.identity,
            notes=wanted.notes,
            listener=listener.fileno(),
            lock=making.lock,
            socket=str(address.socket),
            project=str(address.project),
            idle=wanted.idle,
        )
        start = ServerStart(channel=theirs.fileno(), family=family, listen=listen)
        try:
            process = start_fork_server(start, making.environment, fds)
        except OSError as error:
            ours.close()
            raise ServerUnavailable(f"no process can be started: {error.strerror}") from error
    client = ForkServerClient(ours, family=family, stop=stop, started=_Launched(process))
    return Attached(client=client, note="started a server")


class _Launched:
    """The process that was started; it has made the server and ended, and is buried here."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def end(self) -> None:
        end_process(self._process)


def server_process(project: Path) -> int | None:
    """Return the process that listens for commands of a project; it may not answer. None if none.

    Raises:
        ServerUnavailable: what stands where it would be is another user's.
    """
    channel = connect(address_of(project))
    if channel is None:
        return None
    with channel:
        return peer(channel)[0]


def server_status(project: Path) -> ServerStatus | None:
    """What the project's server says of itself; None where there is none.

    Raises:
        ServerUnavailable: what stands where it would be is another user's.
    """
    address = address_of(project)
    channel = connect(address)
    if channel is None:
        return None
    try:
        with channel:
            reply = _ask(channel, GetStatus())
    except _Silent:
        return None
    if not isinstance(reply, Status):
        return None
    ready = [template for template in reply.templates if template.ready]
    fronts = [template for template in ready if template.front]
    pids = [reply.pid, *(template.pid for template in reply.templates)]
    return ServerStatus(
        pid=reply.pid,
        began=reply.began,
        idle=reply.idle,
        commands=reply.commands,
        workers=sum(template.workers for template in reply.templates),
        memory=sum(map(proportional, pids)),
        python=reply.python,
        socket=address.socket,
        fronts=len(fronts),
        loaded=tuple(template.modules for template in ready if template not in fronts),
    )


def stop_server(project: Path) -> int | None:
    """Has the project's server end; one that does not answer is killed.

    Returns:
        How many commands it still works for, to end when they are through; None where there is no
        server.

    Raises:
        ServerUnavailable: what stands where it would be is another user's.
    """
    address = address_of(project)
    channel = connect(address)
    if channel is None:
        return None
    with channel:
        pid, _ = peer(channel)
        watch = os.pidfd_open(pid)
        try:
            left = _asked_to_stop(channel)
            if left == 0 and not readable(PATIENCE, watch):
                signal.pidfd_send_signal(watch, signal.SIGKILL)
                readable(PATIENCE, watch)
        finally:
            os.close(watch)
    return left


class _Silent(Exception):
    """No answer comes, though one could."""


def _asked_to_stop(channel: socket.socket) -> int:
    """For how many commands a server that was asked to stop stays; 0 where it does not say."""
    try:
        reply = _ask(channel, Stop())
    except _Silent:
        return 0
    return reply.commands if isinstance(reply, Stopped) else 0


def _ask(channel: socket.socket, order: ServerOrder) -> Reply | None:
    """The reply to an order; None where none can come, or what comes is not one.

    Raises:
        _Silent: none comes.
    """
    if (entry := look_up(peer(channel)[0])) is not None and entry.is_stopped:
        raise _Silent
    try:
        send_order(channel, order)
        if not readable(PATIENCE, channel.fileno()):
            raise _Silent
        reply, _ = REPLIES.receive(channel)
    except (OSError, Hangup, BadOrder):
        return None
    return reply


def _identity(wanted: ServerWanted, environment: Mapping[str, str]) -> str:
    """Digest of all that a server's processes have from their start and cannot change later."""
    facts = [wanted.facts, process_identity(), environment_at_start(environment)]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()
