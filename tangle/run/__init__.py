"""Runs sections of the notes: jobs in, results out; the only part that starts processes.

The notes' code runs in worker processes; importing this loads neither IPython nor torch.
"""

from __future__ import annotations

from tangle.run.codec import from_json, result_from_json, result_to_json, to_json
from tangle.run.events import (
    CellFinished,
    CellStarted,
    Event,
    Executor,
    Observer,
    SessionFinished,
    SessionStarted,
    ignore,
)
from tangle.run.jobs import run_jobs
from tangle.run.local import LocalExecutor

__all__ = [
    "CellFinished",
    "CellStarted",
    "Event",
    "Executor",
    "LocalExecutor",
    "Observer",
    "SessionFinished",
    "SessionStarted",
    "from_json",
    "ignore",
    "result_from_json",
    "result_to_json",
    "run_jobs",
    "to_json",
]
