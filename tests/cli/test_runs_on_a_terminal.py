"""`tangle` on a terminal: what a person sees while it works, and what is left at the end."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tangle.engine.forkserver.client import ForkServerClient
from tangle.engine.forkserver.server import server_status, stop_server
from tests.graphs import MakeNotes, Notes
from tests.terminal import Tty

WAITS = """\
	- ```python
	  import pathlib, time
	  end = time.monotonic() + 60
	  while not pathlib.Path('go').exists() and time.monotonic() < end:
	      time.sleep(0.01)
	  print('waited')
	  ```
"""
"""A chunk that goes on once the test has seen enough; the page's folder is its working folder."""

LIVE = (
    """\
- # Live
	- ```python
	  print('first \\x1b[2J\\x1b[31mline')
	  print('half', end='')
	  ```
"""
    + WAITS
)

FAILS = (
    """\
- # Fails
	- ```python
	  def ratio(a, b):
	      # of two
	      return a / b
	  ratio(1, 0)
	  ```
"""
    + WAITS
)

ESCAPES = re.compile(r"\x1b\[[0-9;]*m")


def variables(**more: str) -> dict[str, str]:
    """The environment of a person at a terminal; no server outlives a test."""
    left_out = {
        *("COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "CI", "TMUX", "TERM_PROGRAM"),
        *("VTE_VERSION", "KITTY_WINDOW_ID", "KONSOLE_VERSION", "FORCE_HYPERLINK"),
    }
    path = os.pathsep.join(entry for entry in sys.path if entry)
    kept = {name: text for name, text in os.environ.items() if name not in left_out}
    return {**kept, "PYTHONPATH": path, "TERM": "xterm-256color", **more}


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "tangle_cli", *arguments]


def run(*what: str) -> list[str]:
    return command("run", *what, "--no-server", "--no-write")


def lets_go(graph: Notes, text: str) -> Callable[[str, subprocess.Popen[bytes]], None]:
    """Let the chunk that waits go on once a text has been written: it came before the end."""

    def watch(written: str, _: subprocess.Popen[bytes]) -> None:
        if text in ESCAPES.sub("", written):
            (graph.root / "pages" / "go").touch()

    return watch


@pytest.mark.parametrize("columns", [200, 80, 40, 20])
def test_output_appears_while_its_section_runs(notes: MakeNotes, columns: int) -> None:
    graph = notes({"Live": LIVE})
    with Tty(columns, 24) as tty:
        done = tty.run(run("Live"), variables(), folder=graph.root, watch=lets_go(graph, "first "))
        shown = tty.screen
    assert done.returncode == 0
    assert (graph.root / "pages" / "go").exists()
    text = "".join(shown.text())
    assert "first line" in shown.text()
    assert "half" in shown.text()
    assert "waited" in shown.text()
    assert "Live: passed, " in text
    assert text.count("waited") == 1  # what was seen is not repeated
    assert shown.has_cursor
    assert shown.wraps


def test_a_failure_is_shown_when_it_happens_and_its_place_again_at_the_end(
    notes: MakeNotes,
) -> None:
    graph = notes({"Fails": FAILS, "Other": "- ```python\n  print(1)\n  ```\n"})
    with Tty(100, 40) as tty:
        done = tty.run(
            run("--all"), variables(), folder=graph.root, watch=lets_go(graph, "ZeroDivision")
        )
        lines = tty.screen.text()
    assert done.returncode == 1
    assert (graph.root / "pages" / "go").exists()
    start = lines.index("Fails chunk 1 failed")
    assert lines[start + 1 : start + 8] == [
        "    pages/Fails.md:6:4",
        "        ratio(1, 0)",
        "    pages/Fails.md:5:15 in ratio",
        "      3 | def ratio(a, b):",
        "      4 |     # of two",
        "    > 5 |     return a / b",
        "        |            ^",
    ]
    assert "    ZeroDivisionError: division by zero" in lines
    assert any(line.startswith("Other: passed, ") for line in lines)
    assert (
        lines[-2]
        == "pages/Fails.md:5:15: failed: ZeroDivisionError: division by zero (section Fails)"
    )
    assert re.fullmatch(r"2 sections: 1 passed, 1 failed, \d+\.\d s", lines[-1])


def test_what_is_redirected_is_what_a_pipe_gets(notes: MakeNotes, tmp_path: Path) -> None:
    graph = notes({"Fails": FAILS})
    (graph.root / "pages" / "go").touch()
    piped = subprocess.run(
        run("Fails"), env=variables(), cwd=graph.root, capture_output=True, check=False
    )
    with Tty(80, 24) as tty, (tmp_path / "out").open("wb") as out:
        tty.run(run("Fails", "--fresh"), variables(), folder=graph.root, out=out.fileno())
        assert "pages/Fails.md:5:15: failed: ZeroDivisionError" in "".join(tty.screen.text())
        assert "waited" not in tty.written
    seconds = re.compile(rb"\d+\.\d s")
    found = (tmp_path / "out").read_bytes()
    assert seconds.sub(b"", found) == seconds.sub(b"", piped.stdout)
    assert b"\x1b" not in found + piped.stdout + piped.stderr


