"""Events of a running session, and the executor protocol."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from tangle.model import Job, Outcome, Output, Place, Result, SectionName, SessionResult


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted:
    """A run begins.

    Attributes:
        waiting: the sections that are to run, in reading order.
        answered: how many others need not run.
        titles: of the sections that are to run, in the same order; empty if it is the name.
    """

    waiting: tuple[SectionName, ...]
    answered: int
    titles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionStarted:
    """A session's worker was started; it has so many cells to run."""

    section: SectionName
    cells: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampled:
    """What a session holds at the moment.

    Attributes:
        memory: bytes of its processes.
        device: on which torch has memory so far; `cpu` where on no other.
    """

    section: SectionName
    memory: int
    device: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CellStarted:
    """A cell has begun to run; `index` is its place among the job's cells, from 0.

    Attributes:
        place: of its chunk; None for borrowed statements.
    """

    section: SectionName
    index: int
    name: str
    place: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CellOutput:
    """What the running cell has put out since the last such event, within the limits.

    Attributes:
        outputs: in order. Text may end in the middle of a line and hold control characters; a
            cleared output is text that erases the line.
    """

    section: SectionName
    index: int
    outputs: tuple[Output, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CellFinished:
    """A cell has ended, in whichever way, or was skipped since it needs one that failed.

    Cells that come after the end of their session send nothing.
    """

    section: SectionName
    index: int
    result: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class CellFailed:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class LinesRun:
    """Lines of the notes that were run for the first time: pages, each with its lines."""

    section: SectionName
    lines: tuple[tuple[str, tuple[int, ...]], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionFinished:
    """A session's worker is gone; its result is on its way."""

    section: SectionName
    outcome: Outcome
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DebuggerListens:
    """A client of the debug adapter protocol can connect to a session."""

    section: SectionName
    host: str
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Noticed:
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
