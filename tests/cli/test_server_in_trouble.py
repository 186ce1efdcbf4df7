"""A server or its templates that are stopped, killed, or not what they seem: the run goes on."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tangle.engine.forkserver.client import ForkServerClient
from tangle.engine.forkserver.protocol import send_packet
from tangle.engine.forkserver.server import server_status, stop_server
from tangle.engine.forkserver.socket_path import address_of
from tangle_cli.server_client import hint_paths
from tests.graphs import MakeNotes, Notes

pytestmark = [
    pytest.mark.book,
    pytest.mark.skipif(not ForkServerClient.possible(), reason="this system has no pidfds"),
]

PAGE = """\
- ## 1.1. Sums
  tangle.cache:: no
	- ```python
	  import json
	  print(1 + 1)
	  ```
- ## 1.2. Takes its time
  tangle.cache:: no
	- ```python
	  import json, os, pathlib, time
	  with open("begun", "a") as mark:
	      mark.write(f"{os.getpid()} {os.getppid()}\\n")
	  print("first")
	  ```
	- ```python
	  time.sleep(1.5)
	  print("second")
	  ```
- ## 1.3. Ends by itself
  tangle.cache:: no
	- ```python
	  import os
	  with open("begun", "a") as mark:
	      mark.write("x\\n")
	  os._exit(3)
	  ```
