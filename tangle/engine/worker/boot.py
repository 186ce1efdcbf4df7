"""Entry point of a worker: its pipes, its parent, its job."""

from __future__ import annotations

import contextlib
import faulthandler
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from tangle.engine.process import ASK_SIGNAL, mark_of
from tangle.engine.process_handle import COOKIE
from tangle.engine.process_tag import set_tag
from tangle.engine.tracking.tracker import MISSING
from tangle.engine.worker.high_fd import lift
from tangle.engine.worker.parent_death import die_with
from tangle.engine.worker.reporter import Reporter
from tangle.engine.worker.session import run_session
from tangle.model import Job
from tangle.typed_json import decode


def main(arguments: Sequence[str]) -> None:
    """Runs the job that stands on standard input, and ends the process.

    Args:
        arguments: event pipe, trace pipe, cookie, the parent's process id.
    """
    events, trace, cookie, parent = arguments
    die_with(int(parent))
    set_tag(cookie)
    if not Path(os.environ["IPYTHONDIR"]).is_dir():
        os._exit(0)  # forked late: the session was given up meanwhile: nothing would tidy up
    _go_first()
    os.environ[COOKIE] = cookie  # a process that is to be copied was born with another
    with open(0, "rb", closefd=False) as source:
        job = decode(source.read(), Job)
    _detach_input()
    faulthandler_file = lift(int(trace))
    faulthandler.enable(file=faulthandler_file, all_threads=False)
    faulthandler.register(ASK_SIGNAL, file=faulthandler_file, all_threads=False)
    reporter = Reporter(lift(int(events)), mark_of(cookie))
    MISSING.install()
    sys.argv = [""]
    sys.path[:0] = [*job.path, ""]
    run_session(job, reporter, faulthandler_file)
    os._exit(0)


def _go_first() -> None:
    """Where memory runs out, the system is to end this process and no other (Linux)."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


def _detach_input() -> None:
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
