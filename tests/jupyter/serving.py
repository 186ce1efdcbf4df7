"""A Jupyter server in a separate process, and requests to it."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

TOKEN: Final = "secret"
_PATIENCE: Final = 60.0


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs."""

    port: int

    @property
    def address(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Return the status and the content of an answer."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=_PATIENCE)
        with contextlib.closing(connection):
            data = None if body is None else json.dumps(body)
            connection.request(method, path, data, {"Authorization": f"token {TOKEN}"})
            answer = connection.getresponse()
            text = answer.read().decode()
        return answer.status, json.loads(text) if text.startswith(("{", "[")) else text

    def contents(self, path: str, **asked: int | str) -> Any:
        """Return the model of a file, which is there."""
        query = "&".join(f"{name}={value}" for name, value in asked.items())
        status, model = self.ask("GET", f"/api/contents/{quote(path)}?{query}")
        assert status == 200, model
        return model

    def put(self, path: str, content: Any) -> tuple[int, Any]:
        """Save a notebook."""
        model = {"type": "notebook", "format": "json", "content": content}
        return self.ask("PUT", f"/api/contents/{quote(path)}", model)


@contextlib.contextmanager
def serving(root: Path, program: str = "jupyter_server") -> Iterator[Server]:
    """Run a server on a graph until the block ends.

    Args:
        root: of the graph.
        program: the module that is run, `jupyter_server` or `jupyterlab`.
    """
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        server = Server(port=taken.getsockname()[1])
    command = [
        sys.executable, "-m", program, "--no-browser", "--allow-root", f"--port={server.port}",
        "--ServerApp.port_retries=0", f"--IdentityProvider.token={TOKEN}",
        f"--ServerApp.root_dir={root}",
        "--ServerApp.contents_manager_class=tangle.jupyter.ContentsManager",
    ]  # fmt: skip
    process = subprocess.Popen(command, env=os.environ, stderr=subprocess.DEVNULL)
    try:
        _wait(server, process)
        yield server
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(server: Server, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        assert process.poll() is None, "the server has ended"
        with contextlib.suppress(OSError):
            if server.ask("GET", "/api/status")[0] == 200:
                return
        time.sleep(0.1)
    raise TimeoutError("the server does not answer")
