"""A run chunk by chunk, as all reports present it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from msgspec import Struct

from tangle.analyse import PlannedChunk
from tangle.model import Result
from tangle.verbs.project import Project
from tangle.verbs.reports.values import Difference, RunReport, SectionRun
from tangle.verbs.results.judging import chunk_results


class ChunkOutcome(Struct, frozen=True, kw_only=True):
    """A chunk that was to run.

    Attributes:
        number: of the chunk among those of its section that run, from 1.
        page: as messages name it.
        differences: from the output in the notes, where that was asked for.
    """

    number: int
    page: str
    planned: PlannedChunk
    result: Result
    differences: tuple[Difference, ...]

    @property
    def line(self) -> int:
        """The line of the chunk's fence."""
        return self.planned.code.chunk.line

    @property
    def good(self) -> bool:
        """Whether it passed and its output matches the notes."""
        return self.result.outcome == "passed" and not self.differences


class SectionOutcome(Struct, frozen=True, kw_only=True):
    """A section that was run, with its chunks."""

    run: SectionRun
    chunks: tuple[ChunkOutcome, ...]

    @property
    def name(self) -> str:
        """Its name on the command line, and its title."""
        name, title = self.run.session.name, self.run.session.unit.section.title
        return name if title == name else f"{name} {title}".strip()

    @property
    def outcome(self) -> str:
        """The section's outcome; `differs` if all chunks passed but some output differs."""
        outcome = self.run.result.outcome
        differs = any(chunk.differences for chunk in self.chunks)
        return "differs" if outcome == "passed" and differs else outcome


def outcomes(project: Project, report: RunReport) -> tuple[SectionOutcome, ...]:
    """Return the sections and chunks of a run, in order.

    Args:
        project: whose notes.
        report: the run.
    """
    differences: defaultdict[tuple[str, str, int], list[Difference]] = defaultdict(list)
    for found in report.differences or ():
        differences[found.place.path, found.section, found.chunk].append(found)
    sections = []
    for run in report.sections:
        chunks = []
        for number, (planned, result) in enumerate(chunk_results(run), start=1):
            occurrence = planned.occurrence
            key = (project.shown(occurrence.page), occurrence.section, occurrence.chunk.line)
            chunks.append(
                ChunkOutcome(
                    number=number,
                    page=project.shown(occurrence.chunk.page),
                    planned=planned,
                    result=result,
                    differences=tuple(differences.get(key, ())),
                )
            )
        sections.append(SectionOutcome(run=run, chunks=tuple(chunks)))
    return tuple(sections)


def skip_reason(result: Result) -> str | None:
    """Return why a chunk was skipped; None if it was not."""
    if result.outcome != "skipped":
        return None
    return f"skipped: {result.skip.text}" if result.skip else "skipped"


def section_skip_reason(run: SectionRun) -> str | None:
    """Return why a section was skipped as a whole; None if it was not."""
    if run.result.outcome != "skipped":
        return None
    return next(filter(None, map(skip_reason, run.result.results)), "skipped")


def ran(chunks: Sequence[Result]) -> int:
    """How many chunks ran to their end, or to a failure."""
    return sum(result.outcome != "skipped" for result in chunks)


def why(result: Result) -> str:
    """Return one line that says why a chunk did not pass."""
    failure = result.failure
    if failure is None:
        return skip_reason(result) or result.outcome
    return f"{failure.name}: {failure.message}" if failure.message else failure.name
