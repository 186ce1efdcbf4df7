"""Runs sections of the notes: jobs in, results out; the only part that starts processes.

The notes' code runs in worker processes; importing this loads neither IPython nor torch.
"""

from __future__ import annotations

from tangle.run.codec import result_from_json, result_to_json
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
from tangle.run.git import (
    Blob,
    FileChange,
    MergedText,
    Repository,
    blob_digest,
    merge_texts,
)
from tangle.run.jobs import run_jobs
from tangle.run.local import LocalExecutor

__all__ = [
    "Blob",
    "CellFinished",
    "CellStarted",
    "Event",
    "Executor",
    "FileChange",
    "LocalExecutor",
    "MergedText",
    "Observer",
    "Repository",
    "SessionFinished",
    "SessionStarted",
    "blob_digest",
    "ignore",
    "merge_texts",
    "result_from_json",
    "result_to_json",
    "run_jobs",
]