def test_in_a_pipe_a_failure_has_a_line_at_once(notes: MakeNotes) -> None:
    graph = notes({"Fails": FAILS})
    with subprocess.Popen(
        run("Fails"),
        env=variables(),
        cwd=graph.root,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stderr is not None
        lines = [process.stderr.readline().decode() for _ in range(2)]
        (graph.root / "pages" / "go").touch()  # else the section goes on for a minute
        rest = process.stderr.read().decode()
    reason = "failed: ZeroDivisionError: division by zero (section Fails)"
    assert lines == ["Fails: running\n", f"pages/Fails.md:5:15: {reason}\n"]
    assert re.fullmatch(r"Fails: failed, \d+\.\d s\n", rest)


@pytest.mark.parametrize(
    ("more", "colour", "moves"),
    [
        ({}, True, True),
        ({"NO_COLOR": "1"}, False, True),
        ({"NO_COLOR": ""}, True, True),
        ({"CI": "true"}, True, False),
        ({"CI": "true", "NO_COLOR": "1"}, False, False),
        ({"TERM": "dumb"}, False, False),
        ({"TERM": "dumb", "FORCE_COLOR": "1"}, True, False),
        ({"TERM": ""}, False, False),
    ],
)
def test_colour_and_moving_lines(
    notes: MakeNotes, more: dict[str, str], colour: bool, moves: bool
) -> None:
    graph = notes({"Fails": FAILS})
    (graph.root / "pages" / "go").touch()
    with Tty(80, 24) as tty:
        tty.run(run("Fails"), variables(**more), folder=graph.root)
        written = tty.written
    assert bool(ESCAPES.search(written)) is colour
    assert ("\x1b[?25l" in written) is moves
    assert ("Fails: running" in written) is not moves
    assert "waited" in written
    assert "ZeroDivisionError" in written


@pytest.mark.parametrize(
    ("more", "links"),
    [
        ({"TERM_PROGRAM": "WezTerm"}, True),
        ({"VTE_VERSION": "7200"}, True),
        ({"TERM": "xterm-kitty"}, True),
        ({"TMUX": "/x,1,0", "TERM_PROGRAM": "tmux", "TERM_PROGRAM_VERSION": "3.5a"}, True),
        ({"TMUX": "/x,1,0", "TERM_PROGRAM": "tmux", "TERM_PROGRAM_VERSION": "3.3"}, False),
        ({"TERM_PROGRAM": "vscode"}, False),
        ({"FORCE_HYPERLINK": "1"}, True),
        ({"FORCE_HYPERLINK": "0", "VTE_VERSION": "7200"}, False),
        ({}, False),
    ],
)
def test_places_are_links_where_the_terminal_shows_them(
    notes: MakeNotes, more: dict[str, str], links: bool
) -> None:
    graph = notes({"A b": "- ```python\n  (\n  ```\n  tangle.run:: yes\n"})
    with Tty(80, 24) as tty:
        tty.run(command("check"), variables(**more), folder=graph.root)
        found = tty.screen.links
    assert bool(found) is links
    assert set(found) <= {
        f"file://{os.uname().nodename}{graph.page('A b').as_posix()}".replace(" ", "%20")
    }


def test_a_pipe_gets_no_links_even_with_colour(notes: MakeNotes) -> None:
    graph = notes({"A": "- ```python\n  (\n  ```\n  tangle.run:: yes\n"})
    environment = variables(FORCE_COLOR="1", TERM_PROGRAM="WezTerm")
    done = subprocess.run(
        command("check"), env=environment, cwd=graph.root, capture_output=True, check=False
    )
    assert b"\x1b[1;31merror:\x1b[0m" in done.stdout
    assert b"\x1b]" not in done.stdout


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_whatever_ends_a_run_the_terminal_is_usable(
    notes: MakeNotes, number: signal.Signals
) -> None:
    graph = notes({"Live": LIVE})
    sent: list[str] = []

    def watch(written: str, process: subprocess.Popen[bytes]) -> None:
        if "half" in written and not sent:  # it stands in the area
            sent.append(written)
            process.send_signal(number)

    with Tty(80, 24) as tty:
        done = tty.run(run("Live"), variables(), folder=graph.root, watch=watch)
        screen = tty.screen
    assert done.returncode == (130 if number == signal.SIGINT else -number)
    assert screen.has_cursor
    assert screen.wraps
    if number == signal.SIGINT:
        assert screen.text()[1:3] == ["first line", "half"]
        assert "Live: interrupted, " in screen.text()[3]


def test_json_gets_the_table_and_nothing_else(notes: MakeNotes) -> None:
    graph = notes({"Live": LIVE})
    (graph.root / "pages" / "go").touch()
    with Tty(80, 24) as tty:
        tty.run(run("Live", "--format", "json"), variables(), folder=graph.root)
        text = "\n".join(tty.screen.text())
    assert text.startswith("{")
    assert text.endswith("}")


# --- with a server --------------------------------------------------------------------------------


@pytest.fixture
def with_server(notes: MakeNotes, socket_folder: str) -> Iterator[Notes]:
    """A graph whose runs use a server; none is left at the end."""
    del socket_folder
    made = notes({"Live": LIVE})
    yield made
    stop_server(made.root / ".tangle")
    assert server_status(made.root / ".tangle") is None


@pytest.mark.skipif(not ForkServerClient.possible(), reason="this system has no pidfds")
def test_with_a_server_the_terminal_shows_the_same(with_server: Notes) -> None:
    graph, go = with_server, with_server.root / "pages" / "go"
    screens = []
    for more in (["--no-server"], [], []):  # the last is run by a fork of the server
        go.unlink(missing_ok=True)
        arguments = command("run", "Live", "--no-write", *more)
        with Tty(60, 24) as tty:
            seen = lets_go(graph, "first ")
            done = tty.run(arguments, variables(), folder=graph.root, watch=seen)
            screens.append(re.sub(r"\d+\.\d s", "", "\n".join(tty.screen.text())))
        assert done.returncode == 0
        assert go.exists()
        graph.write("Live", f"{graph.text('Live')}\n- more prose\n")
        shutil.rmtree(graph.root / ".tangle" / "cache", ignore_errors=True)
    assert screens[0] == screens[1] == screens[2]
    assert "first line" in screens[0]
