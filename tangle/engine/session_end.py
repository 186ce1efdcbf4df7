"""Which failures end a session, and why the cells behind them do not run."""

from __future__ import annotations

from typing import Final

from tangle.model import Cell, Failure, Job, Outcome, Result

SKIPPED: Final = Result(outcome="skipped", outputs=(), failure=None, seconds=0.0)
"""Of a cell that was not run."""

_INTERRUPT: Final = "KeyboardInterrupt"
_ENDS: Final[dict[Outcome, str]] = {
    "timed-out": "took too long",
    "died": "ended the session's process",
    "interrupted": "was interrupted",
}


def ends_session(job: Job, failure: Failure | None) -> bool:
    """Whether no cell runs after one that failed.

    Args:
        job: the session.
        failure: of the cell.
    """
    return job.exitfirst or (failure is not None and failure.name == _INTERRUPT)


def reason_of_rest(cell: Cell, outcome: Outcome) -> str:
    """Return why the cells after the last one of a session were skipped.

    Args:
        cell: the last one that ran.
        outcome: of it.
    """
    verb = _ENDS.get(outcome, "failed")
    where = "a borrowed statement" if cell.place is None else f"line {cell.place.line}"
    return f"{where} {verb}, which ended the session"
