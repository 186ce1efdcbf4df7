"""Add to a job what each of its cells needs from the cells before it."""

from __future__ import annotations

from msgspec.structs import replace

from tangle.analyse.dependencies import flows
from tangle.model import Job
from tangle.verbs.selection import Selected


def with_dependencies(job: Job, selected: Selected) -> Job:
    """Return a job whose cells carry the names that they need and touch.

    It is worked out for jobs that run, since a job that the cache answers has no use for it.

    Args:
        job: as `job_builder` made it.
        selected: the session of which it was made.
    """
    if len(job.cells) < 2:
        return job
    found = flows(selected.session)
    all_flows = [] if found.prelude is None else [found.prelude]
    all_flows += [flow for flow in found.chunks[: selected.chunks] if flow is not None]
    cells = (
        replace(cell, needs=flow.needs, touches=flow.touches)
        for cell, flow in zip(job.cells, all_flows, strict=True)
    )
    return replace(job, cells=tuple(cells))
