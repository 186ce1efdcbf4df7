"""The processes behind a pool of templates: they are made, sent orders, heard and ended here."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import selectors
import signal
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Final, assert_never

from msgspec import Struct, field

from tangle.engine.forkserver import import_stamps
from tangle.engine.forkserver.protocol import BadOrder, Hangup, close_all, pair
from tangle.engine.forkserver.replies import TemplateStatus
from tangle.engine.forkserver.server_orders import Command, ForkWorker, Preload
from tangle.engine.forkserver.template import FRONT, ROOT, become_template
from tangle.engine.forkserver.template_orders import (
    TEMPLATE_NEWS,
    Born,
    BuildTemplate,
    EndClient,
    Importing,
    ReadNotes,
    Ready,
    Reap,
    StartCommand,
    StartWorker,
    TemplateNews,
    TemplateOrder,
    Unfit,
    WorkerGone,
)
from tangle.engine.forkserver.template_pool import Request, Template, TemplatePool
from tangle.engine.order import send_order
from tangle.engine.process_table import look_up
from tangle.engine.worker.parent_death import die_with

TICK_SECONDS: Final = 1.0
"""How often a request that waits is reassured, and a template that imports is looked at."""

STILL_AT_IT: Final = b"."
"""Sent on a worker's pipe for answers while its request waits."""

_NOBODY: Final = 0
"""The number of no client."""

_OF_A_WORKER: Final = frozenset(
    {"TANGLE_DEVICE", "TANGLE_SESSION", "IPYTHONDIR", "CUDA_VISIBLE_DEVICES"}
)
"""Variables that are a worker's own: libraries ask for them when they are used, or never."""

_OF_A_TERMINAL: Final = frozenset(
    {
        *("_", "PWD", "OLDPWD", "SHLVL", "TERM", "COLORTERM", "TERM_PROGRAM", "WINDOWID", "TMUX"),
        *("TERM_PROGRAM_VERSION", "TERM_SESSION_ID", "TMUX_PANE", "STY", "SSH_AUTH_SOCK"),
        *("SSH_TTY", "SSH_CLIENT", "SSH_CONNECTION", "SSH_AGENT_PID", "GPG_TTY", "VTE_VERSION"),
        *("LS_COLORS", "MAKEFLAGS", "MFLAGS", "MAKELEVEL", "PYTEST_CURRENT_TEST"),
        *("XDG_SESSION_ID", "LINES", "COLUMNS", "PS1", "PS2", "PROMPT_COMMAND", "HISTFILE"),
        *("HISTSIZE", "DBUS_SESSION_BUS_ADDRESS"),
    }
)
"""Variables that differ from window to window and reach no library's import."""


class Link(Struct, kw_only=True, eq=False):
    """The way to a template's process.

    Attributes:
        pid: its number, once it is reported; 0 before.
        watch: a descriptor that stands for the process, as its number may not; -1 for none.
        stamps: of the files that it imported.
    """

    template: Template
    channel: socket.socket
    pid: int = 0
    watch: int = -1
    stamps: import_stamps.Stamps = field(default_factory=dict)


