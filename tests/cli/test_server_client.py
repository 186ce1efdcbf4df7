"""A command that the server runs for the process that was started: no difference but the time."""

from __future__ import annotations

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
from tangle.engine.forkserver.server import ServerStatus, server_status, stop_server
from tangle_cli.server_client import hint_paths
from tests.graphs import MakeNotes, Notes

pytestmark = [
    pytest.mark.book,
    pytest.mark.skipif(not ForkServerClient.possible(), reason="this system has no pidfds"),
]

PAGE = """\
- ## 1.1. Sums
	- ```python
	  import os
	  print(1 + 1, os.environ.get("SEEN"), os.path.basename(os.getcwd()))
	  ```
- ## 1.2. Waits
	- ```python
	  import pathlib, time, os
	  pathlib.Path('pid').write_text(str(os.getpid()))
	  time.sleep(60)
	  ```
- ## 1.3. Fails
	- ```python
	  1 / 0
	  ```
- ## 1.4. Slow
	- ```python
	  import time
	  time.sleep(1.5)
	  print("slow")
	  ```
- ## 1.5. Starts a program
	- ```python
	  import pathlib, subprocess, time
	  program = subprocess.Popen(["sleep", "600"])
	  pathlib.Path('pid').write_text(str(program.pid))
	  time.sleep(60)
	  ```
- ## 1.6. Where its package is
	- ```python
	  import sys
	  print(sys.path[0])
	  ```
"""


@pytest.fixture
def graph(notes: MakeNotes, socket_folder: str) -> Iterator[Notes]:
    """A graph with a server that can run whole commands; it is gone at the end."""
    del socket_folder
    made = notes({"A": PAGE})
    tangle(made, "run", "1.1", "--no-write").check_returncode()
    assert until(lambda: status(made).fronts == 1)
    yield made
    stop_server(made.root / ".tangle")
    assert server_status(made.root / ".tangle") is None


def tangle(graph: Notes, *arguments: str, code: str = "") -> subprocess.CompletedProcess[str]:
    """Calls the program in the graph's folder; with `code`, what that says of it."""
    program = [sys.executable, "-c", code] if code else [sys.executable, "-m", "tangle_cli"]
    return subprocess.run(
        [*program, *arguments], cwd=graph.root, capture_output=True, text=True, check=False
    )


RELAYED = """\
import sys
from tangle_cli.server_client import relay
code = relay(sys.argv[1:])
sys.exit(77 if code is None else code)
"""
"""Exits with 77 where the command was not taken."""


def status(graph: Notes) -> ServerStatus:
    found = server_status(graph.root / ".tangle")
    assert found is not None
    return found


def until(done: object, seconds: float = 30.0) -> bool:
    assert callable(done)
    end = time.monotonic() + seconds
    while not done() and time.monotonic() < end:
        time.sleep(0.02)
    return bool(done())


def test_it_is_the_same_but_for_the_time(graph: Notes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEEN", "here")
    here = tangle(graph, "--graph", ".", "run", "1.1", "--no-write", "--fresh")
    there = tangle(graph, "run", "1.1", "--no-write", "--fresh", code=RELAYED)
    assert (there.returncode, here.returncode) == (0, 0)
    assert "2 here pages\n" in there.stdout
    assert there.stdout.splitlines()[:2] == here.stdout.splitlines()[:2]
    assert there.stderr.splitlines()[0] == here.stderr.splitlines()[0] == "1.1: running"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["run", "1.3", "--no-write"], 1, ""),
        (["run", "9.9"], 2, "9.9"),
        (["run", "--nonsense"], 2, "--nonsense"),
        (["run", "1.1", "--timeout", "0"], 2, "above zero"),
    ],
)
def test_exit_codes_and_messages_come_through(
    graph: Notes, arguments: list[str], code: int, said: str
) -> None:
    there = tangle(graph, *arguments, code=RELAYED)
    assert (there.returncode, said in there.stderr) == (code, True)


