"""Serve a project on this machine's own address, until interrupted."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from uvicorn.protocols.http.h11_impl import H11Protocol

from tangle.errors import Refused, TangleError
from tangle.http.api import Api, BadRequest, bad_request, failed, not_there, too_large, too_slow
from tangle.http.feed import Feed
from tangle.http.guard import Access, Guard, TooLarge, TooSlow
from tangle.http.jobs import Jobs
from tangle.http.news import Disk, News
from tangle.http.site import Site
from tangle.verbs.current_project import CurrentProject, changes
from tangle.verbs.desk import Desk
from tangle.verbs.serving import note_address, only_server, token_is_private
from tangle.verbs.weave.weaving import check_packages, site_shelf

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.types import ASGIApp

    from tangle.verbs.project import Project

ADDRESS: Final = "127.0.0.1"
PORT: Final = 8470

_MOST_CONNECTIONS: Final = 128
_HEAD_SECONDS: Final = 10.0
_LARGEST_HEAD: Final = 64 * 1024
_LAST_SECONDS: Final = 2
_MOST_SECONDS_GONE: Final = 5
_TICKS_A_SECOND: Final = 10
"""Of uvicorn's main loop."""


class PortInUse(Refused):
    """Another program listens on the port."""

    def __init__(self, port: int) -> None:
        """Name the port and the way out."""
        super().__init__(
            f"{ADDRESS}:{port}: another program uses this port; choose one with `--port N`, or "
            "any free one with `--port 0`"
        )


class GraphGone(Refused):
    """The graph is no longer where it was."""

    def __init__(self, graph: Path) -> None:
        """Name the graph and the way out."""
        super().__init__(
            f"{graph}: this graph was moved or deleted, so the server has ended; serve it from "
            "where it is now"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """What a person has to know to use the server."""

    address: str
    token: str


def serve(project: Project, *, port: int, ready: Callable[[Served], None]) -> None:
    """Serve a project until Ctrl-C.

    Args:
        project: whose notes.
        port: on which to listen; 0 for any that is free.
        ready: receives the address and the token once requests are answered.

    Raises:
        AlreadyServed: another process serves it.
        PortInUse: another program listens on the port.
        NotPrivate: others can read the file of the token.
        NotReadable: the graph cannot be watched.
        GraphGone: the graph was moved or deleted meanwhile.
    """
    with only_server(project) as token, contextlib.closing(_listener(port)) as listener:
        number = listener.getsockname()[1]
        address = f"http://{ADDRESS}:{number}/"
        access = Access(port=number, token=token, token_is_safe=lambda: token_is_private(project))
        service = _Service(project, access)
        with contextlib.closing(changes(project)) as disk:

            def begin() -> None:
                service.begin(disk)
                note_address(project, address)
                ready(Served(address=address, token=token))

            server = _Server(_config(service.app), project, begin=begin, end=service.end)
            server.run(sockets=[listener])
            if server.graph_is_gone:
                raise GraphGone(project.graph)


def _listener(port: int) -> socket.socket:
    """Return a socket that is bound to the port.

    Raises:
        PortInUse: another program listens there.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((ADDRESS, port))
        listener.listen(_MOST_CONNECTIONS)
    except OSError as error:
        listener.close()
        raise PortInUse(port) from error
    return listener


class _Service:
    """The parts of a server, and the application that they make."""

    def __init__(self, project: Project, access: Access) -> None:
        check_packages()
        current = CurrentProject(project)
        self.feed = Feed(secrets.token_hex(4))
        reader = Desk("tangle-reader", self.feed.report)
        self.jobs = Jobs(current, self.feed)
        self.news = News(current, reader, self.feed, site_shelf())
        api = Api(project=current, jobs=self.jobs, feed=self.feed, reader=reader)
        self.live = Feed(secrets.token_hex(4))
        site = Site(self.news, reader, self.live)
        app = Starlette(
            routes=[*api.routes(), *site.routes()],
            exception_handlers={
                BadRequest: bad_request,
                TangleError: failed,
                TooLarge: too_large,
                TooSlow: too_slow,
                HTTPException: not_there,
            },
        )
        self.app = Guard(app, access)

    def begin(self, disk: Disk) -> None:
        """Start to follow the notes, in the loop that answers."""
        for feed in (self.feed, self.live):
            feed.attach(asyncio.get_running_loop())
        self.news.follow(disk)

    def end(self) -> None:
        """End the runs and the streams, which would keep the server from ending."""
        self.jobs.stop_all()
        self.jobs.finish(_LAST_SECONDS)
        for feed in (self.feed, self.live):
            feed.close()


class _Server(uvicorn.Server):
    """A server that says when it is ready, and ends with what is open when its graph is gone."""

    def __init__(
        self,
        config: uvicorn.Config,
        project: Project,
        *,
        begin: Callable[[], None],
        end: Callable[[], None],
    ) -> None:
        super().__init__(config)
        self._project = project
        self._begin, self._end = begin, end
        self._seconds_gone = 0

    async def on_tick(self, counter: int) -> bool:
        if counter % _TICKS_A_SECOND == 0:
            self._seconds_gone = 0 if self._project.is_there else self._seconds_gone + 1
        return self.graph_is_gone or await super().on_tick(counter)

    @property
    def graph_is_gone(self) -> bool:
        """Whether there has been no graph for so long that no tool is exchanging its folder."""
        return self._seconds_gone >= _MOST_SECONDS_GONE

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._begin()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._end()
        await super().shutdown(sockets)


class _BoundedProtocol(H11Protocol):
    """HTTP with a bound on the connections, and on the time that a request's head may take."""

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > _MOST_CONNECTIONS:
            transport.abort()
        else:
            self._expect_head()

    def data_received(self, data: bytes) -> None:
        if self._between_requests():
            self._expect_head()
        super().data_received(data)
        if not self._between_requests():
            self._stop_expecting()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_expecting()
        super().connection_lost(exc)

    def _between_requests(self) -> bool:
        cycle: object = self.cycle  # None before the first request, against its annotation
        return cycle is None or self.cycle.response_complete

    def _expect_head(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(_HEAD_SECONDS, self.transport.abort)

    def _stop_expecting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


def _config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=_BoundedProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        h11_max_incomplete_event_size=_LARGEST_HEAD,
        timeout_keep_alive=int(_HEAD_SECONDS),
        timeout_graceful_shutdown=_LAST_SECONDS,
    )