class TemplateHost:
    """Makes templates and has them fork workers, as a pool decides."""

    def __init__(
        self, selector: selectors.BaseSelector, family: str, leave: Callable[[], None]
    ) -> None:
        """Has none yet.

        Args:
            selector: where their channels are registered, each with its `Link` as data.
            family: the cookie in the environment that the kernel shows of all of them.
            leave: closes, in a forked child, what belongs to the rest of this process.
        """
        self._selector = selector
        self._family = family
        self._leave = leave
        self._links: dict[Template, Link] = {}
        self._unburied: set[int] = set()
        self._ticked = time.monotonic()
        self.pool = TemplatePool(self)

    # --- for the process around it ------------------------------------------------------------

    def fork_worker(self, client: int, order: ForkWorker, fds: tuple[int, ...]) -> None:
        """Has a section's worker forked; the descriptors are this object's from here on."""
        environment = _at_import(order.environment, share=order.share)
        request = Request(
            kind="worker",
            client=client,
            aim=(*ROOT, *order.modules),
            surroundings=_digest(environment),
            environment=environment,
            directory=order.directory,
            order=StartWorker(
                client=client,
                directory=order.directory,
                environment=order.environment,
                cookie=order.cookie,
            ),
            fds=fds,
        )
        self.pool.add(request)

    def fork_command(self, client: int, command: Command, fds: tuple[int, ...]) -> None:
        """Has a whole command forked; the descriptor is this object's from here on."""
        request = Request(
            kind="command",
            client=client,
            aim=(FRONT,),
            surroundings=FRONT,
            environment=_at_import(command.environment, share=False),
            directory=command.directory,
            order=StartCommand(client=client, command=command),
            fds=fds,
        )
        self.pool.add(request)

    def preload(self, client: int, order: Preload) -> None:
        """Has modules imported that workers to come need."""
        environment = _at_import(order.environment, share=order.share)
        surroundings = _digest(environment)
        for modules in order.sets:
            request = Request(
                kind="ahead",
                client=client,
                aim=(*ROOT, *modules),
                surroundings=surroundings,
                environment=environment,
                directory=order.directory,
            )
            self.pool.add(request)

    def prepare_command(self, notes: str) -> None:
        """Has a template with tangle loaded, which reads a project's notes ahead.

        Args:
            notes: a folder of the project; empty for none.
        """
        request = Request(
            kind="ahead",
            client=_NOBODY,
            aim=(FRONT,),
            surroundings=FRONT,
            environment=_at_import(os.environ, share=False),
            directory=os.sep,
            notes=notes,
        )
        self.pool.add(request)

    def release(self, client: int, pid: int) -> None:
        """Lets a worker's number go."""
        for template in self._busy():
            self._send(template, Reap(client=client, pid=pid))

    def drop(self, client: int) -> None:
        """Ends what a command left, as it is gone."""
        self.pool.drop(client)
        for template in self._busy():
            self._send(template, EndClient(client=client))

    def tick(self) -> None:
        """Has the pool look after what waits, once a second."""
        if time.monotonic() - self._ticked >= TICK_SECONDS:
            self._ticked = time.monotonic()
            self._bury()
            self.pool.tick()

    @property
    def fronts(self) -> frozenset[int]:
        """The processes that commands are forked from."""
        return frozenset(n.pid for n in self._links.values() if FRONT in n.template.aim)

    @property
    def workers(self) -> int:
        """How many workers may be there still."""
        return sum(template.workers for template in self._links)

    def close(self) -> None:
        """Ends all templates, and with each its workers."""
        for template in list(self._links):
            self.discard(template)
        until = time.monotonic() + TICK_SECONDS
        while self._unburied and time.monotonic() < until:
            self._bury()
            time.sleep(0.005)

    def close_copies(self) -> None:
        """Closes, in a forked child, what this object holds."""
        for link in self._links.values():
            link.channel.close()
            if link.watch >= 0:
                os.close(link.watch)
        for request in self.pool.requests:
            close_all(request.fds)

    def report(self) -> tuple[TemplateStatus, ...]:
        """The templates, as `tangle server status` shows them."""
        return tuple(
            TemplateStatus(
                pid=link.pid,
                modules=tuple(name for name in template.loaded if name not in (*ROOT, FRONT)),
                ready=bool(template.loaded),
                front=FRONT in template.aim,
                workers=template.workers,
            )
            for template, link in self._links.items()
        )

    def hear(self, link: Link) -> None:
        """Takes what a template says, or that it is gone."""
        if link.template not in self._links:
            return  # it was ended while other news was taken
        try:
            news, _ = TEMPLATE_NEWS.receive(link.channel)
        except (Hangup, BadOrder):
            self.discard(link.template)
            self.pool.lose(link.template)
        else:
            self._take(link, news)

    def _take(self, link: Link, news: TemplateNews) -> None:
        match news:
            case Born():
                link.pid = news.pid
                with contextlib.suppress(OSError):
                    link.watch = os.pidfd_open(link.pid)
            case Importing():
                self.pool.begins(link.template, news.name)
            case Unfit():
                self.pool.is_unfit(link.template, news.name)
            case Ready():
                link.stamps = news.stamps
                self.pool.is_ready(link.template, news.modules)
            case WorkerGone():
                self.pool.is_free(link.template)
            case _:
                assert_never(news)

    def _busy(self) -> Iterator[Template]:
        return (template for template in list(self._links) if template.workers)

    def _send(self, template: Template, order: TemplateOrder) -> None:
        """Sends what needs no answer; a template that takes no orders is not used any more."""
        try:
            send_order(self._links[template].channel, order)
        except OSError:
            template.stale = True

    # --- for the pool -------------------------------------------------------------------------

    def now(self) -> float:
        """Seconds."""
        return time.monotonic()

    def build(self, template: Template, request: Request) -> None:
        """Begins to make a template, below its parent or below this process."""
        ours, theirs = pair()
        ours.setblocking(False)  # one that takes no orders must not keep this process
        order = BuildTemplate(
            aim=template.aim,
            whole=template.whole,
            directory=template.directory,
            environment=dict(request.environment),
            notes=request.notes,
        )
        link = Link(template=template, channel=ours)
        with theirs:
            try:
                if template.parent is None:
                    link.pid = self._fork(theirs, ours, order)
                else:
                    parent = self._links[template.parent]
                    send_order(parent.channel, order, [theirs.fileno()])
            except OSError:
                ours.close()
                raise
        self._links[template] = link
        self._selector.register(ours, selectors.EVENT_READ, link)

    def _fork(self, theirs: socket.socket, ours: socket.socket, order: BuildTemplate) -> int:
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            try:
                die_with(parent)
                ours.close()
                self._leave()
                become_template(theirs, order, self._family, ())
            finally:
                os._exit(1)
        return pid

    def fork(self, template: Template, request: Request) -> None:
        """Has a template fork what a request wants."""
        assert request.order is not None
        send_order(self._links[template].channel, request.order, request.fds)
        close_all(request.fds)

    def be_ready(self, template: Template, request: Request) -> None:
        """Has an idle template read the notes that a request names."""
        if request.notes and not template.workers:  # one that runs now has them read at its end
            self._send(template, ReadNotes(notes=request.notes))

    def refuse(self, request: Request, why: str) -> None:
        """Answers a request that is not granted."""
        if request.fds:
            _answer(request.fds[-1], f"{why}\n".encode())
            close_all(request.fds)

    def reassure(self, request: Request) -> None:
        """Lets the command know that a request is being worked on."""
        if request.fds:
            _answer(request.fds[-1], STILL_AT_IT)

    def discard(self, template: Template) -> None:
        """Ends a template at once, and with it all below it."""
        link = self._links.pop(template)
        self._selector.unregister(link.channel)
        link.channel.close()
        if link.watch >= 0:
            with contextlib.suppress(OSError):
                signal.pidfd_send_signal(link.watch, signal.SIGKILL)
            os.close(link.watch)
        if template.parent is None:
            with contextlib.suppress(OSError):
                os.kill(link.pid, signal.SIGKILL)  # not buried yet, so the number is its own
            self._unburied.add(link.pid)
            self._bury()

    def _bury(self) -> None:
        for pid in list(self._unburied):
            try:
                gone = os.waitpid(pid, os.WNOHANG)[0] == pid
            except ChildProcessError:
                gone = True
            if gone:
                self._unburied.discard(pid)

    def is_current(self, template: Template) -> bool:
        """Whether what a template imported is there as it was."""
        return not import_stamps.changed(self._links[template].stamps)

    def activity(self, template: Template) -> int | None:
        """A number that changes while a template computes or reads; None where it is stopped."""
        entry = look_up(self._links[template].pid) if self._links[template].pid else None
        if entry is None or entry.is_stopped:
            return None
        return time.monotonic_ns() if entry.waits_for_disk else entry.ticks


def _at_import(environment: Mapping[str, str], *, share: bool) -> dict[str, str]:
    """What a template has in its environment.

    Args:
        environment: the command's.
        share: whether the number of threads in it is tangle's choice: a worker can still change it.
    """
    left_out = _OF_A_WORKER | _OF_A_TERMINAL | ({"OMP_NUM_THREADS"} if share else set())
    return {name: value for name, value in environment.items() if name not in left_out}


def _answer(fd: int, data: bytes) -> None:
    with contextlib.suppress(OSError):
        os.write(fd, data)


def _digest(environment: Mapping[str, str]) -> str:
    text = json.dumps(sorted(environment.items()))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
