"""A shared cache that a server of HTTP holds, and servers in trouble."""

from __future__ import annotations

import contextlib
import http.server
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

import pytest

from tangle.store.remote.object_store import ObjectStore
from tangle.verbs.results.shared import Shared
from tests.machines import Machines, two_machines, who

pytest.importorskip("aiohttp", reason="fsspec needs it for HTTP: pip install aiohttp")

PAGE = "- ```python\n  print(1)\n  ```\n"
KEY = "a" * 43
NAME = "ab" * 32


class Server(http.server.ThreadingHTTPServer):
    """A server whose addresses say what is wrong: `http://.../hangs`.

    Attributes:
        ended: is set at the end, so that no request outlives the test.
    """

    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), partial(Handler, directory=str(folder)))
        self.ended = threading.Event()

    def address(self, kind: str, user: str = "") -> str:
        return f"http://{user}127.0.0.1:{self.server_port}/{kind}"


ANSWERS: Mapping[str, tuple[int, Mapping[str, str], bytes]] = {
    "moved": (302, {"Location": "/fine/{path}"}, b""),
    "in-circles": (302, {"Location": "/in-circles/{path}"}, b""),
    "moved-to-a-file": (302, {"Location": "file:///etc/hostname"}, b""),
    "page": (200, {"Content-Length": "6"}, b"log in"),
    "cut-short": (200, {"Content-Length": "1000"}, b"x" * 100),
    "drips": (200, {"Content-Length": "1000"}, b"x"),
    "without-end": (200, {}, b"x" * 2**20),
}
"""Status, headers and the beginning of the body."""


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves the files of a folder; like most servers of files, it takes no `PUT`."""

    server: Server

    def log_message(self, *_: object) -> None:
        """Print nothing."""

    def do_GET(self) -> None:
        """Answer as the address says."""
        _, kind, path = self.path.split("/", 2)
        if kind.isdigit():
            self.send_error(int(kind))
        elif kind == "hangs":
            self.server.ended.wait(30)
        elif kind in ANSWERS:
            self._answer(kind, path)
        else:
            self.path = f"/{path}"
            super().do_GET()

    def _answer(self, kind: str, path: str) -> None:
        status, headers, body = ANSWERS[kind]
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value.format(path=path))
        self.end_headers()
        with contextlib.suppress(OSError):  # the client has gone
            self.wfile.write(body)
            while kind in {"drips", "without-end"} and not self.server.ended.wait(0.2):
                self.wfile.write(b"x")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    (tmp_path / "store").mkdir()
    with Server(tmp_path / "store") as made:
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield made
        made.ended.set()
        made.shutdown()
        thread.join()


@pytest.fixture
def shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machines:
    return two_machines(tmp_path, monkeypatch, {"a": PAGE})


@pytest.mark.parametrize("kind", ["fine", "moved"])
def test_what_was_put_into_a_folder_is_read_from_its_server(
    shared: Machines, server: Server, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    shared.alice.run()
    monkeypatch.setenv("TANGLE_CACHE", server.address(kind))
    said = shared.bob.tangle("cache", "status")
    assert (said.code, "a: alice, cpu, " in said.out) == (0, True)
    assert who(shared.bob.run()) == "alice"
    said = shared.bob.tangle("cache", "prune")
    assert (said.code, "cannot list what it holds" in said.err) == (3, True)


def test_a_server_of_files_takes_no_results(
    shared: Machines, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TANGLE_CACHE", server.address("fine"))
    said = shared.alice.tangle("run", "a", "--no-write")
    notices = [line for line in said.err.split("\n") if "shared cache:" in line]
    assert (said.code, len(notices), "501" in notices[0]) == (0, 1, True)
    assert shared.entries() == []


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("403", "403, message='Forbidden'"),
        ("500", "500, message='Internal Server Error'"),
        ("503", "503, message='Service Unavailable'"),
        ("in-circles", "TooManyRedirects"),
        ("moved-to-a-file", "NonHttpUrlRedirectClientError: file:///etc/hostname"),
        ("hangs", "did not answer within 1 s"),
        ("drips", "did not answer within 1 s"),
        ("cut-short", "ClientPayloadError"),
    ],
)
def test_a_server_in_trouble_costs_one_notice_and_the_section_runs(
    shared: Machines, server: Server, monkeypatch: pytest.MonkeyPatch, kind: str, expected: str
) -> None:
    monkeypatch.setenv("TANGLE_CACHE", server.address(kind, user="me:secret@"))
    said = shared.bob.tangle("run", "a", "--no-write")
    assert said.code == 0
    assert [expected in line for line in said.err.split("\n") if "shared cache:" in line] == [True]
    assert "secret" not in said.out + said.err


@pytest.mark.parametrize("kind", ["404", "410", "416", "page"])
def test_what_is_no_entry_costs_nothing(server: Server, kind: str) -> None:
    shared = Shared(ObjectStore(server.address(kind)), {KEY: "alice"})
    shared.fetch([NAME], lambda *_: True)
    assert shared.trouble == ""


def test_no_more_is_read_than_was_asked_for(server: Server) -> None:
    began = time.monotonic()
    assert ObjectStore(server.address("without-end")).get("x", 1000) == b"x" * 1000
    assert time.monotonic() - began < 15


@pytest.mark.parametrize("kind", ["hangs", "drips", "without-end"])
def test_a_server_is_not_waited_for_longer_than_a_second(server: Server, kind: str) -> None:
    shared = Shared(ObjectStore(server.address(kind)), {KEY: "alice", "b" * 43: "bob"})
    began, computed = time.monotonic(), time.process_time()
    shared.fetch([NAME, "cd" * 32], lambda *_: True)
    waited = time.monotonic() - began - (time.process_time() - computed)
    assert "did not answer within 1 s" in shared.trouble
    assert waited < 3  # one, and what a busy machine adds


NO_ANSWER_OF_NAMES = f"""
import socket, time
socket.getaddrinfo = lambda *_, **__: time.sleep(120)
from tangle.store.remote.object_store import ObjectStore
from tangle.verbs.results.shared import Shared
shared = Shared(ObjectStore("https://cache.example/x"), {{"{KEY}": "alice"}})
shared.fetch(["{NAME}"], lambda *_: True)
print(shared.trouble)
"""


def test_a_network_that_resolves_no_name_does_not_keep_the_process_from_ending() -> None:
    done = subprocess.run(
        [sys.executable, "-c", NO_ANSWER_OF_NAMES],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert "did not answer within 1 s" in done.stdout
