"""Send problems to the editor, a moment after what was typed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final

from lsprotocol import types

from tangle.errors import TangleError
from tangle.lsp.diagnostics import diagnostics
from tangle.lsp.session import Session

_DELAY: Final = 0.02
"""Seconds from the first key to the problems, so that keys that come together count once."""

_SHARE: Final = 0.5
"""What a slow graph waits beyond that, as a part of the time that the last problems took."""


class Publisher:
    """Sends the problems of pages that have others than before."""

    def __init__(
        self,
        send: Callable[[types.PublishDiagnosticsParams], None],
        failed: Callable[[Exception], None],
    ) -> None:
        """Send nothing yet.

        Args:
            send: sends the problems of a page.
            failed: reports why there are none.
        """
        self._send = send
        self._failed = failed
        self._sent: dict[str, tuple[int | None, list[types.Diagnostic]]] = {}
        self._due: asyncio.TimerHandle | None = None
        self._session: Session | None = None
        self._took = 0.0

    def schedule(self, session: Session) -> None:
        """Send the problems in a moment.

        Args:
            session: the notes; what was given before no longer counts.
        """
        self._session = session
        if self._due is None:
            delay = max(_DELAY, self._took * _SHARE)
            self._due = asyncio.get_running_loop().call_later(delay, self._publish)

    def _publish(self) -> None:
        self._due = None
        session, self._session = self._session, None
        if session is None:
            return
        start = time.monotonic()
        try:
            self.publish(session)
        except TangleError as error:
            # The folder may be gone for a moment, as while a branch is checked out.
            self._failed(error)
        self._took = time.monotonic() - start

    def publish(self, session: Session) -> None:
        """Send the problems of pages that have others than before, or a later version.

        Args:
            session: the notes.
        """
        found = {session.uri_of(path): list(own) for path, own in diagnostics(session).items()}
        versions = {uri: buffer.version for uri, buffer in session.buffers.items()}
        for uri in {**self._sent, **found, **versions}:
            news = versions.get(uri), found.get(uri, [])
            if self._sent.get(uri, (None, [])) == news:
                continue
            self._sent[uri] = news
            version, problems = news
            params = types.PublishDiagnosticsParams(uri=uri, version=version, diagnostics=problems)
            self._send(params)
            if version is None and not problems:
                del self._sent[uri]
