"""The host page of the plugin's tests, and a stand-in for the origin of plugins in Logseq."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar, Final
from urllib.parse import unquote, urlsplit

HERE: Final = Path(__file__).parent
LOGSEQ: Final = b"lsp://logseq.io"

_KINDS: Final = {".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8"}
_MOST: Final = 65536


class _Handler(BaseHTTPRequestHandler):
    """Answers with the files of some folders, by the first part of the path."""

    folders: ClassVar[Mapping[str, Path]]

    def log_message(self, *_: object) -> None:
        """Print nothing."""

    def _file(self) -> Path:
        name, _, rest = unquote(urlsplit(self.path).path).lstrip("/").partition("/")
        return self.folders[name] / rest if name in self.folders else HERE / name

    def do_GET(self) -> None:
        """Answer with a file."""
        file = self._file()
        if file.is_file():
            kind = _KINDS.get(file.suffix, "text/plain; charset=utf-8")
            self._answer(kind, file.read_bytes())
        else:
            self.send_error(404)

    def do_PUT(self) -> None:
        """Save a page."""
        self._file().write_bytes(self.rfile.read(int(self.headers["content-length"])))
        self._answer("text/plain", b"")

    def _answer(self, kind: str, data: bytes) -> None:
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


@contextmanager
def hosting(plugin: Path, graph: Path) -> Iterator[int]:
    """Serve the host page, the built plugin and the files of a graph; yields the port.

    The page is at `127.0.0.1` and the plugin at `localhost`, so that it has another origin, as in
    Logseq.
    """
    folders = {"plugin": plugin, "graph": graph}
    handler = type("Handler", (_Handler,), {"folders": folders})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


@dataclass(slots=True, kw_only=True)
class Proxy:
    """Forwards requests to a server and gives the plugin the origin that it has in Logseq.

    Chromium knows no `lsp://` addresses. What it sends and checks is otherwise its own: preflights,
    headers, streams.

    Attributes:
        port: where it listens.
        target: port of the server; None if none is to be reached.
        origin: of the plugin in the browser.
        heads: the requests that came, without their bodies.
        clients: the connections that are open.
    """

    port: int
    target: int | None
    origin: bytes
    heads: list[bytes]
    clients: set[socket.socket]

    def drop(self) -> None:
        """Cut the connections that are open."""
        for client in list(self.clients):
            with suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)

    def serve(self, listener: socket.socket) -> None:
        """Answer until the listener is closed."""
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._forward, args=(client,), daemon=True).start()

    def _forward(self, client: socket.socket) -> None:
        self.clients.add(client)
        with closing(client), suppress(OSError):
            head, _, body = _head(client).partition(b"\r\n\r\n")
            if self.target is None or not head:
                return
            self.heads.append(head)
            with socket.create_connection(("127.0.0.1", self.target)) as server:
                server.sendall(self._request(head, self.target) + b"\r\n\r\n" + body)
                threading.Thread(target=_pipe, args=(client, server), daemon=True).start()
                answer, _, rest = _head(server).partition(b"\r\n\r\n")
                client.sendall(answer.replace(LOGSEQ, self.origin) + b"\r\n\r\n" + rest)
                _pipe(server, client)
        self.clients.discard(client)

    def _request(self, head: bytes, target: int) -> bytes:
        lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"connection")]
        text = b"\r\n".join([*lines, b"Connection: close"])
        here, there = (f"127.0.0.1:{port}".encode() for port in (self.port, target))
        return text.replace(b"Host: " + here, b"Host: " + there).replace(self.origin, LOGSEQ)


def _head(connection: socket.socket) -> bytes:
    """The bytes up to the end of a head, and perhaps some after it."""
    data = b""
    while b"\r\n\r\n" not in data and (more := connection.recv(_MOST)):
        data += more
    return data


def _pipe(source: socket.socket, drain: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(_MOST):
            drain.sendall(data)
    with suppress(OSError):
        drain.shutdown(socket.SHUT_RDWR)


@contextmanager
def forwarding(plugin_port: int, target: int | None) -> Iterator[Proxy]:
    """A proxy in front of `tangle serve`.

    Args:
        plugin_port: from which the plugin's page is served.
        target: port of the server.
    """
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        origin = f"http://localhost:{plugin_port}".encode()
        port = listener.getsockname()[1]
        proxy = Proxy(port=port, target=target, origin=origin, heads=[], clients=set())
        threading.Thread(target=proxy.serve, args=(listener,), daemon=True).start()
        yield proxy
