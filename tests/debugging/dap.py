"""A client of the debug adapter protocol, as editors are."""

from __future__ import annotations

import itertools
import json
import socket
from typing import Any, Self

PATIENCE = 60.0


class Closed(Exception):
    """The session has ended."""


class Client:
    """A connection to a debugger."""

    def __init__(self, port: int) -> None:
        """Connect to a debugger on this machine."""
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self._stream = self._socket.makefile("rb")
        self._numbers = itertools.count(1)
        self._events: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()
        self._socket.close()

    def send(self, command: str, **arguments: Any) -> int:
        """Send a request without waiting for the answer."""
        number = next(self._numbers)
        message = {"seq": number, "type": "request", "command": command, "arguments": arguments}
        data = json.dumps(message).encode()
        self._socket.sendall(b"Content-Length: %d\r\n\r\n" % len(data) + data)
        return number

    def request(self, command: str, **arguments: Any) -> dict[str, Any]:
        """Send a request and return the body of the answer."""
        number = self.send(command, **arguments)
        while True:
            message = self._read()
            if message["type"] == "response" and message["request_seq"] == number:
                assert message["success"], message
                body: dict[str, Any] = message.get("body") or {}
                return body
            self._events.append(message)

    def event(self, name: str) -> dict[str, Any]:
        """Return the body of the next event of this name."""
        while True:
            for at, message in enumerate(self._events):
                if message.get("event") == name:
                    del self._events[at]
                    body: dict[str, Any] = message.get("body") or {}
                    return body
            self._events.append(self._read())

    def attach(self, breakpoints: dict[str, list[dict[str, Any]]], *filters: str) -> None:
        """Attach, set breakpoints by file, and have the session begin."""
        self.request("initialize", adapterID="tests", pathFormat="path")
        self.send("attach", justMyCode=True)
        self.event("initialized")
        for path, lines in breakpoints.items():
            self.request("setBreakpoints", source={"path": path}, breakpoints=lines)
        self.request("setExceptionBreakpoints", filters=list(filters))
        self.request("configurationDone")

    def stop(self) -> tuple[str, str, int]:
        """Wait for a stop: why, in which file, at which line."""
        stopped = self.event("stopped")
        self._thread = stopped["threadId"]
        frames = self.request("stackTrace", threadId=self._thread)["stackFrames"]
        self.frame = frames[0]["id"]
        return stopped["reason"], frames[0]["source"]["path"], frames[0]["line"]

    def value(self, name: str) -> str:
        """Evaluate an expression in the frame of the last stop."""
        found = self.request("evaluate", expression=name, frameId=self.frame, context="watch")
        result: str = found["result"]
        return result

    def go_on(self, command: str = "continue") -> None:
        """Continue or step."""
        self.request(command, threadId=self._thread)

    def _read(self) -> dict[str, Any]:
        size = 0
        while (line := self._stream.readline()) not in (b"\r\n", b""):
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                size = int(value)
        if not size:
            raise Closed
        message: dict[str, Any] = json.loads(self._stream.read(size))
        return message
