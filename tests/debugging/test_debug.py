"""Sections are debugged by page and line: from an editor, and in a terminal."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.debugging.dap import PATIENCE, Client, Closed
from tests.graphs import MakeNotes, Notes

pytestmark = pytest.mark.book

PAGE = """\
- ## 1.1. One
	- ```python
	  def double(x):  #@save
	      y = x * 2
	      return y
	  ```
	- ```python
	  start = 20
	  ```
- ## 1.2. Two
	- ```python
	  from graph import torch as d2l
	  z = d2l.double(3)
	  for i in range(3):
	      z += i
	  print(z)
	  ```
	- ```python
	  breakpoint()
	  print(double(z) + start)
	  ```
- ## 1.3. Three
	- ```python
	  q = 5
	  q / 0
	  ```
"""  # fmt: skip


def line_of(notes: Notes, text: str, page: str = "One") -> int:
    """The line of a page that holds a text."""
    lines = notes.text(page).split("\n")
    return next(number for number, line in enumerate(lines, 1) if text in line)


@contextmanager
def debugging(
    notes: Notes, what: str, *options: str
) -> Iterator[tuple[Client, subprocess.Popen[str]]]:
    """A client of `tangle debug WHAT --listen ... --wait`, not yet attached."""
    command = [sys.executable, "-m", "tangle_cli", "--graph", str(notes.root), "debug", what]
    command += ["--listen", "127.0.0.1:0", "--wait", *options]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stderr is not None
            said = process.stderr.readline()
            found = re.search(r"the debugger listens at 127\.0\.0\.1:(\d+)", said)
            assert found, said + process.stderr.read()
            with Client(int(found[1])) as client:
                yield client, process
        finally:
            process.kill()


def until_end(client: Client, process: subprocess.Popen[str]) -> str:
    """What the command has printed at its end."""
    with pytest.raises(Closed):
        client.event("nothing that comes")
    assert process.stdout is not None
    out = process.stdout.read()
    process.wait(PATIENCE)
    return out


def test_an_editor_stops_in_chunks_and_in_saved_code_on_a_condition(notes: MakeNotes) -> None:
    made = notes({"One": PAGE})
    page = str(made.page("One"))
    saved, loop, begun = (line_of(made, text) for text in ("y = x * 2", "z += i", "breakpoint()"))
    with debugging(made, "1.2") as (client, process):
        client.attach({page: [{"line": saved}, {"line": loop, "condition": "i == 2"}]})
        assert client.stop() == ("breakpoint", page, saved)
        assert client.value("x") == "3"
        client.go_on()
        assert client.stop() == ("breakpoint", page, loop)
        assert (client.value("i"), client.value("z")) == ("2", "7")
        client.go_on("next")
        assert client.stop()[1:] == (page, line_of(made, "for i in"))
        client.go_on()
        _, path, line = client.stop()
        assert path == page
        assert line in (begun, begun + 1)
        client.go_on()
        assert client.stop() == ("breakpoint", page, saved)
        client.go_on()
        out = until_end(client, process)
    assert "9\n38\n" in out
    assert "tangle.output" not in made.text("One")


def test_an_editor_stops_where_code_fails(notes: MakeNotes) -> None:
    made = notes({"One": PAGE})
    with debugging(made, "1.3") as (client, process):
        client.attach({}, "userUnhandled")
        assert client.stop() == ("exception", str(made.page("One")), line_of(made, "q / 0"))
        assert client.value("q") == "5"
        client.go_on()
        out = until_end(client, process)
    assert f'File "pages/One.md", line {line_of(made, "q / 0")}' in out
    assert process.returncode == 1


def test_a_breakpoint_holds_after_an_edit(notes: MakeNotes) -> None:
    made = notes({"One": PAGE})
    made.write("One", "- words above\n" + PAGE)
    with debugging(made, "1.3") as (client, process):
        page, line = str(made.page("One")), line_of(made, "q = 5")
        client.attach({page: [{"line": line}]})
        assert client.stop() == ("breakpoint", page, line)
        client.go_on()
        until_end(client, process)


def test_code_of_another_page_stops_there(notes: MakeNotes) -> None:
    pages = {
        "One": PAGE,
        "Far": "- ## 2.1. Far\n\t- ```python\n\t  far = start + 1\n"
        "\t  print(double(far))\n\t  ```\n",
    }
    made = notes(pages)
    with debugging(made, "2.1") as (client, process):
        lines = [{"line": line_of(made, "start = 20")}, {"line": line_of(made, "return y")}]
        client.attach({str(made.page("One")): lines})
        stops = [client.stop()]
        client.go_on()
        stops.append(client.stop())
        client.go_on()
        until_end(client, process)
    page = str(made.page("One"))
    assert [stop[1:] for stop in stops] == [
        (page, line_of(made, "start = 20")),
        (page, line_of(made, "return y")),
    ]


class Terminal:
    """`tangle debug` in a terminal of its own."""

    def __init__(self, root: Path, what: str) -> None:
        self._main, other = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tangle_cli", "debug", what],
            cwd=root, stdin=other, stdout=other, stderr=other, env={**os.environ, "TERM": "dumb"},
        )  # fmt: skip
        os.close(other)
        self.text = ""

    def until(self, text: str) -> str:
        """What is shown until a text, which must come."""
        until = time.monotonic() + PATIENCE
        while text not in self.text:
            assert time.monotonic() < until, self.text
            if select.select([self._main], [], [], 1.0)[0]:
                try:
                    self.text += os.read(self._main, 4096).decode().replace("\r\n", "\n")
                except OSError as error:
                    raise AssertionError(self.text) from error
        shown, _, self.text = self.text.partition(text)
        return shown + text

    def answer(self, text: str) -> str:
        """What pdb says to a command."""
        os.write(self._main, text.encode() + b"\n")
        return self.until("(tangle) ")

    def close(self) -> int:
        """The exit code at the end."""
        code = self.process.wait(PATIENCE)
        os.close(self._main)
        return code


def test_a_terminal_stops_at_the_first_line_at_breakpoints_and_at_failures(
    notes: MakeNotes,
) -> None:
    made = notes({"One": PAGE})
    terminal = Terminal(made.root, "1.3")
    assert f"One.md({line_of(made, 'q = 5')})" in terminal.until("(tangle) ")
    assert "division by zero" in terminal.answer("c")
    assert "6" in terminal.answer("p q + 1")
    os.write(terminal._main, b"c\n")
    terminal.until("1.3 Three: failed")
    assert terminal.close() == 1


def test_a_terminal_takes_pages_and_lines_and_can_be_left(notes: MakeNotes) -> None:
    made = notes({"One": PAGE})
    terminal = Terminal(made.root, "1.2")
    terminal.until("(tangle) ")
    place = f"pages/One.md:{line_of(made, 'z += i')}"
    assert "Breakpoint" in terminal.answer(f"b {place}, i == 1")
    assert "z += i" in terminal.answer("c")
    assert "\n1\n" in terminal.answer("p i")
    assert "interactiveshell" not in terminal.answer("w")
    os.write(terminal._main, b"q\n")
    terminal.until("you left the debugger")
    assert terminal.close() == 1


def test_what_cannot_be_debugged_is_a_usage_error(notes: MakeNotes) -> None:
    made = notes({"One": PAGE})
    assert made.tangle("debug", "1.2").code == 2  # no terminal
    assert made.tangle("debug", "1", "--listen", "127.0.0.1:0").code == 2  # three sections
    assert made.tangle("debug", "7.7", "--listen", "127.0.0.1:0").code == 2
    for address in ("nonsense", "127.0.0.1:x", "127.0.0.1:99999"):
        assert made.tangle("debug", "1.2", "--listen", address).code == 2


def test_an_ordinary_run_passes_a_breakpoint_and_says_so(notes: MakeNotes) -> None:
    made = notes({"One": "- ## 1.1. A\n\t- ```python\n\t  breakpoint()\n\t  print(1)\n\t  ```\n"})
    for _ in range(2):  # and it is not answered from the cache
        said = made.tangle("run", "1.1", "--force")
        assert said.code == 0
        assert "tangle debug 1.1" in said.out
        assert "cached" not in said.out
