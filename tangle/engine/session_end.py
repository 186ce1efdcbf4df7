"""Which failures end a session, and why the cells behind them do not run."""

from __future__ import annotations

from typing import Final

from tangle.model import Failure, Job, Outcome, Result, Skip

SKIPPED: Final = Result(outcome="skipped", outputs=(), failure=None, seconds=0.0)
"""Of a cell that was not run."""

_ENDING: Final = frozenset({"KeyboardInterrupt", "Skipped"})
"""Failures that end a session: an interrupt, and `pytest.skip`, which asks for that."""

_ENDS: Final[dict[Outcome, str]] = {
    "timed-out": "took too long",
    "died": "ended the session's process",
    "interrupted": "was interrupted",
}

_ENDS_SECTION: Final[dict[Outcome, str]] = {**_ENDS, "died": "ended its process"}


def needed_ended(section: str, outcome: Outcome) -> str:
    """Return why a session is skipped whose needed section did not pass.

    Args:
        section: that it needs.
        outcome: of that section.
    """
    return f"needs {section}, which {_ENDS_SECTION.get(outcome, 'failed')}"


def ends_session(job: Job, failure: Failure | None) -> bool:
    """Whether no cell runs after one that failed.

    Args:
        job: the session.
        failure: of the cell.
    """
    return job.exitfirst or (failure is not None and failure.name in _ENDING)


def skip_of_rest(job: Job, last: int, outcome: Outcome) -> Skip:
    """Return why the cells after the last one of a session were skipped.

    Args:
        job: the session.
        last: the last cell that ran.
        outcome: of it.
    """
    place = job.cells[last].place
    verb = _ENDS.get(outcome, "failed")
    return Skip(
        before="" if place else "a borrowed statement",
        place=place,
        after=f" {verb}, which ended the session",
        blamed=last,
    )
