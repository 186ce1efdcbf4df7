"""Who may ask: addresses, origins, tokens, sizes; everything else is refused before it is read."""

from __future__ import annotations

import asyncio
import hmac
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from starlette.datastructures import Headers
from starlette.responses import Response

from tangle.http.documents import refusal

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOGSEQ: Final = frozenset({"lsp://logseq.io", "lsp://logseq.com"})
"""Origins of Logseq's plugins."""

MOST_BYTES: Final = 1024 * 1024
"""Of a request's body."""

_BODY_SECONDS: Final = 10.0
_WRONG_TOKENS: Final = 20
_WINDOW: Final = 10.0
"""So many requests with a wrong token in so many seconds are answered; further ones are refused."""


class TooSlow(Exception):
    """A request's body did not arrive in time."""


class TooLarge(Exception):
    """A request's body is larger than allowed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What a request must show.

    Attributes:
        port: of this server.
        token: of the interface.
        token_is_safe: whether no other user can have read it.
    """

    port: int
    token: str
    token_is_safe: Callable[[], bool]

    @property
    def hosts(self) -> frozenset[str]:
        """The values of `Host` that name this server."""
        names = ("127.0.0.1", "localhost")
        plain = names if self.port == 80 else ()
        return frozenset((*(f"{name}:{self.port}" for name in names), *plain))

    @property
    def own_origins(self) -> frozenset[str]:
        """The values of `Origin` that this server's pages have."""
        return frozenset(f"http://{host}" for host in self.hosts)


class Guard:
    """Answers what must not reach the application."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        """Guard an application."""
        self._app = app
        self._access = access
        self._wrong: deque[float] = deque()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or let it through with a bound on its body."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        send = _with_headers(send, _cors(headers.get("origin")))
        answer = self._answer(scope, headers)
        if answer is None:
            await self._app(scope, _Body(receive), send)
        else:
            answer.headers["connection"] = "close"  # a body that comes with it is not read
            await answer(scope, receive, send)

    def _answer(self, scope: Scope, headers: Headers) -> Response | None:
        """Return the refusal of a request, or the answer to a preflight; None lets it through."""
        if headers.get("host", "").lower() not in self._access.hosts:
            return refusal(403, "the Host header does not name this server")
        if not (self._access.own_origins | LOGSEQ).issuperset(headers.getlist("origin")):
            return refusal(403, "pages of this origin may not ask this server")
        if not _is_interface(scope["path"]):
            allowed = scope["method"] in ("GET", "HEAD")
            return None if allowed else refusal(405, "the site can only be read")
        if scope["method"] == "OPTIONS":
            return Response(status_code=204)
        return self._token_refusal(headers) or _body_refusal(scope, headers)

    def _token_refusal(self, headers: Headers) -> Response | None:
        scheme, _, given = headers.get("authorization", "").partition(" ")
        known = hmac.compare_digest(given.strip().encode(), self._access.token.encode())
        if scheme.lower() != "bearer" or not known:
            return self._wrong_token()
        if not self._access.token_is_safe():
            return refusal(
                401,
                ".tangle/token is gone, or others can read it; restart the server",
            )
        return None

    def _wrong_token(self) -> Response:
        now = time.monotonic()
        while self._wrong and self._wrong[0] < now - _WINDOW:
            self._wrong.popleft()
        if len(self._wrong) >= _WRONG_TOKENS:
            return refusal(429, "too many requests with a wrong token; wait a few seconds")
        self._wrong.append(now)
        return refusal(401, "give the token of .tangle/token as: Authorization: Bearer TOKEN")


def _is_interface(path: str) -> bool:
    """Whether an address is of the interface: the site may have pages of the namespace `api`."""
    return path == "/api" or (path.startswith("/api/") and not path.endswith(".html"))


def _cors(origin: str | None) -> Mapping[str, str]:
    """Return the headers that let a plugin's page read an answer, and no other page."""
    if origin not in LOGSEQ:
        return {"vary": "Origin", "cross-origin-resource-policy": "same-origin"}
    return {
        "vary": "Origin",
        "cross-origin-resource-policy": "cross-origin",
        "access-control-allow-origin": origin,
        "access-control-allow-methods": "GET, POST",
        "access-control-allow-headers": "authorization, content-type, last-event-id",
        "access-control-allow-private-network": "true",
        "access-control-max-age": "600",
    }


def _body_refusal(scope: Scope, headers: Headers) -> Response | None:
    length = headers.get("content-length", "0")
    if length.isdecimal() and int(length) > MOST_BYTES:
        return refusal(413, f"a request's body has at most {MOST_BYTES} bytes")
    if scope["method"] == "POST":
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            return refusal(415, "the body is JSON, with Content-Type: application/json")
    return None


class _Body:
    """A request's body, bounded in size and time."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._left = MOST_BYTES
        self._until = time.monotonic() + _BODY_SECONDS
        self._complete = False

    async def __call__(self) -> Message:
        if self._complete:  # what follows is only that the client is gone
            return await self._receive()
        try:
            left = max(0.0, self._until - time.monotonic())
            message = await asyncio.wait_for(self._receive(), left)
        except TimeoutError:
            raise TooSlow from None
        self._left -= len(message.get("body", b""))
        self._complete = not message.get("more_body", False)
        if self._left < 0:
            raise TooLarge
        return message


def _with_headers(send: Send, more: Mapping[str, str]) -> Send:
    safe: dict[str, str] = {
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "x-frame-options": "SAMEORIGIN",  # no other site may frame the page
        **more,
    }
    raw = [(name.encode(), value.encode()) for name, value in safe.items()]

    async def send_more(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers: list[Any] = list(message.get("headers", ()))
            message = {**message, "headers": [*headers, *raw]}
        await send(message)

    return send_more
