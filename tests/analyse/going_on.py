"""Run the chunks of a section in this process, going on after failures as a worker does."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Collection, Sequence
from typing import Any

from tangle.analyse import Session
from tangle.analyse.dependencies import flows
from tangle.engine.worker.failed_names import FailedNames
from tangle.model import Cell, Job, PagePath, Place, SectionName

from .plans import planned, sections

Ran = tuple[str, str]
"""The outcome of a chunk, and what it printed or why it was skipped."""


def session_of(codes: Sequence[str]) -> Session:
    """The session of a section with these chunks."""
    (session,) = planned(sections(list(codes))).sessions
    return session


def job_of(session: Session) -> Job:
    """Its job: chunk n (from 1) stands at line n."""
    found = flows(session).chunks
    cells = tuple(
        Cell(
            name=f"chunk {number}",
            code=planned_chunk.code.chunk.code,
            origins=(),
            place=Place(path=PagePath("x.md"), line=number),
            needs=flow.needs,
            touches=flow.touches,
        )
        for number, (planned_chunk, flow) in enumerate(
            zip(session.chunks, found, strict=True), start=1
        )
        if flow is not None
    )
    return Job(section=SectionName("1.1"), cells=cells, directory="/")


def going_on(codes: Sequence[str]) -> list[Ran]:
    """What comes of each chunk where only what needs a failed one is skipped."""
    job, failed = job_of(session_of(codes)), FailedNames()
    space: dict[str, Any] = {}
    found: list[Ran] = []
    for index, cell in enumerate(job.cells):
        if (skipped := failed.skipped(job, index)) is not None:
            found.append(("skipped", skipped.skip.text))
            continue
        printed, line = executed(cell.code, space)
        if line is None:
            failed.complete(cell)
            found.append(("passed", printed))
        else:
            failed.fail(index, cell, line or None)
            found.append(("failed", printed))
    return found


def plainly(codes: Sequence[str], only: Collection[int] | None = None) -> list[Ran]:
    """What comes of each chunk in plain Python, with `try` around it; of some chunks alone."""
    space: dict[str, Any] = {}
    found = []
    for index, code in enumerate(codes):
        printed, line = executed(code, space) if only is None or index in only else ("", 0)
        found.append(("passed" if line is None else "failed", printed))
    return found


def executed(code: str, space: dict[str, Any]) -> tuple[str, int | None]:
    """What code prints, and the line at which it fails: 0 if none of it ran, None if it passes."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        try:
            exec(compile(code, "<chunk>", "exec"), space)  # noqa: S102 -- the test's own chunks
        except SyntaxError:
            return "", 0
        except Exception as error:  # noqa: BLE001 -- the chunk's
            trace = error.__traceback__
            assert trace is not None
            assert trace.tb_next is not None
            return out.getvalue(), trace.tb_next.tb_lineno
    return out.getvalue(), None
