"""Make outputs of the results of a section, ready for their pages."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from tangle.analyse import PlannedChunk, Session
from tangle.model import Result, SectionName
from tangle.verbs.job_builder import FAULTS
from tangle.verbs.notes import Notes
from tangle.verbs.results.judging import written
from tangle.verbs.write_back.failing_lines import note_of
from tangle.verbs.write_back.placement import Placed
from tangle.write import (
    EXTENSIONS,
    ChunkOutput,
    Figure,
    File,
    Piece,
    Tolerance,
    asset_name,
    asset_target,
    figure_label,
    placed,
    rendered,
    shortened_for_note,
)


def outputs_of(
    notes: Notes, session: Session, results: Sequence[tuple[PlannedChunk, Result]]
) -> tuple[Placed, ...]:
    """Return the outputs of the chunks that ran, figures numbered within each section.

    Those that failed have their failure. Those that were skipped or interrupted have none, nor
    has one that was running when the time of its session was over, which need not be its fault, or
    that was not run because a property of its section is at fault.

    Args:
        notes: as they were run.
        session: the plan of the section.
        results: its chunks with their results.
    """
    counts: defaultdict[SectionName, int] = defaultdict(int)
    found: list[Placed] = []
    for planned, result in results:
        section = planned.occurrence.section
        shown = rendered(written(planned, result))
        seen = shortened_for_note(shown, notes.config.block_limit)
        pieces: list[Piece] = []
        figures: list[Figure] = []
        for part in seen.parts:
            if not isinstance(part, File):
                pieces.append(part)
                continue
            counts[section] += 1
            name = asset_name(section, counts[section], part.data, EXTENSIONS[part.mime])
            target = asset_target(planned.occurrence.page, name)
            label = figure_label(section, counts[section], part.shows)
            pieces.append(placed(part, label, target))
            figures.append(Figure(name=name, data=part.data))
        settings = planned.code.chunk.settings
        if _has_ended(result, settings.timeout):
            failed = result.failure if result.outcome != "passed" else None
            output = ChunkOutput(digest=planned.digest, pieces=tuple(pieces))
            found.append(
                Placed(
                    section=session.name,
                    digest=planned.digest,
                    output=output,
                    figures=tuple(figures),
                    failure=note_of(notes, failed) if failed is not None else None,
                    tolerance=Tolerance(rtol=settings.rtol, atol=settings.atol),
                )
            )
    return tuple(found)


def _has_ended(result: Result, timeout: float | None) -> bool:
    """Whether a chunk ended by itself, passed or failed."""
    if result.outcome == "timed-out":
        return timeout is not None and result.seconds >= timeout
    refused = result.failure is not None and result.failure.name in FAULTS
    return result.outcome not in ("skipped", "interrupted") and not refused
