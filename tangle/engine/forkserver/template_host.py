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
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from tangle.engine.forkserver import import_stamps
from tangle.engine.forkserver.protocol import Hangup, pair, receive_order, send_order
from tangle.engine.forkserver.replies import TemplateReport
from tangle.engine.forkserver.template import FRONT, ROOT, Origin, become_template
from tangle.engine.forkserver.template_pool import Kind, Request, Template, TemplatePool
from tangle.engine.process_table import look_up

TICK_SECONDS: Final = 1.0
"""How often a request that waits is reassured, and a template that imports is looked at."""

STILL_AT_IT: Final = b"."
"""Sent on a worker's pipe for answers while its request waits."""

_DESCRIPTORS: Final[Mapping[Kind, int]] = {"worker": 6, "command": 1, "ahead": 0}
"""How many come with an order: a worker's files, and where to answer, which is the last."""

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


@dataclass(slots=True, kw_only=True, eq=False)
class Link:
    """The way to a template's process.

    Attributes:
        pid: its number, once it has told; 0 before.
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

    def ask(self, kind: Kind, client: int, order: Mapping[str, Any], fds: Sequence[int]) -> None:
        """Takes what a command wants; descriptors are this object's from here on.

        Raises:
            KeyError, TypeError, ValueError: it makes no sense.
        """
        try:
            request = _request(kind, client, order, tuple(fds))
        except BaseException:
            _close(fds)
            raise
        self.pool.add(request)

    def release(self, client: int, pid: int) -> None:
        """Lets a worker's number go."""
        for template in self._busy():
            self._send(template, "release", {"client": client, "pid": pid})

    def drop(self, client: int) -> None:
        """Ends what a command left, as it is gone."""
        self.pool.drop(client)
        for template in self._busy():
            self._send(template, "drop", {"client": client})

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
            _close(request.fds)

    def report(self) -> tuple[TemplateReport, ...]:
        """The templates, as `tangle server status` tells them."""
        return tuple(
            TemplateReport(
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
            order, fds = receive_order(link.channel)
            _close(fds)
            self._take(link, order)
        except (Hangup, KeyError, TypeError, ValueError):
            self.discard(link.template)
            self.pool.lose(link.template)

    def _take(self, link: Link, order: Mapping[str, Any]) -> None:
        match order["do"]:
            case "pid":
                link.pid = int(order["pid"])
                with contextlib.suppress(OSError):
                    link.watch = os.pidfd_open(link.pid)
            case "importing":
                self.pool.begins(link.template, str(order["name"]))
            case "unfit":
                self.pool.is_unfit(link.template, str(order["name"]))
            case "ready":
                link.stamps = {
                    path: None if stamp is None else tuple(stamp)
                    for path, stamp in order["stamps"].items()
                }
                self.pool.is_ready(link.template, order["modules"])
            case "free":
                self.pool.is_free(link.template)

    def _busy(self) -> Iterator[Template]:
        return (template for template in list(self._links) if template.workers)

    def _send(self, template: Template, verb: str, order: Mapping[str, object]) -> None:
        """Sends what needs no answer; a template that takes nothing is used no more."""
        try:
            send_order(self._links[template].channel, verb, order)
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
        order = {
            "aim": template.aim,
            "whole": template.whole,
            "directory": template.directory,
            "environment": request.environment,
            "notes": request.order.get("notes", ""),
        }
        link = Link(template=template, channel=ours)
        with theirs:
            try:
                if template.parent is None:
                    link.pid = self._fork(theirs, ours, order)
                else:
                    parent = self._links[template.parent]
                    send_order(parent.channel, "branch", order, [theirs.fileno()])
            except OSError:
                ours.close()
                raise
        self._links[template] = link
        self._selector.register(ours, selectors.EVENT_READ, link)

    def _fork(self, theirs: socket.socket, ours: socket.socket, order: Mapping[str, Any]) -> int:
        def leave() -> None:
            ours.close()
            self._leave()

        origin = Origin(parent=os.getpid(), family=self._family, loaded=(), leave=leave)
        pid = os.fork()
        if pid == 0:
            become_template(theirs, order, origin)
        return pid

    def fork(self, template: Template, request: Request) -> None:
        """Has a template fork what a request wants."""
        order = {**request.order, "client": request.client}
        verb = "fork" if request.kind == "worker" else "command"
        send_order(self._links[template].channel, verb, order, request.fds)
        _close(request.fds)

    def be_ready(self, template: Template, request: Request) -> None:
        """Has an idle template read the notes that a request names."""
        notes = request.order.get("notes")
        if notes and not template.workers:  # one that runs now has them read at its end
            self._send(template, "ahead", {"notes": notes})

    def refuse(self, request: Request, why: str) -> None:
        """Answers a request that is not granted."""
        if request.fds:
            _answer(request.fds[-1], f"{why}\n".encode())
            _close(request.fds)

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


def _request(kind: Kind, client: int, order: Mapping[str, Any], fds: tuple[int, ...]) -> Request:
    """An order as a request; one that names no modules is about whole commands.

    Raises:
        KeyError, TypeError, ValueError: it makes no sense.
    """
    if len(fds) != _DESCRIPTORS[kind]:
        raise ValueError("descriptors are missing")
    if kind != "ahead":
        int(order["cookie"], 16)
    environment = {str(name): str(value) for name, value in dict(order["environment"]).items()}
    if kind == "worker" or "modules" in order:
        aim = (*ROOT, *map(str, order["modules"]))
        environment = _at_import(environment, share=bool(order.get("share")))
        surroundings = _digest(environment)
    else:
        aim, surroundings = (FRONT,), FRONT
        environment = _at_import(environment, share=False)
    return Request(
        kind=kind,
        client=client,
        aim=aim,
        surroundings=surroundings,
        environment=environment,
        directory=str(order["directory"]),
        order=order,
        fds=fds,
    )


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


def _close(fds: Sequence[int]) -> None:
    for fd in fds:
        os.close(fd)
