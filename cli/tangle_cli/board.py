"""The current state of a run, as lines that fit a terminal."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from msgspec import Struct, field

from tangle.engine.events import (
    CellStarted,
    Event,
    RunStarted,
    Sampled,
    SessionFinished,
    SessionStarted,
)
from tangle.engine.memory import shown_size
from tangle_cli.columns import GAP, display_width, fitted, table
from tangle_cli.messages import _
from tangle_cli.printing import printable
from tangle_cli.style import Span, Styled

_AROUND = 3
"""Terminal lines that show no section: heading, summary, and the cursor's line."""

_WITH_DEVICE, _WITH_MEMORY = 59, 43
"""Minimum width of the table, in columns, for these columns to be shown."""

HEADING = ("section", "chunk", "time", "memory", "device")
_CHUNK = 1
"""Which of the columns shrinks."""


class _Row(Struct):
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
        return _(f"{self.number} of {self.cells}: {_(self.name)}") if self.number else _(self.name)


class Board(Struct):
    """The current state of a run."""

    clock: Callable[[], float] = time.monotonic
    rows: dict[str, _Row] = field(default_factory=dict)
    planned: int = 0
    answered: int = 0
    outcomes: list[str] = field(default_factory=list)

    @property
    def is_alone(self) -> bool:
        """Whether the run has but one section."""
        return self.planned + self.answered == 1

    def take(self, event: Event) -> None:
        """Update the state with an event."""
        match event:
            case RunStarted(waiting=waiting, answered=answered):
                self.planned, self.answered = len(waiting), answered
            case SessionStarted(section=section, cells=cells):
                self.rows[section] = _Row(printable(section), cells, self.clock())
            case CellStarted(section=section, index=index, name=name):
                row = self.rows[section]
                row.number, row.name = index + 1, printable(name).removeprefix(f"{row.section} ")
            case Sampled(section=section, memory=memory, device=device):
                row = self.rows[section]
                row.memory, row.device = memory, device
            case SessionFinished(section=section, outcome=outcome):
                self.rows.pop(section, None)
                self.outcomes.append(outcome)
            case _:
                return

    def lines(self, width: int, height: int) -> list[str]:
        """Return a line for each running section, and a summary if there are several.

        Args:
            width: of the terminal, in columns.
            height: of the terminal, in lines.
        """
        running = list(self.rows.values())  # of one moment: events come in another thread
        seen = running[: max(height - _AROUND, 1)]
        if self.is_alone:
            return self._table(seen, width)[1:]
        sums = Styled.of(Span(fitted(self._sum(len(running) - len(seen)), width), "dim"))
        return [*self._table(seen, width), sums]

    def _table(self, rows: Sequence[_Row], width: int) -> list[str]:
        """Return the table of running sections; on a narrow terminal the chunk column shrinks."""
        if not rows:
            return []
        count = 3 + (width >= _WITH_MEMORY) + (width >= _WITH_DEVICE)
        widest = max(width // 3, 7)
        body = [[fitted(row.section, widest), row.chunk, *self._facts(row)] for row in rows]
        cells = [line[:count] for line in (list(map(_, HEADING)), *body)]
        others = (at for at in range(count) if at != _CHUNK)
        taken = sum(max(display_width(line[at]) for line in cells) + GAP for at in others)
        for line in cells:
            line[_CHUNK] = fitted(line[_CHUNK], max(width - taken, 1))
        cells[0] = [Styled.of(Span(name, "bold")) for name in cells[0]]
        return list(table(cells))

    def _facts(self, row: _Row) -> tuple[str, str, str]:
        memory = shown_size(row.memory) if row.memory else ""
        return duration(self.clock() - row.since), memory, row.device

    def _sum(self, hidden: int) -> str:
        ended = len(self.outcomes)
        parts = [_(f"{ended} of {self.planned} done")]
        if hidden:
            parts.append(_(f"{hidden} more running"))
        if amiss := ended - self.outcomes.count("passed"):
            parts.append(_(f"{amiss} not passed"))
        if self.answered:
            parts.append(_(f"{self.answered} from the cache"))
        return _(", ").join(parts)


def duration(seconds: float) -> str:
    """`9 s`, `2:05`, `1:02:05`."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}:{minutes:02}:{rest:02}"
    return f"{minutes}:{rest:02}" if minutes else f"{rest} s"
