"""Check outputs in the notes as expectations of tests, as `tangle run --verify` does."""

from __future__ import annotations

from collections.abc import Iterator

from tangle.analyse import PlannedChunk
from tangle.model import Failure, Result, Trace
from tangle.testing.bench import Expectation
from tangle.verbs.notes import Notes
from tangle.verbs.reports.values import Difference
from tangle.verbs.results.verify import Verifier

_NAMES = {"differs": "OutputDiffers", "missing": "OutputMissing", "stale": "OutputStale"}


def stored_output(loaded: Notes) -> Expectation:
    """Return the expectation that a chunk shows what its note says.

    Args:
        loaded: the notes as they were when the tests were collected.
    """
    verifier = Verifier(loaded)

    def check(planned: PlannedChunk, result: Result) -> Failure | None:
        found = tuple(verifier.differences(planned, result))
        return _failure(found) if found else None

    return Expectation(name="stored output", check=check)


def _failure(found: tuple[Difference, ...]) -> Failure:
    """Return all differences as one failure, at the line of the first."""
    first = found[0]
    lines = [f"{_NAMES[first.kind]}: {first.message}", *_diff(first)]
    for other in found[1:]:
        lines += [f"line {other.place.line}: {other.message}", *_diff(other)]
    lines += [f"hint: {hint}" for hint in dict.fromkeys(each.hint for each in found)]
    return Failure(
        name=_NAMES[first.kind],
        message="; ".join(each.message for each in found),
        traceback="",
        place=first.place,
        trace=Trace(before="", frames=(), said="\n".join(lines)),
    )


def _diff(difference: Difference) -> Iterator[str]:
    if difference.diff:
        yield from ("--- in the notes", "+++ in this run")
        yield from difference.diff
