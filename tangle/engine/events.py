"""Events of a running session, and the executor protocol."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from msgspec import Struct

from tangle.model import Job, Outcome, Output, Place, Result, SectionName, SessionResult


class RunStarted(Struct, frozen=True, kw_only=True):
    """A run begins.

    Attributes:
        waiting: the sections that are to run, in reading order.
        answered: how many others need not run.
        titles: of the sections that are to run, in the same order; empty if it is the name.
    """

    waiting: tuple[SectionName, ...]
    answered: int
    titles: tuple[str, ...] = ()


class SessionStarted(Struct, frozen=True, kw_only=True):
    """A session's worker was started; it has so many cells to run."""

    section: SectionName
    cells: int = 0


class Sampled(Struct, frozen=True, kw_only=True):
    """What a session holds at the moment.

    Attributes:
        memory: bytes of its processes.
        device: on which torch has memory so far; `cpu` where on no other.
    """

    section: SectionName
    memory: int
    device: str


class CellStarted(Struct, frozen=True, kw_only=True):
    """A cell has begun to run; `index` is its place among the job's cells, from 0.

    Attributes:
        place: of its chunk; None for borrowed statements.
    """

    section: SectionName
    index: int
    name: str
    place: Place | None = None


class CellOutput(Struct, frozen=True, kw_only=True):
    """What the running cell has put out since the last such event, within the limits.

    Attributes:
        outputs: in order. Text may end in the middle of a line and hold control characters; a
            cleared output is text that erases the line.
    """

    section: SectionName
    index: int
    outputs: tuple[Output, ...]


class CellFinished(Struct, frozen=True, kw_only=True):
    """A cell has ended, in whichever way, or was skipped since it needs one that failed.

    Cells that come after the end of their session send nothing.
    """

    section: SectionName
    index: int
    result: Result


class CellResults(Struct, frozen=True, kw_only=True):
    """The results of all cells of a session that ended, as they were at each cell's own end.

    Executors send it whose `CellFinished` holds shortened results, since they come from far away.
    """

    section: SectionName
    results: tuple[Result, ...]


class CellFailed(Struct, frozen=True, kw_only=True):
    """A cell did not pass, as a person is to read it: comes right after its `CellFinished`.

    Attributes:
        name: of the cell.
        result: of the cell; its failure has a hint if one is known.
        excerpt: the lines of the notes around the failure, each with its number.
    """

    section: SectionName
    index: int
    name: str
    result: Result
    excerpt: tuple[tuple[int, str], ...] = ()


class LinesRun(Struct, frozen=True, kw_only=True):
    """Lines of the notes that were run for the first time: pages, each with its lines."""

    section: SectionName
    lines: tuple[tuple[str, tuple[int, ...]], ...]


class SessionFinished(Struct, frozen=True, kw_only=True):
    """A session's worker is gone; its result is on its way."""

    section: SectionName
    outcome: Outcome
    seconds: float


class DebuggerListens(Struct, frozen=True, kw_only=True):
    """A client of the debug adapter protocol can connect to a session."""

    section: SectionName
    host: str
    port: int


class Noticed(Struct, frozen=True, kw_only=True):
    """Something about the engine: where its processes come from.

    Attributes:
        trouble: whether something is amiss that the run did without; else it matters to who asks.
    """

    text: str
    trouble: bool = False


Event = (
    RunStarted
    | SessionStarted
    | CellStarted
    | CellOutput
    | CellFinished
    | CellResults
    | CellFailed
    | LinesRun
    | Sampled
    | SessionFinished
    | DebuggerListens
    | Noticed
)
Observer = Callable[[Event], None]


def ignore(event: Event) -> None:
    """An observer that looks away."""


class Executor(Protocol):
    """Runs sessions; `run` may be called from several threads at once."""

    def run(self, job: Job, observe: Observer) -> SessionResult:
        """What came of the session; whatever the code does is in the result, never raised."""
        ...

    def stop(self) -> None:
        """Ends every session that runs, and those asked for later at once, as `interrupted`."""
        ...
