"""One worker process: start it, ask where it is, and end it with all that it started."""

from __future__ import annotations

import contextlib
import os
import secrets
import select
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from msgspec import Struct

from tangle.engine.forkserver.client import ForkServerGone
from tangle.engine.orphans import kill_family, orphans
from tangle.engine.process_handle import (
    COOKIE,
    Forker,
    Process,
    SpawnRequest,
    StartedProcess,
    boot_command,
)
from tangle.engine.scratch import ScratchFolder
from tangle.model import Job
from tangle.typed_json import encode

ASK_SIGNAL = signal.SIGUSR2
"""Upon this signal the worker writes its stack to the trace pipe."""

PROGRAM_SECONDS = 0.5
"""For so long programs may go on after a session that ended by itself: one that reads what the
session wrote at its end has to handle it."""

_ASK_SECONDS = 0.3
_QUIET_SECONDS = 0.02
_REAP_SECONDS = 5.0
_TRACE_BYTES = 1 << 16
_TEMPORARY = ("TMPDIR", "TEMP", "TMP")
_LEFT_OUT = ("COLUMNS", "LINES", "FORCE_COLOR", "CLICOLOR_FORCE", "PYTHONINSPECT")


class Worker(Struct, frozen=True, kw_only=True):
    """A started worker and the parent's ends of its pipes.

    Attributes:
        events: messages come here.
        out: its standard output, as the kernel has it.
        err: its standard error.
        trace: stacks, upon `ASK_SIGNAL` and when it crashes.
        mark: what the worker puts into `out` and `err` before a message.
        folder: for what it keeps for its time.
        cookie: stands in the environment of all its descendants.
    """

    process: Process
    events: int
    out: int
    err: int
    trace: int
    mark: bytes
    folder: ScratchFolder
    cookie: str

    def has_ended(self) -> bool:
        """Whether the process is gone; its number stays its own until `close`."""
        return self.process.has_ended()

    @property
    def ended(self) -> int | None:
        """Readable once the process has ended; None where the system has no such thing."""
        return self.process.ended

    def await_end(self, patience: float) -> None:
        """Waits until the process is gone, no longer than said."""
        until = time.monotonic() + patience
        while not self.has_ended() and time.monotonic() < until:
            if self.ended is None:
                time.sleep(0.005)
            else:
                _wait_readable(self.ended, until - time.monotonic())

    def ask_stack(self, patience: float = _ASK_SECONDS) -> str:
        """The worker's stack now, as faulthandler writes it; empty if it does not answer."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.process.pid, ASK_SIGNAL)
        return self.read_trace(patience)

    def read_trace(self, patience: float) -> str:
        """What stands in the trace pipe, waiting for its beginning as long as said."""
        text = bytearray()
        until = time.monotonic() + patience + _QUIET_SECONDS
        while len(text) < _TRACE_BYTES and time.monotonic() < until:
            if not _wait_readable(self.trace, _QUIET_SECONDS if text else patience):
                break
            data = os.read(self.trace, 4096)
            if not data:
                break
            text += data
        return text.decode("ascii", "replace")

    def peak_memory(self) -> int:
        """Bytes that the process has held at most; 0 where the system does not say."""
        try:
            status = Path(f"/proc/{self.process.pid}/status").read_text()
            return int(status.split("VmHWM:")[1].split()[0]) * 1024
        except (OSError, ValueError, IndexError):
            return 0

    def kill(self, *, patience: float = 0.0) -> int | None:
        """Ends the worker and its descendants; the return code, None if it clings on.

        Args:
            patience: seconds for which programs that it started may go on.
        """
        kill_family(self.process.pid, self.orphans, patience=patience)
        return self.process.code(_REAP_SECONDS)

    def orphans(self) -> Iterator[int]:
        """Processes that were started below the worker, wherever they have moved (Linux only)."""
        pipe = os.fstat(self.events).st_ino
        family = self.process.family
        return orphans(self.process.pid, cookie=self.cookie, family=family, pipe=pipe)

    def close(self, *, patience: float = 0.0) -> None:
        """Ends what is left, closes the pipes and removes the scratch folder.

        Args:
            patience: as for `kill`.
        """
        self.kill(patience=patience)
        self.process.close()
        for fd in (self.events, self.out, self.err, self.trace):
            os.close(fd)
        self.folder.close()


def start_worker(job: Job, settings: Mapping[str, str], forker: Forker | None = None) -> Worker:
    """Starts a worker that runs `job`.

    Args:
        job: travels on the worker's standard input.
        settings: environment variables on top of the engine's own.
        forker: forks the worker; without one, or where it is gone, the worker is a fresh process.

    Raises:
        OSError: it cannot be started; the working directory is not there, for one.
    """
    if forker is not None:
        with contextlib.suppress(ForkServerGone):
            return _start_worker(job, settings, forker.fork)
    # With other pipes: what was forked all the same, and too late, finds its own closed.
    return _start_worker(job, settings, _start)


def _start_worker(
    job: Job, settings: Mapping[str, str], start: Callable[[SpawnRequest], Process]
) -> Worker:
    cookie = secrets.token_hex(8)
    with contextlib.ExitStack() as undo:
        folder = ScratchFolder()
        undo.callback(folder.close)
        ours, theirs = _pipes(undo, 4)
        with contextlib.ExitStack() as given:
            for fd in theirs:
                given.callback(os.close, fd)
            source = given.enter_context(tempfile.TemporaryFile())
            source.write(encode(job))
            source.seek(0)
            request = SpawnRequest(
                job=source.fileno(),
                pipes=tuple(theirs),
                directory=job.directory,
                environment=_environment(job, folder.path, cookie, settings),
                cookie=cookie,
                family=secrets.token_hex(8) if job.snapshots is not None else "",
            )
            process = start(request)
        undo.pop_all()
    return Worker(
        process=process,
        events=ours[0],
        out=ours[1],
        err=ours[2],
        trace=ours[3],
        mark=mark_of(cookie),
        folder=folder,
        cookie=cookie,
    )


def _start(request: SpawnRequest) -> Process:
    events, out, err, trace = request.pipes
    arguments = [str(events), str(trace), request.cookie, str(os.getpid())]
    return StartedProcess(
        subprocess.Popen(
            boot_command("tangle.engine.worker.boot", arguments),
            stdin=request.job,
            stdout=out,
            stderr=err,
            pass_fds=(events, trace),
            cwd=request.directory,
            env={**request.environment, COOKIE: request.family or request.cookie},
            start_new_session=True,
        ),
        request.family,
    )


def mark_of(cookie: str) -> bytes:
    """The mark of the session with this cookie: no text of a user's holds it."""
    return b"\0" + cookie.encode() + b"\0"


