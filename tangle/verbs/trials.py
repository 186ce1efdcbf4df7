"""Jobs for a test runner: sections without writing or caching."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from tangle.analyse import Session
from tangle.model import AssertStyle, Job
from tangle.verbs.cell_dependencies import with_dependencies
from tangle.verbs.job_builder import PreparedPackage, RunOptions, job, make_working_folder
from tangle.verbs.notes import Notes
from tangle.verbs.selection import Selected


class Trial(Struct, frozen=True, kw_only=True):
    """A section to run for its results only; nothing is written or cached.

    Attributes:
        cells: for each chunk that runs, by its place among the session's chunks, its cell's.
    """

    job: Job
    cells: Mapping[int, int]


class TrialOptions(Struct, frozen=True, kw_only=True):
    """Options for running sections as tests.

    Attributes:
        device: None where notes and configuration decide.
        assertions: how failing assertions are explained; None leaves them as they are.
        measure: whether to tell which lines were run.
    """

    device: str | None = None
    assertions: AssertStyle | None = None
    measure: bool = False


def trial(
    loaded: Notes, session: Session, chunks: int, package: PreparedPackage, options: TrialOptions
) -> Trial:
    """Build the job of a session, up to its last wanted chunk.

    Args:
        loaded: the notes.
        session: one of their sessions.
        chunks: how many of its chunks are wanted.
        package: the generated package.
        options: how to run them.
    """
    wanted = session.chunks[:chunks]
    runs = [index for index, planned in enumerate(wanted) if planned.code.runs]
    first = 1 if session.prelude else 0
    selected = Selected(session=session, chunks=len(wanted))
    make_working_folder(loaded.project, session)
    made = job(loaded.project, selected, package, RunOptions(device=options.device))
    made = with_dependencies(made, selected)
    return Trial(
        job=replace(made, watched=None, assertions=options.assertions, measure=options.measure),
        cells={index: cell for cell, index in enumerate(runs, start=first)},
    )
