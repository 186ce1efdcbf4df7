"""A running `tangle serve`, and requests to it."""

from __future__ import annotations

import http.client
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PATIENCE = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Status, headers and body of an answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def document(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A server-sent event."""

    id: str
    kind: str
    data: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server process."""

    process: subprocess.Popen[str]
    port: int
    token: str
    root: Path

    def ask(
        self,
        path: str,
        body: object = None,
        *,
        method: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send a request with the token; `headers` replace those that it would have."""
        sent = {"Authorization": f"Bearer {self.token}"}
        data: bytes | None = None
        if body is not None:
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            sent["Content-Type"] = "application/json"
        sent |= headers or {}
        sent = {name: value for name, value in sent.items() if value}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        with closing(connection):
            connection.request(method or ("GET" if data is None else "POST"), path, data, sent)
            answer = connection.getresponse()
            return Answer(
                status=answer.status,
                headers={name.lower(): value for name, value in answer.getheaders()},
                body=answer.read(),
            )

    @contextmanager
    def events(self, last: str | None = None) -> Iterator[Iterator[Event]]:
        """The events from now on, or from the one after `last`."""
        sent = {"Authorization": f"Bearer {self.token}"}
        if last is not None:
            sent["Last-Event-ID"] = last
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        with closing(connection):
            connection.request("GET", "/api/events", headers=sent)
            answer = connection.getresponse()
            assert answer.status == 200, answer.read()
            yield _events(answer)

    def run(self, *what: str, **options: object) -> str:
        """Queue a run and return its job."""
        answer = self.ask("/api/run", {"what": list(what), **options})
        assert answer.status == 202, answer.body
        name = answer.document["job"]
        assert isinstance(name, str)
        return name

    def ended(self, job: str) -> dict[str, Any]:
        """The document of a job once it is over."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            found: dict[str, Any] = self.ask(f"/api/jobs/{job}").document
            if found["state"] not in ("queued", "running"):
                return found
            time.sleep(0.05)
        raise AssertionError(f"{job} does not end")


def _events(answer: http.client.HTTPResponse) -> Iterator[Event]:
    fields: dict[str, str] = {}
    while line := answer.readline():
        text = line.decode().rstrip("\n")
        if text:
            name, _, value = text.partition(":")
            fields[name] = value.removeprefix(" ")
        elif "data" in fields:
            data = json.loads(fields["data"])
            yield Event(id=fields.get("id", ""), kind=fields["event"], data=data)
            fields = {}


@contextmanager
def serving(root: Path, *, port: int = 0) -> Iterator[Server]:
    """`tangle serve` on a graph; Ctrl-C ends it."""
    command = [sys.executable, "-m", "tangle_cli", "--graph", str(root)]
    process = subprocess.Popen(
        [*command, "serve", "--port", str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with process:
        try:
            assert process.stdout is not None
            first = process.stdout.readline()
            assert first.startswith("serving http://127.0.0.1:"), first + process.stdout.read()
            yield Server(
                process=process,
                port=int(first.rstrip().rstrip("/").rpartition(":")[2]),
                token=process.stdout.readline().split()[-1],
                root=root,
            )
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
