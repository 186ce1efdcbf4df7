"""Show a run's progress: live on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol, TextIO

from msgspec import Struct, field

from tangle.activity import listening
from tangle.engine.events import (
    CellFailed,
    CellFinished,
    CellOutput,
    CellStarted,
    Event,
    RunStarted,
    SessionFinished,
    SessionStarted,
)
from tangle.model import SectionName
from tangle_cli.board import Board
from tangle_cli.live import LiveArea, Size
from tangle_cli.messages import _
from tangle_cli.printing import painted, printable
from tangle_cli.style import Span, Styled, look_of
from tangle_cli.waiting import Waiting, is_screen

if TYPE_CHECKING:
    from tangle.verbs.project import Project
    from tangle_cli.streaming import OutputScreen


class Shown(Struct):
    """What a person has seen of a run before its end.

    Attributes:
        outputs: whether the outputs of the run's only section were shown as they came.
        sections: those whose end was shown.
        failures: cells whose failure was shown.
    """

    outputs: bool = False
    sections: set[SectionName] = field(default_factory=set)
    failures: set[tuple[SectionName, int]] = field(default_factory=set)


class Display(Protocol):
    """Shows a run: is called with its events, and knows what it has shown.

    Attributes:
        shown: what it has shown so far.
    """

    shown: Shown

    def __call__(self, event: Event) -> None:
        """Show an event."""


@contextmanager
def progress(
    stream: TextIO | None = None, *, project: Project | None = None, results: bool = False
) -> Iterator[Display]:
    """Provide an observer that shows a run's progress.

    Args:
        stream: where to; default: standard error.
        project: whose notes.
        results: whether outputs and failures go to the same terminal, as text. They are then shown
            as they come.
    """
    target = stream or sys.stderr
    if not is_screen(target):
        yield _Plain(target, project)
        return
    live = _Live(target, project, results=results)
    with live.running():
        yield live


class _Plain:
    """Prints a line when a section starts, when a chunk of it fails, and when it has finished."""

    def __init__(self, stream: TextIO, project: Project | None) -> None:
        self._stream = stream
        self._project = project
        self._look = look_of(stream)
        self.shown = Shown()

    def __call__(self, event: Event) -> None:
        match event:
            case SessionStarted(section=section):
                self._say(_(f"{printable(section)}: running"))
            case CellFailed() if self._project is not None:
                if (line := _failure_line(self._project, event)) is not None:
                    self._say(line)
            case SessionFinished():
                self._say(_end_line(event))
            case _:
                return

    def _say(self, line: str) -> None:
        print(painted(line, self._look), file=self._stream, flush=True)


def _failure_line(project: Project, event: CellFailed) -> str | None:
    """One line for a failure that has a place."""
    from tangle_cli.run_text import failure_line

    place = event.result.failure.place if event.result.failure else None
    return failure_line(project, place, event.section, event.result) if place else None


def _end_line(event: SessionFinished, title: str = "") -> str:
    colour = "green" if event.outcome == "passed" else "error"
    name = printable(f"{event.section} {title}".strip() if title else event.section)
    return Styled.of(Span(f"{name}: {_(event.outcome)}", colour), f"{_(', ')}{event.seconds:.1f} s")


class _Live:
    """Shows the running sections at the bottom of the terminal; what is over scrolls above them."""

    def __init__(self, stream: TextIO, project: Project | None, *, results: bool) -> None:
        """Show nothing yet.

        Args:
            stream: the terminal.
            project: whose notes.
            results: whether to show outputs and failures; else the latter get a line each.
        """
        self.shown = Shown()
        self._project = project
        self._results = results
        self._board = Board()
        self._waiting = Waiting()
        self._area = LiveArea(stream, self._lines)
        self._titles: dict[SectionName, str] = {}
        self._screen: OutputScreen | None = None
        self._output = threading.Lock()  # of the screen, and of whether a heading is above it
        self._cell = CellStarted(section=SectionName(""), index=0, name="")
        self._headed = True

    @contextmanager
    def running(self) -> Iterator[None]:
        """Have the area on the terminal while this lasts."""
        try:
            with listening(self._note):
                yield
        finally:
            self._area.close()

    def _note(self, doing: str, done: int, total: int) -> None:
        if self._waiting.take(doing, done, total):
            self._area.refresh()

    def _lines(self, size: Size) -> list[str]:
        if not self._board.rows:
            return self._waiting.lines()
        changing: list[str] = []
        if self._screen is not None:
            with self._output:
                self._print(self._screen.finished())
                changing = self._screen.changing()
        room = max(size.lines - len(changing), 1)
        return [*changing, *self._board.lines(size.columns - 1, room)]

    def __call__(self, event: Event) -> None:
        """Show an event."""
        self._board.take(event)
        match event:
            case RunStarted():
                self._waiting.forget()
                self._titles = dict(zip(event.waiting, event.titles, strict=False))
                self._begin_run()
            case SessionStarted():
                self._area.start()
            case CellStarted():
                with self._output:
                    self._cell, self._headed = event, False
            case CellFailed():
                self._fail(event)
            case SessionFinished():
                self._end(event)
            case CellOutput() | CellFinished():
                self._stream(event)
            case _:
                return

    def _begin_run(self) -> None:
        if self._results and self._board.is_alone and self._board.planned:
            from tangle_cli.streaming import OutputScreen

            self._screen = OutputScreen()
            self.shown.outputs = True

    def _stream(self, event: CellOutput | CellFinished) -> None:
        """Show what a chunk has put out; at its end also what it left unfinished."""
        if self._screen is None:
            return
        with self._output:
            if isinstance(event, CellOutput):
                self._screen.take(event.outputs)
            else:
                self._print(self._screen.end())
        self._area.refresh()

    def _print(self, lines: list[str]) -> None:
        """Print output of the chunk that runs, below a line that says where it is."""
        if lines and not self._headed and self._project is not None:
            from tangle_cli.run_text import output_heading

            place = self._cell.place
            name = self._cell.section if place else self._cell.name
            lines = [output_heading(self._project, printable(name), place), *lines]
            self._headed = True
        self._area.print(lines)

    def _fail(self, event: CellFailed) -> None:
        if self._project is None:
            return
        if self._results:
            from tangle_cli.failures import failed_lines

            self._area.print(failed_lines(self._project, event, printable(event.name)))
            self.shown.failures.add((event.section, event.index))
        elif (line := _failure_line(self._project, event)) is not None:
            self._area.print([line])

    def _end(self, event: SessionFinished) -> None:
        self._waiting.forget()
        if self._results:
            if not self._board.is_alone:
                self._area.print([_end_line(event, self._titles.get(event.section, ""))])
                self.shown.sections.add(event.section)
        elif event.outcome in ("failed", "timed-out", "died"):  # a person may want to end the run
            self._area.print([_end_line(event)])
