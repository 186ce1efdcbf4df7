"""Runs sections of the notes: jobs in, results out; the only part that starts processes.

The notes' code runs in worker processes; importing this loads neither IPython nor torch.
"""

from __future__ import annotations

from tangle.engine.checkpoint.executor import ResumingExecutor
from tangle.engine.codec import from_json, result_from_json, result_to_json, to_json
from tangle.engine.events import (
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
from tangle.engine.file_identity import file_stamp, folders_of, is_as_read, is_quiet, state_of
from tangle.engine.forkserver.server import (
    ServerStatus,
    ServerWanted,
    same_start,
    server_status,
    stop_server,
)
from tangle.engine.forkserver.socket_path import NoPlace, leave_hint, place_of
from tangle.engine.gpus import VISIBLE, gpu_wish, visible_gpus
from tangle.engine.local import LocalExecutor
from tangle.engine.memory import memory_limit, shown_size, total_memory
from tangle.engine.pool import run_jobs, run_turns
from tangle.engine.scheduler import Turn
from tangle.engine.scratch import scratch_folder
from tangle.engine.side_task import beside

__all__ = [
    "VISIBLE",
    "CellFinished",
    "CellStarted",
    "Event",
    "Executor",
    "LinesRun",
    "LocalExecutor",
    "NoPlace",
    "Noticed",
    "Observer",
    "ResumingExecutor",
    "RunStarted",
    "Sampled",
    "ServerStatus",
    "ServerWanted",
    "SessionFinished",
    "SessionStarted",
    "Turn",
    "beside",
    "file_stamp",
    "folders_of",
    "from_json",
    "gpu_wish",
    "ignore",
    "is_as_read",
    "is_quiet",
    "leave_hint",
    "memory_limit",
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
