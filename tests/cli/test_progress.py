"""What a terminal shows while sections run, whatever its size and whatever they are called."""

from __future__ import annotations

import io
import os
import pty
import struct
import subprocess
import sys
import termios
from collections.abc import Iterable
from fcntl import ioctl

import pytest

from tangle.engine.events import (
    CellStarted,
    Event,
    RunStarted,
    Sampled,
    SessionFinished,
    SessionStarted,
)
from tangle.model import SectionName
from tangle_cli.board import Board
from tangle_cli.columns import display_width
from tangle_cli.progress import progress
from tests.graphs import MakeNotes

LONG = "多层感知机的从零开始实现以及它的简洁实现与数值稳定性"


def running(names: Iterable[str]) -> Board:
    """A board on which the sections of these names run for 65 s, each in its second chunk."""
    now = [0.0]
    board = Board(clock=lambda: now[0])
    sections = [SectionName(name) for name in names]
    board.take(RunStarted(waiting=(*sections, SectionName("later")), answered=3))
    for section in sections:
        board.take(SessionStarted(section=section, cells=7))
        board.take(CellStarted(section=section, index=1, name=f"{section} chunk 2"))
        board.take(Sampled(section=section, memory=3 * 2**29, device="cuda:1"))
    now[0] = 65.0
    return board


def lines(board: Board, width: int, height: int) -> list[str]:
    """What a terminal of that size shows of a board."""
    return [line.rstrip() for line in board.lines(width, height)]


def test_the_table() -> None:
    assert lines(running(["3.6", "深度学习"]), 80, 24) == [
        "section   chunk            time  memory   device",
        "3.6       2 of 7: chunk 2  1:05  1.5 GiB  cuda:1",
        "深度学习  2 of 7: chunk 2  1:05  1.5 GiB  cuda:1",
        "0 of 3 done, 3 from the cache",
    ]


@pytest.mark.parametrize(
    ("width", "columns"),
    [
        (100, ["section", "chunk", "time", "memory", "device"]),
        (60, ["section", "chunk", "time", "memory", "device"]),
        (50, ["section", "chunk", "time", "memory"]),
        (40, ["section", "chunk", "time"]),
        (24, ["section", "chunk", "time"]),
    ],
)
def test_a_narrow_terminal_gets_fewer_columns_and_no_line_too_long(
    width: int, columns: list[str]
) -> None:
    shown = lines(running([LONG, "3.6"]), width, 24)
    assert shown[0].split() == columns
    assert len(shown) == 4
    assert max(map(display_width, shown)) <= width
    assert "2 of 7" in shown[1]
    assert "1:05" in shown[1]


@pytest.mark.parametrize("height", [4, 10, 24])
def test_more_sections_than_lines(height: int) -> None:
    shown = lines(running(f"{number}.1" for number in range(1, 65)), 80, height)
    assert len(shown) == height - 1
    assert shown[-1] == f"0 of 65 done, {64 - height + 3} more running, 3 from the cache"


def test_what_ends_is_counted_and_what_fails_reported() -> None:
    board = running(["1.1", "1.2"])
    board.take(SessionFinished(section=SectionName("1.1"), outcome="passed", seconds=1.0))
    board.take(SessionFinished(section=SectionName("1.2"), outcome="died", seconds=1.0))
    assert lines(board, 80, 24) == ["2 of 3 done, 1 not passed, 3 from the cache"]


def test_a_name_cannot_steer_the_terminal() -> None:
    shown = lines(running(["\x1b[2Jgone\r", "[red]x"]), 80, 24)
    assert "\x1b" not in "".join(shown)
    assert shown[2].startswith("[red]x")  # no markup either
    assert shown[1].startswith("�[2Jgone�")


def test_plain_lines_where_there_is_no_terminal() -> None:
    stream = io.StringIO()
    events: list[Event] = [
        RunStarted(waiting=(SectionName("1.1"),), answered=0),
        SessionStarted(section=SectionName("1.1"), cells=1),
        CellStarted(section=SectionName("1.1"), index=0, name="1.1 chunk 1"),
        Sampled(section=SectionName("1.1"), memory=1, device="cpu"),
        SessionFinished(section=SectionName("1.1"), outcome="passed", seconds=1.26),
    ]
    with progress(stream) as observe:
        for event in events:
            observe(event)
    assert stream.getvalue() == "1.1: running\n1.1: passed, 1.3 s\n"


# --- on a real terminal ---------------------------------------------------------------------------

PAGE = f"""\
- # {LONG}
	- ```python
	  import time
	  time.sleep(0.7)
	  ```
	- ```python
	  1 / 0
	  ```"""


TANGLE = (sys.executable, "-m", "tangle_cli")


def on_a_terminal(notes: MakeNotes, size: tuple[int, int], **variables: str) -> tuple[str, str]:
    """What `tangle run` writes to a terminal of so many lines and columns, and elsewhere."""
    graph = notes({LONG: PAGE, "b": PAGE})
    ours, theirs = pty.openpty()
    ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
    path = os.pathsep.join(entry for entry in sys.path if entry)
    left_out = ("COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "CI")
    environment = {name: text for name, text in os.environ.items() if name not in left_out}
    with subprocess.Popen(
        [*TANGLE, "--graph", str(graph.root), "run", "--all", "--no-server"],
        env={**environment, "PYTHONPATH": path, "TERM": "xterm-256color", **variables},
        stdout=subprocess.PIPE,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        written = bytearray()
        try:
            while data := os.read(ours, 4096):
                written += data
        except OSError:  # how the end of a terminal is reported
            os.close(ours)
        assert process.stdout is not None
        out = process.stdout.read().decode()
    assert process.returncode == 1
    return written.decode(), out


def test_a_table_is_drawn_and_taken_away(notes: MakeNotes) -> None:
    written, out = on_a_terminal(notes, (24, 90))
    assert "section" in written
    assert "1 of 2: " in written
    assert f"{LONG}: failed" in written
    assert "\x1b[?25l" in written  # the cursor was hidden,
    assert written.rindex("\x1b[?25h") > written.rindex("\x1b[?25l")  # and is there again
    assert "\x1b" not in out
    assert "ZeroDivisionError" in out


def test_a_terminal_that_cannot_move_its_cursor_gets_plain_lines(notes: MakeNotes) -> None:
    written, _ = on_a_terminal(notes, (24, 80), TERM="dumb")
    assert "\x1b" not in written
    assert f"{LONG}: running\r\n" in written