@pytest.mark.parametrize(
    "arguments", [["list"], ["run", "1.1", "--no-server"], ["run", "--help"], []]
)
def test_what_is_not_relayed(graph: Notes, arguments: list[str]) -> None:
    assert tangle(graph, *arguments, code=RELAYED).returncode == 77


def test_what_a_server_cannot_be_for_it_is_not_relayed(
    graph: Notes, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ("run", "1.1", "--no-write")
    monkeypatch.setenv("CI", "1")
    assert tangle(graph, *arguments, code=RELAYED).returncode == 77
    monkeypatch.delenv("CI")
    monkeypatch.setenv("PYTHONWARNINGS", "ignore")
    assert tangle(graph, *arguments, code=RELAYED).returncode == 77
    monkeypatch.delenv("PYTHONWARNINGS")
    other = f"import os\nos.umask(0o027)\nos.nice(3)\n{RELAYED}"
    assert tangle(graph, *arguments, code=other).returncode == 77
    assert tangle(graph, *arguments, code=RELAYED).returncode == 0


def test_a_hint_that_leads_nowhere_is_no_harm(graph: Notes) -> None:
    stop_server(graph.root / ".tangle")
    (hint, _) = map(Path, hint_paths(str(graph.root)))
    hint.parent.mkdir(mode=0o700, exist_ok=True)
    for target in ("nowhere.sock", "../nowhere.sock", "/etc/passwd"):
        hint.symlink_to(target)
        assert tangle(graph, "run", "1.1", "--no-write", code=RELAYED).returncode == 77
        hint.unlink()


def test_a_pipe_that_closes_ends_it(graph: Notes) -> None:
    command = f"{sys.executable} -m tangle_cli run 1.1 --no-write --fresh | head -c 1"
    said = subprocess.run(
        ["/bin/sh", "-c", command], cwd=graph.root, capture_output=True, timeout=60, check=True
    )
    assert len(said.stdout) == 1
    assert until(lambda: status(graph).workers == 0)


def test_it_sees_what_was_edited_since_its_notes_were_read(graph: Notes) -> None:
    run = ("run", "1.1", "--no-write")
    assert "2 " in tangle(graph, *run, code=RELAYED).stdout
    for more in (2, 3, 4):
        graph.write("A", PAGE.replace("1 + 1", f"1 + {more}"))
        said = tangle(graph, *run, code=RELAYED)
        assert (said.returncode, f"{1 + more} " in said.stdout) == (0, True)
    graph.page("A").rename(graph.page("B"))
    assert "5 " in tangle(graph, *run, code=RELAYED).stdout
    graph.page("B").unlink()
    assert tangle(graph, *run, code=RELAYED).returncode == 2
    assert status(graph).fronts == 1


COUNTED = """\
import sys
from tangle_cli import server_entry as loaded
from tangle_cli.main import main
before = set(sys.modules)
sys.argv[1:] = ["run", "1.1", "--no-write", "--no-server"]
try:
    main()
finally:
    sys.exit(" ".join(sorted(set(sys.modules) - before)))
"""


def test_a_fork_has_nothing_left_to_import(graph: Notes) -> None:
    tangle(graph, "run", "1.1", "--no-write")  # so that the next is answered from the cache
    assert tangle(graph, code=COUNTED).stderr.strip() == ""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_signals_reach_it(graph: Notes, number: signal.Signals) -> None:
    mark = graph.root / "pages" / "pid"
    program = [sys.executable, "-c", RELAYED, "run", "1.2", "--no-write"]
    with subprocess.Popen(
        program, cwd=graph.root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as command:
        assert until(lambda: mark.exists() and mark.read_text())
        worker = int(mark.read_text())
        command.send_signal(number)
        code = command.wait(30)
    assert code == {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGKILL: -9}[number]
    assert until(lambda: _is_gone(worker))
    assert until(lambda: status(graph).workers == 0)


@pytest.mark.parametrize("delay", [0.0, 0.01, 0.02, 0.03, 0.05, 0.08, 0.12])
def test_ctrl_c_is_not_lost_on_the_way(graph: Notes, delay: float) -> None:
    code = f"print('begins', flush=True)\n{RELAYED}"
    program = [sys.executable, "-c", code, "run", "1.2", "--no-write"]
    with subprocess.Popen(
        program, cwd=graph.root, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as command:
        assert command.stdout is not None
        command.stdout.readline()
        time.sleep(delay)
        command.send_signal(signal.SIGINT)
        # Before there is a server's process to pass it on to, it is this one's own.
        assert command.wait(20) in (130, -signal.SIGINT)
    assert until(lambda: status(graph).workers == 0)


def test_the_end_of_one_leaves_another_that_shares_its_pipe(graph: Notes) -> None:
    both = f"{{ {sys.executable} -m tangle_cli run 1.4 --no-write --fresh || echo broken; }} &"
    both += f" sleep 0.7; {sys.executable} -m tangle_cli run 1.1 --no-write --fresh; wait"
    said = subprocess.run(
        ["/bin/sh", "-c", f"({both}) | cat"],
        cwd=graph.root,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "slow\n" in said.stdout
    assert "broken" not in said.stdout


def test_one_command_counts_once(graph: Notes) -> None:
    mark = graph.root / "pages" / "pid"
    program = [sys.executable, "-c", RELAYED, "run", "1.2", "--no-write"]
    with subprocess.Popen(program, cwd=graph.root, stderr=subprocess.DEVNULL) as command:
        assert until(lambda: mark.exists() and mark.read_text())
        assert status(graph).commands == 1
        command.send_signal(signal.SIGINT)
        command.wait(30)
    assert until(lambda: status(graph).commands == 0)


def test_a_server_that_is_ended_ends_what_its_sections_started(graph: Notes) -> None:
    mark = graph.root / "pages" / "pid"
    program = [sys.executable, "-c", RELAYED, "run", "1.5", "--no-write"]
    with subprocess.Popen(program, cwd=graph.root, stderr=subprocess.PIPE, text=True) as command:
        assert until(lambda: mark.exists() and mark.read_text())
        os.kill(status(graph).pid, signal.SIGTERM)
        _, said = command.communicate(timeout=30)
    assert "the server has ended under this command" in said
    assert command.returncode != 0
    assert until(lambda: _is_gone(int(mark.read_text())))
    assert server_status(graph.root / ".tangle") is None


def test_a_server_that_does_not_answer_is_not_waited_for(graph: Notes) -> None:
    mark = graph.root / "pages" / "pid"
    impatient = f"import tangle_cli.server_call\ntangle_cli.server_call._PATIENCE = 0.3\n{RELAYED}"
    pid = status(graph).pid
    os.kill(pid, signal.SIGSTOP)
    try:
        program = [sys.executable, "-c", impatient, "run", "1.2", "--no-write"]
        # No pipes: what was sent holds their ends until it is read.
        code = subprocess.call(
            program, cwd=graph.root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        assert code == 77
    finally:
        os.kill(pid, signal.SIGCONT)
    assert until(lambda: status(graph).workers == 0)
    time.sleep(0.5)
    assert not mark.exists()
    assert tangle(graph, "run", "1.1", "--no-write", code=RELAYED).returncode == 0


def test_temporary_files_are_where_the_command_wants_them(
    graph: Notes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "own"))
    said = tangle(graph, "run", "1.6", "--no-write", code=RELAYED)
    assert (said.returncode, f"\n{tmp_path}/own/" in said.stdout) == (0, True)


def test_without_a_stream_it_is_not_relayed(graph: Notes) -> None:
    command = f"{sys.executable} -c '{RELAYED}' run 1.1 --no-write <&-"
    said = subprocess.run(["/bin/sh", "-c", command], cwd=graph.root, check=False)
    assert said.returncode == 77


def _is_gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
