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
    Noticed,
    Observer,
    SessionFinished,
    SessionStarted,
    ignore,
)
from tangle.run.jobs import run_jobs
from tangle.run.local import LocalExecutor
from tangle.run.server import ServerStatus, ServerWanted, server_status, stop_server
from tangle.run.server_place import NoPlace

__all__ = [
    "CellFinished",
    "CellStarted",
    "Event",
    "Executor",
    "LocalExecutor",
    "NoPlace",
    "Noticed",
    "Observer",
    "ServerStatus",
    "ServerWanted",
    "SessionFinished",
    "SessionStarted",
    "ignore",
    "result_from_json",
    "result_to_json",
    "run_jobs",
    "server_status",
    "stop_server",
]