"""

BOUND = 45.0
"""Seconds; what waits without a bound takes longer, and a few seconds are what it should be."""

RELAYED = ["run"]
DIRECT = ["--graph", ".", "run"]
"""A command with options before its name is not relayed: sections alone come from the server."""

WAYS = pytest.mark.parametrize("way", [RELAYED, DIRECT], ids=["relayed", "direct"])


@pytest.fixture
def graph(notes: MakeNotes, socket_folder: str) -> Iterator[Notes]:
    """A graph with a server that can run whole commands; it is gone at the end."""
    del socket_folder
    made = notes({"A": PAGE})
    yield made
    with contextlib.suppress(FileNotFoundError):
        stop_server(made.root / ".tangle")


@pytest.fixture
def served(graph: Notes) -> Iterator[psutil.Process]:
    """The server of the graph, at work; it goes on at the end where it was stopped."""
    _start(graph, "1.1", way=RELAYED).communicate(timeout=60)
    assert until(lambda: (found := server_status(graph.root / ".tangle")) and found.fronts == 1)
    found = server_status(graph.root / ".tangle")
    assert found is not None
    server = psutil.Process(found.pid)
    family = [server, *server.children(recursive=True)]
    yield server
    for process in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


def _start(graph: Notes, section: str, *, way: list[str]) -> subprocess.Popen[str]:
    program = [sys.executable, "-m", "tangle_cli", *way, section, "--no-write"]
    pipe = subprocess.PIPE
    return subprocess.Popen(program, cwd=graph.root, stdout=pipe, stderr=pipe, text=True)


def _run(graph: Notes, section: str, *, way: list[str]) -> tuple[str, str]:
    """What a run that passes says, to its standard output and to its standard error."""
    with _start(graph, section, way=way) as command:
        out, err = command.communicate(timeout=BOUND)
    assert "Traceback" not in out + err
    assert command.returncode == 0, out + err
    return out, err


def until(done: Callable[[], object], seconds: float = 30.0) -> bool:
    end = time.monotonic() + seconds
    while not done() and time.monotonic() < end:
        time.sleep(0.02)
    return bool(done())


def _begun(graph: Notes) -> list[str]:
    mark = graph.root / "pages" / "begun"
    return mark.read_text().splitlines() if mark.exists() else []


def _notices(err: str) -> list[str]:
    return [line for line in err.splitlines() if line.startswith(("tangle:", "engine:"))]


# --- stopped before the run -----------------------------------------------------------------------


def _stop_templates(server: psutil.Process) -> None:
    for process in server.children(recursive=True):
        process.suspend()


def _stop_server(server: psutil.Process) -> None:
    server.suspend()


def _stop_all(server: psutil.Process) -> None:
    for process in [server, *server.children(recursive=True)]:
        process.suspend()


@WAYS
@pytest.mark.parametrize("stop", [_stop_templates, _stop_server, _stop_all])
def test_stopped_processes_are_done_without(
    graph: Notes, served: psutil.Process, stop: Callable[[psutil.Process], None], way: list[str]
) -> None:
    stop(served)
    out, err = _run(graph, "1.1", way=way)
    assert "\n2\n" in out
    if stop is not _stop_templates:  # those are replaced by others at once
        assert len(_notices(err)) == 1, err


def test_a_stopped_server_keeps_no_pipe_open(graph: Notes, served: psutil.Process) -> None:
    _stop_all(served)
    command = f"{sys.executable} -m tangle_cli run 1.1 --no-write | cat"
    said = subprocess.run(
        ["/bin/sh", "-c", command],
        cwd=graph.root,
        stdout=subprocess.PIPE,
        text=True,
        timeout=BOUND,
        check=True,
    )
    assert "\n2\n" in said.stdout


def test_doctor_names_the_server_and_says_if_it_does_not_answer(
    graph: Notes, served: psutil.Process
) -> None:
    assert f"process {served.pid}, Python" in graph.tangle("doctor").out
    _stop_all(served)
    said = graph.tangle("doctor")
    assert said.code == 0
    assert f"process {served.pid} listens and does not answer" in said.out


# --- in the middle of a run -----------------------------------------------------------------------


def _server(server: psutil.Process, worker: str) -> psutil.Process:
    del worker
    return server


def _template(server: psutil.Process, worker: str) -> psutil.Process:
    del server
    return psutil.Process(int(worker.split()[1]))


def _root(server: psutil.Process, worker: str) -> psutil.Process:
    above = psutil.Process(int(worker.split()[1])).parents()
    return next(process for process in above if process.ppid() == server.pid)


@WAYS
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
@pytest.mark.parametrize("victim", [_server, _template, _root])
def test_a_section_that_is_lost_runs_again(
    graph: Notes,
    served: psutil.Process,
    victim: Callable[[psutil.Process, str], psutil.Process],
    number: signal.Signals,
    way: list[str],
) -> None:
    with _start(graph, "1.2", way=way) as command:
        assert until(lambda: _begun(graph))
        victim(served, _begun(graph)[0]).send_signal(number)
        out, err = command.communicate(timeout=BOUND)
    assert (command.returncode, "Traceback" in out + err) == (0, False), out + err
    assert out.count("first\n") == out.count("second\n") == 1
    assert len(_begun(graph)) == 2
    assert len(_notices(err)) == 1, err


@WAYS
def test_a_template_that_is_stopped_under_its_worker(
    graph: Notes, served: psutil.Process, way: list[str]
) -> None:
    with _start(graph, "1.2", way=way) as command:
        assert until(lambda: _begun(graph))
        _template(served, _begun(graph)[0]).suspend()
        out, err = command.communicate(timeout=BOUND)
    assert (command.returncode, "Traceback" in out + err) == (0, False), out + err
    assert out.count("second\n") == 1
    assert len(_begun(graph)) == 1  # the worker itself is well


def _command_of(graph: Notes, server: psutil.Process) -> psutil.Process:
    """The process that does a whole command: it is in the folder where the command was given."""
    found = []
    for process in server.children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            if process.cwd() == str(graph.root):
                found.append(process)
    (command,) = found
    return command


@pytest.mark.parametrize("kind", ["stopped", "its origin killed", "all stopped"])
def test_a_command_that_the_server_runs_is_lost(
    graph: Notes, served: psutil.Process, kind: str
) -> None:
    with _start(graph, "1.2", way=RELAYED) as command:
        assert until(lambda: _begun(graph))
        inside = _command_of(graph, served)
        if kind == "stopped":
            inside.suspend()
        elif kind == "all stopped":
            _stop_all(served)
        else:
            psutil.Process(inside.ppid()).kill()
        out, err = command.communicate(timeout=BOUND)
    assert (command.returncode, "Traceback" in out + err) == (0, False), out + err
    assert out.count("second\n") == 1
    assert len(_notices(err)) == 1, err


@WAYS
def test_what_ends_by_itself_is_not_run_again(
    graph: Notes, served: psutil.Process, way: list[str]
) -> None:
    assert served.is_running()
    with _start(graph, "1.3", way=way) as command:
        out, err = command.communicate(timeout=BOUND)
    assert command.returncode == 1
    assert "exit code 3" in out
    assert _notices(err) == []
    assert _begun(graph) == ["x"]


def test_a_server_that_is_killed_at_any_moment(graph: Notes, served: psutil.Process) -> None:
    assert served.is_running()
    for turn in range(6):
        with _start(graph, "1.2", way=RELAYED) as command:
            time.sleep(0.1 + 0.25 * turn)
            found = server_status(graph.root / ".tangle")
            if found is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(found.pid, signal.SIGKILL)
            out, err = command.communicate(timeout=BOUND)
        assert (command.returncode, out.count("second\n")) == (0, 1), out + err
        assert "Traceback" not in out + err


# --- another program on the socket ----------------------------------------------------------------


def _mute(channel: socket.socket) -> None:
    channel.recv(64)
    channel.recv(64)


def _closing(channel: socket.socket) -> None:
    del channel


def _garbage(channel: socket.socket) -> None:
    channel.recv(64)
    channel.send(b"\xff\0garbage" * 50)


def _deep(channel: socket.socket) -> None:
    channel.recv(64)
    with tempfile.TemporaryFile() as file:
        file.write(b'{"do": "welcome", "family": ' + b"[" * 10_000 + b"]" * 10_000 + b"}")
        file.flush()
        socket.send_fds(channel, [b"!"], [file.fileno()])


def _no_family(channel: socket.socket) -> None:
    channel.recv(64)
    send_packet(channel, json.dumps({"do": "welcome", "pid": 1}).encode())


def _no_templates(channel: socket.socket) -> None:
    channel.recv(64)
    send_packet(channel, json.dumps({"do": "status", "pid": 1, "began": 0.0}).encode())


def _half_a_number(channel: socket.socket) -> None:
    _, fds, _, _ = socket.recv_fds(channel, 64, 8)
    os.write(fds[-1], b"12")
    channel.recv(64)
    for fd in fds:
        os.close(fd)


def _a_long_number(channel: socket.socket) -> None:
    _, fds, _, _ = socket.recv_fds(channel, 64, 8)
    with contextlib.suppress(OSError):
        os.write(fds[-1], b"9" * 30 + b"\n")
    for fd in fds:
        os.close(fd)


def _welcome_and_no_more(channel: socket.socket) -> None:
    channel.recv(64)
    send_packet(channel, json.dumps({"do": "welcome", "pid": 1, "family": "00"}).encode())
    while channel.recv(64):
        pass


IMPOSTORS = [
    *(_mute, _closing, _garbage, _deep, _no_family, _no_templates),
    *(_half_a_number, _a_long_number, _welcome_and_no_more),
]


@contextlib.contextmanager
def _listening(graph: Notes, answer: Callable[[socket.socket], None]) -> Iterator[None]:
    """Another program at the place of the graph's server, where commands find it."""
    place = address_of(graph.root / ".tangle").socket
    place.parent.mkdir(mode=0o700, exist_ok=True)
    hint = Path(hint_paths(str(graph.root))[0])
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(str(place))
        listener.listen()
        hint.symlink_to(place.name)

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    channel, _ = listener.accept()
                    threading.Thread(target=one, args=(channel,), daemon=True).start()

        def one(channel: socket.socket) -> None:
            with channel, contextlib.suppress(OSError):
                answer(channel)

        threading.Thread(target=serve, daemon=True).start()
        yield
        listener.shutdown(socket.SHUT_RDWR)


@WAYS
@pytest.mark.parametrize("answer", IMPOSTORS)
def test_an_impostor_is_done_without(
    graph: Notes, answer: Callable[[socket.socket], None], way: list[str]
) -> None:
    with _listening(graph, answer):
        out, err = _run(graph, "1.1", way=way)
    assert "\n2\n" in out
    assert len(_notices(err)) <= 1, err


@pytest.mark.parametrize("answer", IMPOSTORS[:6])
def test_the_status_of_an_impostor(graph: Notes, answer: Callable[[socket.socket], None]) -> None:
    with _listening(graph, answer):
        said = graph.tangle("server", "status", "--format", "json")
    assert (said.code, json.loads(said.out)) == (0, {"running": False})
