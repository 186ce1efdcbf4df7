"""Text that fits a terminal, the table of `list`, and what is shown of long tasks."""

from __future__ import annotations

import io
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tangle.activity import listening, step
from tangle.model import SectionName
from tangle.store import lock
from tangle.verbs.reports.values import SectionRow, State
from tangle_cli.columns import display_width, fitted_line, table
from tangle_cli.listing import section_lines
from tangle_cli.live import width_of
from tangle_cli.printing import painted
from tangle_cli.style import Look, Span, Styled
from tangle_cli.waiting import Waiting
from tests.cli.test_runs_on_a_terminal import command, variables
from tests.graphs import MakeNotes
from tests.terminal import Tty

PARTS = st.lists(
    st.builds(Span, st.text(max_size=12), st.sampled_from(["", "bold", "red"])), max_size=5
)


@given(PARTS, st.integers(0, 60))
def test_a_styled_line_is_cut_like_its_text(parts: list[Span], width: int) -> None:
    line = Styled.of(*parts)
    cut = fitted_line(line, width)
    assert cut == fitted_line(str(line), width)
    assert display_width(cut) <= width or cut == line
    if isinstance(cut, Styled):
        assert "".join(span.text for span in cut.spans) == cut


def test_a_part_cannot_carry_escape_sequences_of_its_own() -> None:
    line = Styled.of("a", Span("\x1b[2Jb", "red"), Span("\x1b]8;;x\x07c", "", "/a b"))
    shown = painted(line, Look(colour=True, links=True))
    assert shown.count("\x1b[") == 2  # red, and its end
    assert "\x1b]8;;file://" in shown
    assert "�[2Jb" in shown
    assert painted(line, Look()) == "a�[2Jb�]8;;x�c"


def test_a_table_aligns_wide_and_styled_cells() -> None:
    rows = [["深度", Styled.of(Span("x", "red")), ""], ["a", "yy", "z"]]
    assert list(table(rows)) == ["深度  x", "a     yy  z"]


def row(name: str, state: State, title: str) -> SectionRow:
    return SectionRow(
        name=SectionName(name), title=title, page="p.md", line=1, chunks=3, borrowed=12,
        saves=(), state=state, adopted=True,
    )  # fmt: skip


ROWS = [
    row("3.6", "fresh", "softmax回归的从零开始实现和它的简洁实现"),
    row("13.10", "needs-packages", "Short"),
]


def test_the_list_is_whole_where_nothing_limits_it() -> None:
    assert list(section_lines(ROWS)) == [
        "section  chunks  borrowed  state           title",
        "3.6      3       12        fresh           softmax回归的从零开始实现和它的简洁实现",
        "13.10    3       12        needs-packages  Short",
        "2 sections with code, 6 chunks",
    ]


@pytest.mark.parametrize(
    ("width", "heading"),
    [
        (200, "section  chunks  borrowed  state           title"),
        (60, "section  chunks  borrowed  state           title"),
        (50, "section  chunks  state           title"),
        (40, "section  state           title"),
        (30, "section  state"),
        (20, "sec…  state"),
    ],
)
def test_a_narrow_terminal_gets_what_tells_sections_apart(width: int, heading: str) -> None:
    lines = list(section_lines(ROWS, width))
    assert lines[0] == heading
    assert max(map(display_width, lines[:-1])) <= width


def test_the_list_is_in_colour_on_a_terminal_and_only_there(notes: MakeNotes) -> None:
    graph = notes({"A": "- ```python\n  print(1)\n  ```\n", "B": "- ```python\n  (\n  ```\n"})
    graph.tangle("run", "A")
    with Tty(60, 20) as tty:
        tty.run(command("list"), variables(), folder=graph.root)
        assert "\x1b[32mfresh\x1b[0m" in tty.written
        shown = tty.screen.text()
    piped = subprocess.run(
        command("list"), env=variables(), cwd=graph.root, capture_output=True, check=True
    )
    assert piped.stdout.decode().splitlines()[1:] == shown[1:]
    assert b"\x1b" not in piped.stdout


def test_what_is_no_terminal_has_no_width() -> None:
    assert width_of(io.StringIO()) is None


# --- long tasks -----------------------------------------------------------------------------------


def test_a_long_task_is_shown_after_a_second_and_not_at_every_step() -> None:
    now = [0.0]
    waiting = Waiting(clock=lambda: now[0])
    drawn = []
    for number in range(2000):
        now[0] = number / 1000
        if waiting.take("reading pages", number, 12000):
            drawn.append(list(waiting.lines()))
    assert drawn[0] == ["reading pages: 1,000 of 12,000"]
    assert len(drawn) == 10
    waiting.forget()
    assert waiting.lines() == []


def test_a_step_reaches_the_last_that_listens_and_none_after_that() -> None:
    heard: list[tuple[str, int, int]] = []
    step("nobody hears this")
    with listening(lambda *_: heard.append(("outer", 0, 0))):
        with listening(lambda *what: heard.append(what)):
            step("reading", 1, 2)
        step("reading", 2, 2)
    step("nobody hears this")
    assert heard == [("reading", 1, 2), ("outer", 0, 0)]


def test_whoever_waits_for_a_lock_hears_of_it(tmp_path: Path) -> None:
    holds = (
        "import sys, pathlib; from tangle.store import lock\n"
        "with lock(pathlib.Path(sys.argv[1])):\n"
        "    print('held', flush=True); sys.stdin.read()\n"
    )
    heard: list[str] = []
    with subprocess.Popen(
        [sys.executable, "-c", holds, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        env=variables(),
    ) as other:  # fmt: skip
        assert other.stdout is not None
        other.stdout.readline()

        def note(doing: str, *_: int) -> None:
            heard.append(doing)
            assert other.stdin is not None
            if not other.stdin.closed:
                other.stdin.close()

        with listening(note), lock(tmp_path, timeout=30.0):
            pass
    assert heard[0] == "waiting for another tangle"


def test_a_page_that_is_being_edited_is_waited_for_in_a_line(notes: MakeNotes) -> None:
    graph = notes({"A": "- ```python\n  import time; time.sleep(1.2); print(1)\n  ```\n"})

    saved: list[float] = []

    def watch(written: str, _: object) -> None:
        if "1 of 1" in written and not saved:
            saved.append(time.monotonic())
            graph.write("A", f"{graph.text('A')}- typed\n")

    with Tty(80, 20) as tty:
        arguments = command("run", "A", "--no-server", "--quiet-seconds", "2")
        done = tty.run(arguments, variables(), folder=graph.root, watch=watch)
        assert done.returncode == 0
        assert "waiting to write: pages/A.md was saved a moment ago" in tty.written
        assert not any("waiting" in line for line in tty.screen.text())
    assert "tangle.output::" in graph.text("A")
