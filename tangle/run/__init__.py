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
    LinesRun,
    Noticed,
    Observer,
    RunStarted,
    Sampled,
    SessionFinished,
    SessionStarted,
    ignore,
)
from tangle.run.git import (
    Blob,
    Entry,
    MergedText,
    Repository,
    blob_digest,
    merge_texts,
)
from tangle.run.gpus import VISIBLE, gpu_wish, visible_gpus
from tangle.run.jobs import run_jobs, run_turns
from tangle.run.local import LocalExecutor
from tangle.run.memory import memory_limit, shown_size, total_memory
from tangle.run.resuming import ResumingExecutor
from tangle.run.scheduling import Turn
from tangle.run.scratch import scratch_folder
from tangle.run.server import ServerStatus, ServerWanted, same_start, server_status, stop_server
from tangle.run.server_place import NoPlace, leave_hint, place_of
from tangle.run.world import file_stamp, folders_of, is_as_read, is_quiet, state_of

__all__ = [
    "VISIBLE",
    "Blob",
    "CellFinished",
    "CellStarted",
    "Entry",
    "Event",
    "Executor",
    "LinesRun",
    "LocalExecutor",
    "MergedText",
    "NoPlace",
    "Noticed",
    "Observer",
    "Repository",
    "ResumingExecutor",
    "RunStarted",
    "Sampled",
    "ServerStatus",
    "ServerWanted",
    "SessionFinished",
    "SessionStarted",
    "Turn",
    "blob_digest",
    "file_stamp",
    "folders_of",
    "from_json",
    "gpu_wish",
    "ignore",
    "is_as_read",
    "is_quiet",
    "leave_hint",
    "memory_limit",
    "merge_texts",
    "place_of",
    "result_from_json",
    "result_to_json",
    "run_jobs",
    "run_turns",
    "same_start",
    "scratch_folder",
    "server_status",
    "shown_size",
    "state_of",
    "stop_server",
    "to_json",
    "total_memory",
    "visible_gpus",
]
