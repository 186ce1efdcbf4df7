"""The live site: pages as the notes are, and which of them change."""

from __future__ import annotations

import hashlib
import mimetypes
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from starlette.responses import Response
from starlette.routing import Route

from tangle.http.api import event_stream
from tangle.http.documents import refusal
from tangle.verbs.weave.live import LiveSite

if TYPE_CHECKING:
    from starlette.requests import Request

    from tangle.http.feed import Feed
    from tangle.http.news import News
    from tangle.model import PagePath
    from tangle.verbs.desk import Desk
    from tangle.verbs.notes import Notes

_SCRIPT: Final = "live.js"
_STYLE: Final = "live.css"
_STATIC: Final = {_SCRIPT: "text/javascript", _STYLE: "text/css"}


class Site:
    """Answers requests for pages of the site; nothing of it needs the token."""

    def __init__(self, news: News, reader: Desk, feed: Feed) -> None:
        """Make the site known to the news.

        Args:
            news: what changes in the notes.
            reader: the thread that reads the notes.
            feed: receives the event `pages`, with the addresses that changed.
        """
        self._news = news
        self._reader = reader
        self._feed = feed
        self._site = LiveSite(scripts=(_SCRIPT,))
        self._begun = False
        news.listeners.append(self._take)

    def routes(self) -> list[Route]:
        """Return what is answered where; the last route takes every address."""
        return [
            Route("/live", self.live, methods=["GET"]),
            *(Route(f"/{name}", self.static, methods=["GET"]) for name in _STATIC),
            Route("/{name:path}", self.page, methods=["GET"]),
        ]

    async def live(self, request: Request) -> Response:
        """Answer with the pages that change, as server-sent events."""
        return event_stream(self._feed.read(request.headers.get("last-event-id")))

    async def static(self, request: Request) -> Response:
        """Answer with the script or the style of the live site."""
        name = request.url.path.removeprefix("/")
        data = files("tangle.http").joinpath("static", name).read_bytes()
        return Response(data, media_type=_STATIC[name], headers=_FRESH)

    async def page(self, request: Request) -> Response:
        """Answer with a file of the site."""
        name = request.path_params["name"]
        found = await self._reader.ask(lambda: self._read(name))
        if found is None:
            return refusal(404, "there is no such page")
        kind, packed = mimetypes.guess_type(name or "index.html")
        if kind is None or packed:
            kind = "application/octet-stream"
        if name.endswith("/"):
            kind = "text/html"
        if kind == "text/html":
            found = _with_digest(found)
            return Response(found, media_type=kind, headers=_FRESH)
        return Response(found, media_type=kind, headers=_FRESH | _NO_SCRIPT)

    def _read(self, name: str) -> bytes | None:
        if not self._begun:
            notes = self._news.notes()
            self._site.update(notes)
            self._begun = True
            self._reader.post(notes.remember)  # the next server need not weave it all
        return self._site.read(name)

    def _take(self, notes: Notes, _: frozenset[PagePath]) -> None:
        if self._begun:  # the site is made at the first look at it
            changed = self._site.update(notes)
            if changed:
                self._feed.publish("pages", {"pages": list(changed)})


def _with_digest(page: bytes) -> bytes:
    """A page that says which one it is, so that its script knows whether it is still that one."""
    digest = hashlib.blake2b(page, digest_size=8).hexdigest()
    return page.replace(b"<body ", f'<body data-digest="{digest}" '.encode(), 1)


_FRESH: Final = {"cache-control": "no-cache"}
_NO_SCRIPT: Final = {"content-security-policy": "script-src 'none'"}
"""For what is no page: XML of any kind would run scripts where it is opened by itself."""
