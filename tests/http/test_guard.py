"""Each attack on the interface is refused, and the server answers afterwards."""

from __future__ import annotations

import socket
import time
from contextlib import ExitStack

import pytest

from tests.http.serving import PATIENCE, Server

RUN = {"what": ["One"]}
OWN = "http://127.0.0.1:{port}"


def raw(server: Server, data: bytes) -> socket.socket:
    """A connection on which some bytes were sent."""
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE)
    connection.sendall(data)
    return connection


def post(server: Server) -> str:
    """The first lines of a request to run something."""
    host, token = f"127.0.0.1:{server.port}", server.token
    return f"POST /api/run HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n"


def closed(connection: socket.socket) -> bytes:
    """What comes until the other side closes."""
    found = b""
    try:
        while data := connection.recv(65536):
            found += data
    except ConnectionResetError:
        pass
    return found


@pytest.mark.parametrize(
    "path", ["/api/state", "/api/page?title=One", "/api/events", "/api/jobs/x", "/api/no"]
)
@pytest.mark.parametrize(
    "token", ["", "Bearer wrong", "Basic {token}", "Bearer {token}x", "Bearer"]
)
def test_without_the_token_nothing_is_answered(server: Server, path: str, token: str) -> None:
    given = token.format(token=server.token)
    assert server.ask(path, headers={"Authorization": given}).status in (401, 429)


def test_many_wrong_tokens_are_slowed_down_and_the_right_one_is_not(server: Server) -> None:
    found = [server.ask("/api/state", headers={"Authorization": "Bearer x"}) for _ in range(30)]
    assert 429 in {answer.status for answer in found} <= {401, 429}
    assert server.ask("/api/state").status == 200


@pytest.mark.parametrize(
    "origin",
    [
        *("http://evil.example", "https://127.0.0.1:{port}", "http://127.0.0.1", "null", "file://"),
        *(
            "http://127.0.0.1:{port}.evil.example",
            "http://localhost:1",
            "lsp://logseq.io.evil.example",
        ),
        *("lsp://evil", "app://obsidian.md", "http://127.0.0.1:{port}@evil.example"),
    ],
)
def test_a_foreign_origin_is_refused(server: Server, origin: str) -> None:
    headers = {"Origin": origin.format(port=server.port)}
    for path in "/api/state", "/", "/api/events":
        answer = server.ask(path, headers=headers)
        assert answer.status == 403
        assert "access-control-allow-origin" not in answer.headers
    assert server.ask("/api/run", RUN, headers=headers).status == 403
    assert server.ask("/api/run", method="OPTIONS", headers=headers).status == 403


@pytest.mark.parametrize(
    "origin", [OWN, "http://localhost:{port}", "lsp://logseq.io", "lsp://logseq.com"]
)
def test_own_pages_and_logseq_may_ask(server: Server, origin: str) -> None:
    assert (
        server.ask("/api/state", headers={"Origin": origin.format(port=server.port)}).status == 200
    )


def test_logseq_may_read_the_answer_and_own_pages_need_no_leave(server: Server) -> None:
    preflight = {
        "Origin": "lsp://logseq.io",
        "Authorization": "",
        "Access-Control-Request-Method": "POST",
    }
    answer = server.ask("/api/run", method="OPTIONS", headers=preflight)
    assert answer.status == 204
    assert answer.headers["access-control-allow-origin"] == "lsp://logseq.io"
    assert "authorization" in answer.headers["access-control-allow-headers"]
    own = server.ask("/api/state", headers={"Origin": OWN.format(port=server.port)})
    assert "access-control-allow-origin" not in own.headers


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:{port}",
        "127.0.0.1",
        "127.0.0.1:1",
        "127.0.0.1:{port}.x",
        "0.0.0.0:{port}",
    ],
)
def test_a_foreign_host_is_refused(server: Server, host: str) -> None:
    for path in "/api/state", "/":
        assert server.ask(path, headers={"Host": host.format(port=server.port)}).status == 403


@pytest.mark.parametrize(
    "kind",
    ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x", ""],
)
def test_a_form_cannot_start_a_run(server: Server, kind: str) -> None:
    answer = server.ask("/api/run", b'{"what": ["One"]}', headers={"Content-Type": kind})
    assert answer.status == 415


def test_a_large_body_is_refused_before_it_is_read(server: Server) -> None:
    head = f"{post(server)}Content-Type: application/json\r\nContent-Length: 100000000\r\n\r\n"
    with raw(server, head.encode()) as connection:
        assert closed(connection).startswith(b"HTTP/1.1 413")


def test_a_large_body_in_chunks_is_refused(server: Server) -> None:
    head = f"{post(server)}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    with raw(server, head.encode()) as connection:
        try:
            for _ in range(200):
                connection.sendall(b"10000\r\n" + b" " * 0x10000 + b"\r\n")
        except (BrokenPipeError, ConnectionResetError):
            pass
        found = closed(connection)
        assert not found or found.startswith(b"HTTP/1.1 413")
    assert server.ask("/api/state").status == 200


def test_slow_requests_are_ended(server: Server) -> None:
    whole = f"GET /api/state HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nX: "
    began = time.monotonic()
    with raw(server, whole.encode()) as connection:
        connection.settimeout(0.5)
        while time.monotonic() < began + PATIENCE:
            try:
                connection.sendall(b"x")
                if connection.recv(1) == b"":
                    break
            except TimeoutError:
                continue
            except OSError:
                break
        else:
            raise AssertionError("the connection is still open")


def test_many_clients_at_once(server: Server) -> None:
    with ExitStack() as stack:
        for _ in range(1000):
            try:
                stack.enter_context(raw(server, b""))
            except OSError:
                break
    until = time.monotonic() + PATIENCE
    while True:
        try:
            assert server.ask("/api/state").status == 200
            return
        except OSError:
            assert time.monotonic() < until
            time.sleep(0.1)


@pytest.mark.parametrize(
    "path",
    [
        "/../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/..%2f..%2fetc/passwd",
        "//etc/passwd",
        "/.tangle/token",
        "/assets/../.tangle/token",
        "/%00",
        "/api/../.tangle/token",
        "/" + "a" * 5000,
    ],
)
def test_no_path_leads_to_a_file(server: Server, path: str) -> None:
    answer = server.ask(path)
    assert answer.status == 404
    assert server.token.encode() not in answer.body


@pytest.mark.parametrize(
    "data", [b"\x16\x03\x01\x00", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\0" * 1000]
)
def test_what_is_no_request_is_refused(server: Server, data: bytes) -> None:
    with raw(server, data) as connection:
        connection.shutdown(socket.SHUT_WR)
        assert b" 200 " not in closed(connection)
    assert server.ask("/api/state").status == 200


def test_a_token_that_others_can_read_no_longer_counts(server: Server) -> None:
    path = server.root / ".tangle" / "token"
    assert path.stat().st_mode & 0o077 == 0
    path.chmod(0o644)
    try:
        assert server.ask("/api/state").status == 401
    finally:
        path.chmod(0o600)
    assert server.ask("/api/state").status == 200


def test_other_sites_can_neither_frame_nor_embed_the_pages(server: Server) -> None:
    for path in "/", "/live.js", "/api/state":
        headers = server.ask(path).headers
        assert headers["x-frame-options"] == "SAMEORIGIN"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert headers["x-content-type-options"] == "nosniff"
