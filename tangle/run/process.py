"""One worker process: how it is started, asked where it is, and ended with all that it started."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tangle.model import Job
from tangle.run.codec import to_json

ASK_SIGNAL = signal.SIGUSR2
"""Upon this signal the worker writes its stack to the trace pipe."""

_ASK_SECONDS = 0.3
_QUIET_SECONDS = 0.02
_REAP_SECONDS = 5.0
_TRACE_BYTES = 1 << 16
_COOKIE = "TANGLE_SESSION"
_LEFT_OUT = ("COLUMNS", "LINES", "FORCE_COLOR", "CLICOLOR_FORCE", "PYTHONINSPECT")

_PACKAGE = Path(__file__).resolve().parents[1] / "__init__.py"

# Loads tangle from its own file, so that neither the notes' folder nor another tangle can stand in
# its way, and without lending the session's `sys.path` an entry.
_BOOT = """
import sys
sys.path[:] = [entry for entry in sys.path if entry]
from importlib.util import module_from_spec, spec_from_file_location
spec = spec_from_file_location("tangle", sys.argv[1])
sys.modules["tangle"] = module_from_spec(spec)
spec.loader.exec_module(sys.modules["tangle"])
from tangle.run.worker.boot import main
main(sys.argv[2:])
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """A started worker and the parent's ends of its pipes.

    Attributes:
        events: messages come here.
        out: its standard output, as the kernel has it.
        err: its standard error.
        trace: stacks, upon `ASK_SIGNAL` and when it crashes.
        ended: readable once the process has ended; None where the system has no such thing.
        mark: what the worker puts into `out` and `err` before a message.
        folder: its scratch folder.
        cookie: stands in the environment of all its descendants.
    """

    process: subprocess.Popen[bytes]
    events: int
    out: int
    err: int
    trace: int
    ended: int | None
    mark: bytes
    folder: str
    cookie: str

    def has_ended(self) -> bool:
        """Whether the process is gone; it stays a zombie, so that its number stays its own."""
        if self.process.returncode is not None:
            return True
        options = os.WEXITED | os.WNOHANG | os.WNOWAIT
        try:
            return os.waitid(os.P_PID, self.process.pid, options) is not None
        except ChildProcessError:
            return True

    def await_end(self, patience: float) -> None:
        """Waits until the process is gone, no longer than said."""
        until = time.monotonic() + patience
        while not self.has_ended() and time.monotonic() < until:
            if self.ended is None:
                time.sleep(0.005)
            else:
                _wait_readable(self.ended, until - time.monotonic())

    def ask_stack(self) -> str:
        """The worker's stack now, as faulthandler writes it; empty if it does not answer."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.process.pid, ASK_SIGNAL)
        return self.read_trace(_ASK_SECONDS)

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

    def kill(self) -> int | None:
        """Ends the worker and its descendants at once; the return code, None if it clings on."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        for _ in range(3):
            strays = list(_with_cookie(self.cookie))
            for pid in strays:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)
            if not strays:
                break
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self.process.wait(_REAP_SECONDS)
        return None

    def close(self) -> None:
        """Kills what is left, closes the pipes and removes the scratch folder."""
        self.kill()
        ends = (self.events, self.out, self.err, self.trace, self.ended)
        for fd in ends:
            if fd is not None:
                os.close(fd)
        shutil.rmtree(self.folder, ignore_errors=True)


def start_worker(job: Job, settings: Mapping[str, str]) -> Worker:
    """Starts a fresh worker that runs `job`.

    Args:
        job: travels on the worker's standard input.
        settings: environment variables on top of the engine's own.

    Raises:
        OSError: it cannot be started; the working directory is not there, for one.
    """
    cookie = secrets.token_hex(8)
    with contextlib.ExitStack() as undo:
        folder = tempfile.mkdtemp(prefix="tangle-")
        undo.callback(shutil.rmtree, folder, ignore_errors=True)
        ours, theirs = _pipes(undo, 4)
        with contextlib.ExitStack() as given:
            for fd in theirs:
                given.callback(os.close, fd)
            source = given.enter_context(tempfile.TemporaryFile())
            source.write(json.dumps(to_json(job)).encode())
            source.seek(0)
            process = subprocess.Popen(
                _command(theirs, cookie),
                stdin=source,
                stdout=theirs[1],
                stderr=theirs[2],
                pass_fds=(theirs[0], theirs[3]),
                cwd=job.directory,
                env=_environment(job, folder, cookie, settings),
                start_new_session=True,
            )
        undo.pop_all()
    return Worker(
        process=process,
        events=ours[0],
        out=ours[1],
        err=ours[2],
        trace=ours[3],
        ended=_open_pidfd(process.pid),
        mark=mark_of(cookie),
        folder=folder,
        cookie=cookie,
    )


def mark_of(cookie: str) -> bytes:
    """The mark of the session with this cookie: no text of a user's holds it."""
    return b"\0" + cookie.encode() + b"\0"


def _command(theirs: list[int], cookie: str) -> list[str]:
    arguments = [str(_PACKAGE), str(theirs[0]), str(theirs[3]), cookie, str(os.getpid())]
    return [sys.executable, "-X", "utf8", "-c", _BOOT, *arguments]


def _pipes(undo: contextlib.ExitStack, count: int) -> tuple[list[int], list[int]]:
    ours: list[int] = []
    theirs: list[int] = []
    for _ in range(count):
        reading, writing = os.pipe()
        undo.callback(os.close, reading)
        ours.append(reading)
        theirs.append(writing)
    return ours, theirs


def _environment(job: Job, folder: str, cookie: str, settings: Mapping[str, str]) -> dict[str, str]:
    environment = {name: text for name, text in os.environ.items() if name not in _LEFT_OUT}
    environment.setdefault("SOURCE_DATE_EPOCH", "0")
    return environment | {
        "TANGLE_DEVICE": job.device,
        "PYTHONHASHSEED": "0",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "IPYTHONDIR": folder,
        _COOKIE: cookie,
        **settings,
    }


def _open_pidfd(pid: int) -> int | None:
    if not hasattr(os, "pidfd_open"):
        return None
    try:
        return os.pidfd_open(pid)
    except OSError:
        return None


def _with_cookie(cookie: str) -> Iterator[int]:
    """Processes that were started below the worker, wherever they have moved (Linux only)."""
    wanted = f"{_COOKIE}={cookie}".encode()
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if wanted in (entry / "environ").read_bytes().split(b"\0"):
                yield int(entry.name)
        except OSError:
            continue


def _wait_readable(fd: int, patience: float) -> bool:
    poll = select.poll()  # `select` cannot take numbers above 1023
    poll.register(fd, select.POLLIN)
    return bool(poll.poll(max(0.0, 1000 * patience)))