def _pipes(undo: contextlib.ExitStack, count: int) -> tuple[list[int], list[int]]:
    ours: list[int] = []
    theirs: list[int] = []
    for _ in range(count):
        reading, writing = os.pipe()
        undo.callback(os.close, reading)
        ours.append(reading)
        theirs.append(writing)
    return ours, theirs


def shared_environment(given: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What every worker has in its environment, where the command has what is given."""
    environment = {name: text for name, text in given.items() if name not in _LEFT_OUT}
    for name in _TEMPORARY:  # workers are in other folders
        if environment.get(name):
            environment[name] = os.path.abspath(environment[name])  # noqa: PTH100
    environment.setdefault("SOURCE_DATE_EPOCH", "0")
    return environment | {
        "PYTHONHASHSEED": "0",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    }


def _environment(job: Job, folder: str, cookie: str, settings: Mapping[str, str]) -> dict[str, str]:
    own = {"TANGLE_DEVICE": job.device, "IPYTHONDIR": folder, COOKIE: cookie}
    return shared_environment() | own | dict(settings) | dict(job.environment)


def _wait_readable(fd: int, patience: float) -> bool:
    poll = select.poll()  # `select` cannot take numbers above 1023
    poll.register(fd, select.POLLIN)
    return bool(poll.poll(max(0.0, 1000 * patience)))
