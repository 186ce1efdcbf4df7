"""Show a run's progress: live on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol, TextIO

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
from tangle_cli.printing import inert, printable
from tangle_cli.style import Span, Styled, in_ci, moves_cursor

if TYPE_CHECKING:
    from tangle.verbs.project import Project
    from tangle_cli.streaming import OutputScreen

_NOTICEABLE: Final = 1.0
"""Seconds after which a task that is not over yet is shown."""

_REDRAWN: Final = 0.1
"""Seconds between two redraws of how far it has got."""


@dataclass(slots=True)
class Shown:
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
    if not moves_cursor(target) or in_ci():
        yield _Plain(target)
        return
    live = _Live(target, project if results else None)
    with live.running():
        yield live


class _Plain:
    """Prints one line when a section starts, and one when it has finished."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.shown = Shown()

    def __call__(self, event: Event) -> None:
        match event:
            case SessionStarted(section=section):
                self._say(f"{printable(section)}: running")
            case SessionFinished():
                self._say(_end_line(event))
            case _:
                return

    def _say(self, line: str) -> None:
        print(inert(line), file=self._stream, flush=True)


def _end_line(event: SessionFinished, title: str = "") -> str:
    colour = "green" if event.outcome == "passed" else "error"
    name = printable(f"{event.section} {title}".strip() if title else event.section)
    return Styled.of(Span(f"{name}: {event.outcome}", colour), f", {event.seconds:.1f} s")


class Waiting:
    """How far a long task has got, in a line that appears if it takes noticeably long."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._since = self._drawn = clock()
        self._line = ""

    def lines(self) -> list[str]:
        """Return the line, if it is time to show it."""
        if not self._line or self._clock() - self._since < _NOTICEABLE:
            return []
        return [Styled.of(Span(self._line, "dim"))]

    def take(self, doing: str, done: int, total: int) -> bool:
        """Note how far the task has got; return whether that is to be drawn.

        Args:
            doing: the task.
            done: how much of it is done.
            total: how much it is; 0 if that is unknown.
        """
        now = self._clock()
        if now - self._drawn < _REDRAWN or now - self._since < _NOTICEABLE:
            return False
        self._line = f"{doing}: {done:,} of {total:,}" if total else doing
        self._drawn = now
        return True


class _Live:
    """Shows the running sections at the bottom of the terminal; what is over scrolls above them."""

    def __init__(self, stream: TextIO, project: Project | None) -> None:
        """Show nothing yet.

        Args:
            stream: the terminal.
            project: whose notes, if outputs and failures are to be shown.
        """
        self.shown = Shown()
        self._project = project
        self._board = Board()
        self._waiting = Waiting()
        self._area = LiveArea(stream, self._lines)
        self._titles: dict[SectionName, str] = {}
        self._screen: OutputScreen | None = None
        self._output = threading.Lock()  # of the screen, and of whether a heading stands above it
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
            self._area.draw()

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
        if self._project is not None and self._board.is_alone and self._board.planned:
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
        self._area.wake()

    def _print(self, lines: list[str]) -> None:
        """Print output of the chunk that runs, below a line that says where it is."""
        if lines and not self._headed and self._project is not None:
            from tangle_cli.text import output_heading

            place = self._cell.place
            name = self._cell.section if place else self._cell.name
            lines = [output_heading(self._project, printable(name), place), *lines]
            self._headed = True
        self._area.print(lines)

    def _fail(self, event: CellFailed) -> None:
        if self._project is None:
            return
        from tangle_cli.failures import failed_lines

        self._area.print(failed_lines(self._project, event, printable(event.name)))
        self.shown.failures.add((event.section, event.index))

    def _end(self, event: SessionFinished) -> None:
        if self._project is not None:
            if not self._board.is_alone:
                self._area.print([_end_line(event, self._titles.get(event.section, ""))])
                self.shown.sections.add(event.section)
        elif event.outcome in ("failed", "timed-out", "died"):  # a person may want to end the run
            self._area.print([_end_line(event)])
