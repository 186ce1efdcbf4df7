"""The end of a run: a line for each failure with its place, and one with the counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from tangle.model import PagePath, Place
from tangle_cli.board import duration
from tangle_cli.messages import _
from tangle_cli.run_text import failure_line
from tangle_cli.style import Span, Styled
from tangle_cli.text import count

if TYPE_CHECKING:
    from tangle.verbs.project import Project
    from tangle.verbs.reports.values import RunReport

_COLOURS: Final = {
    "passed": "green",
    "failed": "error",
    "timed-out": "error",
    "died": "error",
    "differs": "error",
    "skipped": "yellow",
    "interrupted": "yellow",
}
"""The outcomes of sections in the order in which they are counted, each with its colour."""

_MOST_FAILURES: Final = 20
"""Failures that are listed."""


def summary_lines(
    project: Project, report: RunReport, seconds: float, *, always: bool
) -> Iterator[str]:
    """Yield the failures and the counts of a run of several sections.

    Args:
        project: whose notes.
        report: of the run.
        seconds: that it took.
        always: list the failures of a single section, too.
    """
    from tangle.verbs.reports.outcomes import outcomes

    several = len(report.sections) > 1
    if not several and not always:
        return
    found = outcomes(project, report)
    failures = [
        (section, chunk)
        for section in found
        for chunk in section.chunks
        if chunk.result.outcome not in ("passed", "skipped", "interrupted")
    ]
    for section, chunk in failures[:_MOST_FAILURES]:
        place = Place(path=PagePath(chunk.page), line=chunk.line)
        yield failure_line(project, place, section.run.session.name, chunk.result)
    if len(failures) > _MOST_FAILURES:
        yield f"[… {count(len(failures) - _MOST_FAILURES, 'more failure')}]"
    if several:
        yield _counts(report, [section.outcome for section in found], seconds)


def _counts(report: RunReport, outcomes: list[str], seconds: float) -> str:
    counts = Counter(outcomes)
    spans: list[Span | str] = [Span(count(len(outcomes), "section"), "bold"), _(": ")]
    for outcome, colour in _COLOURS.items():
        if counts[outcome]:
            spans += [Span(f"{counts[outcome]} {_(outcome)}", colour), _(", ")]
    if cached := sum(run.cached for run in report.sections):
        spans += [_(f"{cached} from the cache"), _(", ")]
    taken = f"{seconds:.1f} s" if seconds < 60 else duration(seconds)
    return Styled.of(*spans, taken)
