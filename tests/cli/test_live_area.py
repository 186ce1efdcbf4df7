"""The live area of a terminal: whatever is printed, what stands on the screen is what should."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tangle.engine.events import (
    CellFinished,
    CellOutput,
    CellStarted,
    RunStarted,
    SessionFinished,
    SessionStarted,
)
from tangle.model import MimeBundle, MimeType, Output, Result, SectionName, Stream
from tangle.verbs.project import Project
from tangle.write.terminal import shown
from tangle_cli.columns import display_width, fitted
from tangle_cli.live import LiveArea, Size
from tangle_cli.printing import inert
from tangle_cli.progress import _Live
from tangle_cli.streaming import OutputScreen
from tests.terminal import Terminal, Tty

LONG = st.builds(
    lambda text, times: text * times, st.sampled_from(["x", "漢", "a ", "é字"]), st.integers(0, 60)
)
LINE = st.text(st.sampled_from("ab 漢字Ωé👍\t\u0301\u202e\x1b\x07\x9b\b|"), max_size=60) | LONG
PLAIN = (st.text(st.sampled_from("ab 漢字é|"), max_size=60) | LONG).map(str.rstrip)
WIDTHS = st.integers(20, 200)
HEIGHT = 30


def on_paper(lines: Sequence[str], *widths: int) -> list[str]:
    """What a terminal shows of lines that are printed on it, at these widths one after another."""
    paper = Terminal(widths[0], HEIGHT)
    paper.feed("".join(f"{inert(line)}\n" for line in lines))
    for width in widths[1:]:
        paper.resize(width)
    return paper.text()


class Draws:
    """An area on a terminal that is drawn when the test says so."""

    def __init__(self, tty: Tty) -> None:
        self.tty = tty
        self.frame: list[str] = []
        self.stream = tty.stream()
        self.area = LiveArea(self.stream, lambda size: self.frame[: size.lines])

    def draw(self) -> None:
        self.area.draw()
        self.tty.read()

    def end(self) -> None:
        self.area.close()
        self.tty.read()
        self.stream.close()


@given(
    WIDTHS,
    st.lists(st.tuples(st.lists(LINE, max_size=4), st.lists(LINE, max_size=5)), max_size=8),
)
def test_what_is_printed_scrolls_above_and_the_area_goes(
    width: int, steps: list[tuple[list[str], list[str]]]
) -> None:
    printed: list[str] = []
    with Tty(width, HEIGHT) as tty:
        draws = Draws(tty)
        for above, draws.frame in steps:
            draws.area.print(above)
            printed += above
            draws.draw()
            rows = len(on_rows(printed, width)) + max(len(draws.frame), 1)
            assert len(tty.screen.rows) == rows  # no line of the area takes two
            assert tty.screen.has_cursor
            assert tty.screen.wraps
        draws.end()
        assert tty.screen.text() == on_paper(printed, width)


def on_rows(lines: Sequence[str], width: int) -> list[str]:
    """The rows that printed lines take."""
    paper = Terminal(width, HEIGHT)
    paper.feed("".join(f"{inert(line)}\n" for line in lines))
    return [row.text for row in paper.rows[:-1]]


@given(
    WIDTHS,
    st.lists(
        st.tuples(st.lists(PLAIN, max_size=4), st.lists(PLAIN, min_size=1, max_size=4), WIDTHS),
        min_size=1,
        max_size=6,
    ),
)
def test_a_terminal_that_is_resized_meanwhile_is_clean_at_the_end(
    width: int, steps: list[tuple[list[str], list[str], int]]
) -> None:
    with Tty(width, 200) as tty:
        draws = Draws(tty)
        paper = Terminal(width, 200)
        for above, draws.frame, other in steps:
            draws.area.print(above)
            paper.feed("".join(f"{line}\n" for line in above))
            draws.draw()
            tty.resize(other)
            paper.resize(other)
        draws.end()
        assert tty.screen.text() == paper.text()


@pytest.mark.parametrize("variable", ["XTERM_VERSION"])
def test_a_terminal_that_cuts_its_lines_when_resized_loses_nothing(
    variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "XTerm(379)")
    with Tty(80, HEIGHT) as tty:
        draws = Draws(tty)
        draws.area.print(["kept"])
        draws.frame = ["x" * 70, "y" * 70]
        draws.draw()
        tty.resize(80)
        tty._set(30, HEIGHT)  # what is shown stays as it is
        draws.end()
        assert tty.screen.text() == ["kept"]


# --- what a chunk puts out ------------------------------------------------------------------------

PIECES = st.lists(
    st.sampled_from(
        [
            *("\r", "\b", "\n", "\n", "\t", "\x07", "\x00", "\x1b", "\x9b2J", "\u202e", "\u2028"),
            *("\x1b[31m", "\x1b[2K", "\x1b[K", "\x1b[2J", "\x1b[H", "\x1b[?25l", "\x1b[?1049h"),
            *("\x1b]8;;http://x\x1b\\", "\x1b]0;title\x07", "\x1b]52;c;eA==\x07", "\x1bc"),
            *("abc ", "12", "漢字", "👍", "é", "█" * 30, "x" * 90),
        ]
    ),
    max_size=40,
)
NAME = SectionName("3.6")
PASSED = Result(outcome="passed", outputs=(), failure=None, seconds=1.0)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    root = tmp_path_factory.mktemp("graph")
    (root / "logseq").mkdir()
    (root / "logseq" / "config.edn").write_text("{}")
    from tangle.verbs.project import find_project

    return find_project(start=root, graph=None, output=None, config=None)


def shows(project: Project, width: int, outputs: Sequence[Output]) -> list[str]:
    """What stands on a terminal after a run of a section whose only chunk puts this out."""
    with Tty(width, HEIGHT) as tty, tty.stream() as stream:
        live = _Live(stream, project, results=True)
        with live.running():
            live(RunStarted(waiting=(NAME,), answered=0))
            live(SessionStarted(section=NAME, cells=1))
            live(CellStarted(section=NAME, index=0, name="3.6 chunk 1"))
            for output in outputs:
                live(CellOutput(section=NAME, index=0, outputs=(output,)))
            live(CellFinished(section=NAME, index=0, result=PASSED))
            live(SessionFinished(section=NAME, outcome="passed", seconds=1.0))
        stream.flush()
        tty.read()
        assert tty.screen.has_cursor
        return tty.screen.text()


def expected(text: str, width: int) -> list[str]:
    return on_paper(["── 3.6 chunk 1", *shown(text).split("\n")], width)


@given(WIDTHS, PIECES, st.data())
def test_whatever_a_chunk_prints_the_screen_is_what_it_should_be(
    project: Project, width: int, pieces: list[str], data: st.DataObject
) -> None:
    text = "".join([*pieces, "\nz"])
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    parts = [text[i:j] for i, j in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    outputs = [Stream(name="stdout", text=part) for part in parts]
    assert shows(project, width, outputs) == expected(text, width)


def test_a_bar_is_one_line_and_bars_one_below_the_other_are_two(project: Project) -> None:
    outputs: list[Output] = [Stream(name="stderr", text="before\n")]
    for number in range(1, 4):
        outputs.append(Stream(name="stderr", text=f"\r{number} of 3"))
        outputs += [
            Stream(name="stderr", text=f"\n\r  inner {inner}\x1b[A") for inner in range(1, 4)
        ]
    outputs.append(Stream(name="stderr", text="\n\n"))
    assert shows(project, 40, outputs) == ["── 3.6 chunk 1", "before", "3 of 3", "  inner 3"]
    screen = OutputScreen()
    finished = []
    for output in outputs[:-1]:
        screen.take([output])
        finished += screen.finished()  # as if each came alone
    assert finished == ["before"]
    assert screen.changing() == ["3 of 3", "  inner 3"]


def test_bars_that_move_the_cursor_in_steps_leave_one_line_at_most() -> None:
    screen = OutputScreen()
    finished = []
    for number in range(1, 4):
        for text in (f"\r{number} of 3", "\n", f"\r  inner {number}", "\x1b[A"):
            screen.take([Stream(name="stderr", text=text)])
            finished += screen.finished()
    assert finished == ["1 of 3"]  # as it stood when the cursor first went below it
    assert screen.changing() == ["3 of 3", "  inner 3"]


def test_a_cleared_output_erases_the_line_and_a_figure_is_named(project: Project) -> None:
    figure = MimeBundle(kind="display", data=((MimeType("image/svg+xml"), "<svg/>"),))
    value = MimeBundle(kind="result", data=((MimeType("text/plain"), "{'a': 1}"),))
    outputs: list[Output] = [
        Stream(name="stdout", text="half"),
        Stream(name="stdout", text="\r\x1b[2K"),
        Stream(name="stdout", text="line"),
        figure,
        value,
    ]
    assert shows(project, 40, outputs) == ["── 3.6 chunk 1", "line", "[figure]", "{'a': 1}"]


@given(st.text(max_size=30), st.integers(0, 40))
def test_a_fitted_text_is_no_wider_and_no_shorter_than_it_must_be(text: str, width: int) -> None:
    cut = fitted(text, width)
    assert display_width(cut) <= width
    assert cut == text or display_width(text) > width


def test_the_size_of_what_is_no_terminal_is_a_usual_one() -> None:
    import io

    from tangle_cli.live import terminal_size

    assert terminal_size(io.StringIO()) == Size((80, 24))
