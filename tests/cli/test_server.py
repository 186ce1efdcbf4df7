"""The server as a user meets it: what starts it, what does without, how one sees and ends it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tangle.engine.forkserver.client import ForkServerClient
from tangle.engine.forkserver.server import server_status, stop_server
from tests.graphs import MakeNotes, Notes

pytestmark = [
    pytest.mark.book,
    pytest.mark.skipif(not ForkServerClient.possible(), reason="this system has no pidfds"),
]

PAGE = """\
- ## 1.1. Sums
	- ```python
	  import os
	  print(1 + 1)
	  ```
- ## 1.2. Waits
	- ```python
	  import pathlib, time, os
	  pathlib.Path('pid').write_text(str(os.getpid()))
	  time.sleep(60)
	  ```
"""


@pytest.fixture
def graph(notes: MakeNotes, socket_folder: str) -> Iterator[Notes]:
    """A graph whose runs may use a server; none is left at the end."""
    del socket_folder
    made = notes({"A": PAGE})
    yield made
    stop_server(made.root / ".tangle")
    assert server_status(made.root / ".tangle") is None


def state(graph: Notes) -> dict[str, object]:
    said = graph.tangle("server", "status", "--format", "json")
    assert said.code == 0
    document = json.loads(said.out)
    assert isinstance(document, dict)
    return document


def test_the_second_run_uses_what_the_first_left(graph: Notes) -> None:
    assert state(graph) == {"running": False}
    first = graph.tangle("run", "1.1", "--verbose")
    assert (first.code, "engine: started a server" in first.err) == (0, True)
    found = state(graph)
    assert found["loaded"] == [[], ["os"]]
    assert set(found) == {
        *("running", "pid", "python", "socket", "since", "idle", "commands", "workers"),
        *("memory", "loaded"),
    }
    graph.write("A", PAGE.replace("1 + 1", "1 + 1 + 0"))
    again = graph.tangle("run", "1.1", "-v")
    assert f"engine: used the server, process {found['pid']}" in again.err
    assert again.out.splitlines()[1] == first.out.splitlines()[1]
    assert state(graph)["pid"] == found["pid"]
    lines = graph.tangle("server", "status").out.splitlines()
    assert lines[0].startswith(f"process {found['pid']}, Python 3.")
    assert lines[-1] == "has loaded: os"
    assert graph.tangle("server", "stop").out == "the server has ended\n"
    assert graph.tangle("server", "stop").out == "no server runs\n"


def test_nothing_is_said_unasked(graph: Notes) -> None:
    assert "engine:" not in graph.tangle("run", "1.1").err


@pytest.mark.parametrize("how", ["option", "configuration", "CI"])
def test_a_run_does_without(graph: Notes, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    options = []
    reason = "this is a CI: the variable CI is set"
    if how == "option":
        options, reason = ["--no-server"], "--no-server"
    elif how == "configuration":
        (graph.root / "tangle.toml").write_text('book = ["**"]\nserver = false\n')
        reason = "the configuration says server = false"
    else:
        monkeypatch.setenv("CI", "1")
    said = graph.tangle("run", "1.1", "-v", *options)
    assert (said.code, f"engine: no server: {reason}" in said.err) == (0, True)
    assert state(graph) == {"running": False}


@pytest.mark.parametrize("value", ["0", "1", '"yes"'])
def test_the_configuration_takes_true_or_false(graph: Notes, value: str) -> None:
    (graph.root / "tangle.toml").write_text(f"server = {value}\n")
    said = graph.tangle("list")
    assert said.code == 2
    assert said.err.endswith("it takes true or false\n")


def test_a_fresh_process_is_reported(graph: Notes) -> None:
    (graph.root / "pages" / "fractions.py").write_text("")
    graph.write("B", "- ## 2.1. Halves\n\t- ```python\n\t  import fractions\n\t  ```\n")
    said = graph.tangle("run", "2.1", "-v")
    why = "the folder has a module fractions of its own"
    assert f"engine: 2.1: in a fresh process: {why}" in said.err


def test_clean_leaves_the_server(graph: Notes) -> None:
    graph.tangle("run", "1.1")
    pid = state(graph)["pid"]
    assert graph.tangle("clean").code == 0
    assert state(graph)["pid"] == pid


def test_a_pipe_ends_with_the_command(graph: Notes) -> None:
    before = time.monotonic()
    command = f"{sys.executable} -m tangle_cli --graph {graph.root} run 1.1 --no-write 2>&1 | cat"
    said = subprocess.run(
        ["/bin/sh", "-c", command], capture_output=True, text=True, timeout=60, check=True
    )
    assert "\n2\n" in said.stdout
    assert time.monotonic() - before < 60
    assert state(graph)["running"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_command_that_is_interrupted_takes_its_worker_with_it(
    graph: Notes, number: signal.Signals
) -> None:
    graph.tangle("run", "1.1")
    mark = graph.root / "pages" / "pid"
    arguments = [sys.executable, "-m", "tangle_cli", "--graph", str(graph.root), "run", "1.2"]
    with subprocess.Popen(
        arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ}
    ) as command:
        end = time.monotonic() + 60
        while time.monotonic() < end and not (mark.exists() and mark.read_text()):
            time.sleep(0.02)
        worker = psutil.Process(int(mark.read_text()))
        command.send_signal(number)
        code = command.wait(30)
    assert code == (130 if number == signal.SIGINT else -9)
    with contextlib.suppress(psutil.NoSuchProcess):
        psutil.wait_procs([worker], timeout=20)
        assert not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE
    assert state(graph)["workers"] == 0


def test_fresh_means_a_fresh_process(
    graph: Notes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / "site-packages"
    site.mkdir()
    (site / "token_of_import.py").write_text("import uuid\nTOKEN = uuid.uuid4().hex\n")
    monkeypatch.setenv("PYTHONPATH", str(site))
    code = "import sys\n\t  print('token_of_import' in sys.modules)\n\t  import token_of_import\n"
    code += "\t  print(token_of_import.TOKEN)"
    graph.write("B", f"- ## 2.1. Tokens\n\t- ```python\n\t  {code}\n\t  ```\n")
    graph.tangle("run", "2.1")
    said = [graph.tangle("run", "2.1", "--fresh", "--no-write", "-v") for _ in range(2)]
    assert [entry.out.splitlines()[1] for entry in said] == ["False", "False"]
    assert len({entry.out.splitlines()[2] for entry in said}) == 2
    assert all("engine: sections run in fresh processes: --fresh" in entry.err for entry in said)


def test_verify_asks_the_cache_for_nothing_and_may_fork(graph: Notes) -> None:
    graph.tangle("run", "1.1")
    said = graph.tangle("run", "1.1", "--verify", "-v")
    assert said.code == 0
    assert "engine: used the server" in said.err
