"""The events of a server, numbered, for any number of readers."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tangle.errors import TangleError
from tangle.http.documents import json_bytes

_MOST_EVENTS: Final = 2000
_MOST_BYTES: Final = 16 * 1024 * 1024
_BEAT: Final = 15.0
"""Seconds of silence after which a reader is sent a comment, so that a lost one is noticed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    number: int
    text: bytes


class Feed:
    """Keeps the last events; a reader that reconnects continues where it stopped.

    `publish` may be called in any thread, the rest in the server's.
    """

    def __init__(self, epoch: str) -> None:
        """Start without events.

        Args:
            epoch: distinguishes this server's numbers from those of an earlier one.
        """
        self._epoch = epoch
        self._lock = threading.Lock()
        self._entries: deque[_Entry] = deque()
        self._bytes = 0
        self._next = 1
        self._loop: asyncio.AbstractEventLoop | None = None
        self._news = asyncio.Event()
        self._closed = False

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Name the loop in which readers wait."""
        self._loop = loop

    def publish(self, kind: str, data: Mapping[str, Any]) -> None:
        """Add an event and wake the readers."""
        body = json_bytes(data)
        with self._lock:
            head = f"id: {self._epoch}-{self._next}\nevent: {kind}\ndata: "
            entry = _Entry(number=self._next, text=b"%b%b\n\n" % (head.encode(), body))
            self._next += 1
            self._entries.append(entry)
            self._bytes += len(entry.text)
            while len(self._entries) > _MOST_EVENTS or (
                self._bytes > _MOST_BYTES and len(self._entries) > 1
            ):
                self._bytes -= len(self._entries.popleft().text)
        self._wake()

    def report(self, error: Exception) -> None:
        """Publish an error as the event `notice`: work goes on without what failed."""
        expected = isinstance(error, TangleError)
        message = str(error) if expected else f"{type(error).__name__}: {error}"
        self.publish("notice", {"message": message})

    def close(self) -> None:
        """End all readers."""
        self._closed = True
        self._wake()

    def _wake(self) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._ring)

    def _ring(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    async def read(self, last: str | None = None) -> AsyncIterator[bytes]:
        """Yield the events that follow, as server-sent events, until the server closes.

        Args:
            last: the id of the last event that the reader has (`Last-Event-ID`); without it, the
                reader gets what comes from now on. Where events after it are no longer kept, or
                it is another server's, the reader first gets the event `reset`.
        """
        at = self._place_after(last)
        if at is None:
            yield b"event: reset\ndata: {}\n\n"
            at = self._next
        yield b": connected\n\n"
        while not self._closed:
            news = self._news
            entries, lost = self._since(at)
            if lost:
                yield b"event: reset\ndata: {}\n\n"
            for entry in entries:
                yield entry.text
                at = entry.number + 1
            if entries:
                continue
            try:
                await asyncio.wait_for(news.wait(), _BEAT)
            except TimeoutError:
                yield b": \n\n"

    def _place_after(self, last: str | None) -> int | None:
        """Return the number of the first event to send; None if there is a gap before it."""
        if last is None:
            return self._next
        epoch, _, number = last.rpartition("-")
        if epoch != self._epoch or not number.isdecimal():
            return None
        at = int(number) + 1
        with self._lock:
            first = self._entries[0].number if self._entries else self._next
        return at if first <= at <= self._next else None

    def _since(self, at: int) -> tuple[list[_Entry], bool]:
        """Return the events from a number on, and whether some before them are gone."""
        with self._lock:
            found = [entry for entry in self._entries if entry.number >= at]
        return found, bool(found) and found[0].number > at
