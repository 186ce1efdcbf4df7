"""Show a run's progress on standard error: a live table on a terminal, plain lines elsewhere."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TextIO

from tangle.engine.events import (
    CellStarted,
    Event,
    Observer,
    RunStarted,
    Sampled,
    SessionFinished,
    SessionStarted,
)
from tangle.engine.memory import shown_size
from tangle_cli.printing import inert

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult
    from rich.table import Table

_REPORTED_AT_ONCE = ("failed", "timed-out", "died")
"""Outcomes printed above the table at once: a person may want to end the run."""

_REFRESHES = 5
"""Redraws of the table per second."""

_AROUND = 3
"""Terminal lines that show no section: heading, summary, and the cursor's line."""

_WITH_DEVICE, _WITH_MEMORY = 60, 44
"""Minimum width of the terminal, in columns, for these columns to be shown."""


@contextmanager
def progress(stream: TextIO | None = None) -> Iterator[Observer]:
    """Provide an observer that shows a run's progress.

    Args:
        stream: where to; default: standard error.
    """
    target = stream or sys.stderr
    if target.isatty() and os.environ.get("TERM") not in ("dumb", "unknown"):
        with _live(target) as observer:
            yield observer
    else:
        yield _Plain(target).observe


class _Plain:
    """Prints one line when a section starts, and one when it has finished."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def observe(self, event: Event) -> None:
        match event:
            case SessionStarted(section=section):
                self._say(f"{_printable(section)}: running")
            case SessionFinished():
                self._say(_end_line(event))
            case _:
                return

    def _say(self, line: str) -> None:
        print(inert(line), file=self._stream, flush=True)


def _end_line(event: SessionFinished) -> str:
    return f"{_printable(event.section)}: {event.outcome}, {event.seconds:.1f} s"


def _printable(text: str) -> str:
    """Return a name from the notes, without characters that control the terminal."""
    return "".join(char if char.isprintable() else "�" for char in text)


@dataclass(slots=True)
class _Row:
    """A section that runs."""

    section: str
    cells: int
    since: float
    number: int = 0
    name: str = "starting"
    memory: int = 0
    device: str = ""

    @property
    def chunk(self) -> str:
        """Which chunk, of how many."""
        return f"{self.number} of {self.cells}: {self.name}" if self.number else self.name


@dataclass(slots=True)
class Board:
    """The current state of a run, as a table that fits the terminal."""

    clock: Callable[[], float] = time.monotonic
    rows: dict[str, _Row] = field(default_factory=dict)
    planned: int = 0
    answered: int = 0
    outcomes: list[str] = field(default_factory=list)

    def take(self, event: Event) -> None:
        """Update the state with an event."""
        match event:
            case RunStarted(waiting=waiting, answered=answered):
                self.planned, self.answered = len(waiting), answered
            case SessionStarted(section=section, cells=cells):
                self.rows[section] = _Row(_printable(section), cells, self.clock())
            case CellStarted(section=section, index=index, name=name):
                row = self.rows[section]
                row.number, row.name = index + 1, _printable(name).removeprefix(f"{row.section} ")
            case Sampled(section=section, memory=memory, device=device):
                row = self.rows[section]
                row.memory, row.device = memory, device
            case SessionFinished(section=section, outcome=outcome):
                self.rows.pop(section, None)
                self.outcomes.append(outcome)
            case _:
                return

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Render a line for each running section and a summary, within the terminal's size."""
        from rich.text import Text

        running = list(self.rows.values())  # of one moment: events come in another thread
        seen = running[: max(console.size.height - _AROUND, 1)]
        if seen:
            yield self._table(seen, options.max_width)
        sums = self._sum(len(running) - len(seen))
        yield Text(sums, style="dim", no_wrap=True, overflow="ellipsis")

    def _table(self, rows: Iterable[_Row], width: int) -> Table:
        """Return the table of running sections; on a narrow terminal the chunk column shrinks."""
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
        table.add_column("section", max_width=max(width // 3, 7), no_wrap=True, overflow="ellipsis")
        table.add_column("chunk")
        count = 1 + (width >= _WITH_MEMORY) + (width >= _WITH_DEVICE)
        for name in ("time", "memory", "device")[:count]:
            table.add_column(name, no_wrap=True)
        for row in rows:
            memory = shown_size(row.memory) if row.memory else ""
            facts = (_duration(self.clock() - row.since), memory, row.device)
            chunk = Text(row.chunk, no_wrap=True, overflow="ellipsis")
            table.add_row(Text(row.section), chunk, *map(Text, facts[:count]))
        return table

    def _sum(self, hidden: int) -> str:
        ended = len(self.outcomes)
        parts = [f"{ended} of {self.planned} done"]
        if hidden:
            parts.append(f"{hidden} more running")
        if amiss := ended - self.outcomes.count("passed"):
            parts.append(f"{amiss} not passed")
        if self.answered:
            parts.append(f"{self.answered} from the cache")
        return ", ".join(parts)


def _duration(seconds: float) -> str:
    """`9 s`, `2:05`, `1:02:05`."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}:{minutes:02}:{rest:02}"
    return f"{minutes}:{rest:02}" if minutes else f"{rest} s"


@contextmanager
def _live(stream: TextIO) -> Iterator[Observer]:
    """Show the table while sections run, and above it a line for each that fails."""
    board = Board()
    with ExitStack() as stack:
        show: list[Callable[[str], None]] = []

        def observe(event: Event) -> None:
            board.take(event)
            if isinstance(event, SessionStarted) and not show:
                show.append(_begin(stack, board, stream))  # workers run while rich is imported
            if isinstance(event, SessionFinished) and event.outcome in _REPORTED_AT_ONCE and show:
                show[0](_end_line(event))

        yield observe


def _begin(stack: ExitStack, board: Board, stream: TextIO) -> Callable[[str], None]:
    """Show the board until the stack is closed; return a function that prints a line above it."""
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    console = Console(file=stream)
    stack.enter_context(
        Live(
            board,
            console=console,
            refresh_per_second=_REFRESHES,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
    )
    return lambda line: console.print(Text(line), soft_wrap=True)
