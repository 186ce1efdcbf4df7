"""Each attack on the interface is refused, and the server answers afterwards."""

from __future__ import annotations

import json
import re
import socket
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pytest

from tests.browser import browsing, needs_chromium
from tests.http.serving import PATIENCE, Server
from tests.plugin.hosting import hosting

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


def test_a_head_and_a_body_that_trickle_are_ended(server: Server) -> None:
    head = f"GET /api/state HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nX: "
    body = f"{post(server)}Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
    with raw(server, head.encode()) as first, raw(server, body.encode()) as second:
        open_ones = {first, second}
        until = time.monotonic() + PATIENCE
        while open_ones:
            assert time.monotonic() < until, "a connection is still open"
            time.sleep(0.2)
            open_ones -= {one for one in open_ones if is_over(one)}


def is_over(connection: socket.socket) -> bool:
    """Send a byte more, and return whether the other side has answered or closed."""
    connection.setblocking(False)
    try:
        connection.sendall(b" ")
        answer = connection.recv(65536)
    except BlockingIOError:
        return False
    except OSError:
        return True
    assert answer == b"" or answer.startswith(b"HTTP/1.1 408")
    return True


def test_a_reader_that_takes_nothing_does_not_delay_others(server: Server) -> None:
    head = f"GET /api/events HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
    with raw(server, f"{head}Authorization: Bearer {server.token}\r\n\r\n".encode()):
        for _ in range(5):
            server.ended(server.run("One", write=False))


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
    "lines",
    [
        "Content-Length: 16\r\nContent-Length: 5",
        "Content-Length: 16\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: xchunked",
        "Content-Length: -1",
        "Host: evil.example",
        "Origin: lsp://logseq.io\r\nOrigin: http://evil.example",
        "Origin: lsp://logseq.io\x00",
    ],
)
def test_what_two_programs_would_read_differently_is_refused(server: Server, lines: str) -> None:
    head = f"{post(server)}Content-Type: application/json\r\n{lines}\r\n\r\n"
    with raw(server, (head + json.dumps(RUN)).encode()) as connection:
        connection.shutdown(socket.SHUT_WR)
        answer = closed(connection)[:12]
        assert answer in (b"", b"HTTP/1.1 400", b"HTTP/1.1 403")
    assert server.ask("/api/state").document["jobs"] == []


@pytest.mark.parametrize(
    "what", ["../../../etc/passwd", "/etc/passwd", "--help", "\0", "a" * 100_000]
)
def test_what_is_run_is_a_name_and_never_a_file_or_an_option(server: Server, what: str) -> None:
    ended = server.ended(server.run(what))
    assert (ended["state"], ended["exit_code"]) == ("refused", 2)


def test_one_request_names_a_thousand_sections_at_most(server: Server) -> None:
    assert server.ask("/api/run", {"what": ["One"] * 1001}).status == 400
    assert server.ask("/api/check", {"what": ["One"] * 1001}).status == 400


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


ATTACK: Final = """
<iframe name="target"></iframe>
<form method="post" enctype="text/plain" target="target" action="SERVER/api/run">
<input name='{"what": ["One"], "x": "' value='"}'></form>
<script>
const frame = document.querySelector("iframe");
const loaded = () => new Promise((done) => frame.addEventListener("load", done, { once: true }));
const ask = (path, options) =>
  fetch("SERVER" + path, options).then(({ type }) => type, () => "refused");
const body = '{"what": ["One"]}';
const plain = { method: "POST", body, headers: { "Content-Type": "text/plain" } };
async function attack() {
  const found = {
    form: (document.forms[0].submit(), await loaded(), frame.contentDocument === null),
    hidden: await ask("/api/run", { ...plain, mode: "no-cors" }),
    simple: await ask("/api/run", plain),
    json: await ask("/api/run", { ...plain, headers: { "Content-Type": "application/json" } }),
    read: await ask("/api/state"),
    page: await ask("/One.html"),
    beacon: navigator.sendBeacon("SERVER/api/run", body),
  };
  const events = new EventSource("SERVER/api/events");
  found.events = await new Promise((done) => {
    events.onerror = () => done("refused");
    events.onopen = () => done("open");
  });
  frame.src = "SERVER/One.html";
  await loaded();
  found.framed = frame.contentDocument === null;
  return found;
}
</script>
"""


@needs_chromium
def test_a_page_of_another_site_starts_nothing_and_reads_nothing(
    server: Server, tmp_path: Path
) -> None:
    page = tmp_path / "attack.html"
    page.write_text(ATTACK.replace("SERVER", f"http://127.0.0.1:{server.port}"), encoding="utf-8")
    note = server.root / "pages" / "One.md"
    before = note.read_bytes()
    with hosting(tmp_path, tmp_path) as port, browsing() as browser, browser.tab() as tab:
        tab.open(f"http://localhost:{port}/plugin/attack.html")
        found = tab.evaluate("attack()")
    assert found.pop("hidden") in ("opaque", "refused")  # sent without asking, never readable
    assert found.pop("beacon")
    assert found.pop("form")
    assert found.pop("framed")
    assert set(found.values()) == {"refused"}, found
    assert server.ask("/api/state").document["jobs"] == []
    assert note.read_bytes() == before


def test_each_test_that_the_documentation_names_is_here() -> None:
    folder = Path(__file__).parent
    text = (folder.parents[1] / "docs" / "reference" / "http.md").read_text("utf-8")
    named = re.findall(r"`(test_\w+)`", text)
    tests = "".join(path.read_text("utf-8") for path in folder.glob("test_*.py"))
    assert len(named) > 10
    assert [name for name in named if f"def {name}(" not in tests] == []
