"""The worker's end of the event pipe, and the streams that write to it."""

from __future__ import annotations

import codecs
import io
import os
import sys
import threading
import time
from typing import Any, Literal

from msgspec import Struct

from tangle.engine.output_limits import (
    KEPT_TEXT,
    PRINT_LESS,
    SHOW_LESS,
    SHOWN_DATA,
    SHOWN_OVERHEAD,
    WRITTEN_TEXT,
)
from tangle.engine.tracking.audit_log import PROGRAM_EVENTS
from tangle.engine.wire import (
    CANNOT_REPORT,
    RAW_NUMBERS,
    Cleared,
    Flooded,
    Message,
    RawNumber,
    Showed,
    Wrote,
    encode,
    encoded_size,
)

# The notes may replace any of these, and what a session asks the system is watched.
_now, _fstat, _getpid = time.monotonic, os.fstat, os.getpid

_PATIENCE = 0.02
_BURST = 10
_BUFFER = 4096
"""Within `_PATIENCE` seconds, `_BURST` parts of lines are sent at once; more of them wait until
there is a whole line, or so many characters."""


class OutputLimit(RuntimeError):
    """A cell has put out more than anybody can read; raised where it writes."""

    __module__ = "builtins"  # so that tracebacks say `OutputLimit: ...`


class _Meter(Struct):
    """Counts towards a limit; the first time past it is a warning, twice of it is a flood."""

    limit: int
    amount: int = 0
    warned: bool = False

    def add(self, size: int) -> Literal["fine", "over", "flood"]:
        self.amount += size
        if self.amount <= self.limit:
            return "fine"
        if not self.warned:
            self.warned = True
            self.amount = self.limit + 1
        return "flood" if self.amount > 2 * self.limit else "over"


class Reporter:
    """Sends messages in their order, text that is adjacent joined.

    The process may fork: in a child nothing goes to the event pipe, text goes to the descriptors.
    """

    def __init__(self, fd: int, mark: bytes) -> None:
        """Takes the event pipe `fd`, and `mark` for the raw pipes."""
        self._fd = fd
        self.begin_anew(mark)
        self._lock = threading.RLock()
        self._name: Literal["stdout", "stderr"] = "stdout"
        self._parts: list[str] = []
        self._size = 0
        self._since = 0.0
        self._burst = 0
        self.begin_cell()

    def begin_anew(self, mark: bytes) -> None:
        """Takes what the descriptors stand for now, in this process, for its pipes."""
        self._mark = mark
        self._pipe = _identity(self._fd)
        self._raw = {number: _identity(number) for number in RAW_NUMBERS}
        self._pid = _getpid()

    @property
    def descriptor(self) -> int:
        """That of the event pipe."""
        return self._fd

    @property
    def is_child(self) -> bool:
        """Whether this is a forked child of the worker."""
        return _getpid() != self._pid

    @property
    def amount(self) -> int:
        """How much the cell has written and shown so far."""
        return self._written.amount + self._shown.amount

    def begin_cell(self) -> None:
        """Starts counting the output from zero."""
        self._kept = 0
        self._written = _Meter(limit=WRITTEN_TEXT)
        self._shown = _Meter(limit=SHOWN_DATA)

    def write(self, name: Literal["stdout", "stderr"], text: str) -> None:
        """Adds text to a stream.

        Raises:
            OutputLimit: the cell has written more than it may (in the main thread only).
        """
        with self._lock:
            size = len(text)
            if size < WRITTEN_TEXT and not text.isascii():
                size = len(text.encode("utf-8", "backslashreplace"))
            kept = text[: max(0, KEPT_TEXT + 1 - self._kept)]
            self._kept += size
            if kept:
                self._keep(name, clean(kept))
            state = self._written.add(size)
        if state != "fine":
            self._object(
                state, f"the cell has written more than {WRITTEN_TEXT >> 20} MiB; {PRINT_LESS}"
            )

    def flush(self) -> None:
        """Sends the text that waits."""
        if self.is_child:
            return
        with self._lock:
            if self._parts:
                text = "".join(self._parts)
                self._parts.clear()
                self._size = 0
                self._send(Wrote(name=self._name, text=text))

    def show(self, message: Showed) -> None:
        """Sends a bundle.

        Raises:
            OutputLimit: the cell shows more than it may.
        """
        size = SHOWN_OVERHEAD + sum(encoded_size(text) for _, text in message.data)
        state = self._shown.add(size)
        if state == "fine":
            self.send(message)
        else:
            self._object(state, f"the cell has shown more than {SHOWN_DATA >> 20} MiB; {SHOW_LESS}")

    def clear(self, wait: bool) -> None:
        """Has the outputs of the cell so far forgotten."""
        self._kept = 0
        self._shown.amount = 0
        self.send(Cleared(wait=wait))

    def send(self, message: Message) -> None:
        """Sends a message after the text that waits; ends the process if it cannot be received."""
        if self.is_child:
            return
        with self._lock:
            self.flush()
            self._send(message)

    def _keep(self, name: Literal["stdout", "stderr"], text: str) -> None:
        if name != self._name:
            self.flush()
            self._name = name
        self._parts.append(text)
        self._size += len(text)
        now = _now()
        if now - self._since > _PATIENCE:
            self._since, self._burst = now, 0
        self._burst += 1
        if "\n" in text or self._size > _BUFFER or self._burst <= _BURST:
            self.flush()

    def _object(self, state: Literal["over", "flood"], why: str) -> None:
        """Raises in the main thread; asks to be killed if the code goes on all the same."""
        if state == "flood" and not self.is_child:
            self.send(Flooded())
            while True:
                time.sleep(60)
        if threading.current_thread() is threading.main_thread():
            raise OutputLimit(why)

    def _send(self, message: Message) -> None:
        marks = tuple(number for number in RAW_NUMBERS if self._put_mark(number))
        line = memoryview(encode(message, marks))
        if _identity(self._fd) != self._pipe:
            os._exit(CANNOT_REPORT)
        interruption: BaseException | None = None
        while line:
            try:
                line = line[os.write(self._fd, line) :]
            except OSError:
                os._exit(CANNOT_REPORT)
            except BaseException as error:  # noqa: BLE001 -- a signal's handler: finish the line
                interruption = error
        if interruption is not None:
            raise interruption

    def _put_mark(self, number: RawNumber) -> bool:
        """Marks the place in a raw pipe, if the number still stands for the one we know.

        Always, not only where something is unread: what is written next must not be taken for
        older than the message.
        """
        if _identity(number) != self._raw[number]:
            return False
        try:
            return os.write(number, self._mark) == len(self._mark)
        except OSError:
            return False


def _identity(fd: int) -> tuple[int, int] | None:
    """What a descriptor stands for, whatever its number."""
    try:
        status = _fstat(fd)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def clean(text: str) -> str:
    """The text with lone surrogates escaped, so that it can be written as UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace").decode()
    return text


class Outlet(io.TextIOBase):
    """`sys.stdout` or `sys.stderr` of a session."""

    encoding = "utf-8"
    errors = "backslashreplace"
    line_buffering = True

    def __init__(self, reporter: Reporter, name: Literal["stdout", "stderr"]) -> None:
        """Makes the stream called `name`."""
        super().__init__()
        self._reporter = reporter
        self._stream: Literal["stdout", "stderr"] = name
        self.name = f"<{name}>"
        self.mode = "w"
        self.buffer = _Bytes(self)
        self._waiting = ""
        self._lock = threading.RLock()
        os.register_at_fork(after_in_child=self._begin_child)

    def write(self, text: str) -> int:
        """Takes text; the returned number is that of its characters."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        if self._reporter.is_child:
            self._write_from_child(text)
        else:
            self._reporter.write(self._stream, text)
        return len(text)

    def flush(self) -> None:
        """Sends what waits."""
        if self._reporter.is_child:
            with self._lock:
                self._put_out(self._waiting)
                self._waiting = ""
        else:
            self._reporter.flush()

    def close(self) -> None:
        """Keeps the stream open: the cells to come need it."""
        self.flush()

    def writable(self) -> bool:
        """Yes."""
        return True

    def isatty(self) -> bool:
        """No."""
        return False

    def fileno(self) -> int:
        """The descriptor that subprocesses may be given; what they write there is seen."""
        return 1 if self._stream == "stdout" else 2

    def reconfigure(self, **options: Any) -> None:
        """Accepts what `TextIOWrapper` does; nothing changes."""

    def _begin_child(self) -> None:
        """Has nothing waiting: what the parent wrote, the parent sends."""
        self._waiting = ""
        self._lock = threading.RLock()

    def _write_from_child(self, text: str) -> None:
        """Puts out whole lines, each at once: other processes write to the same pipe."""
        with self._lock:
            lines, line_end, rest = (self._waiting + text).rpartition("\n")
            whole, self._waiting = lines + line_end, rest
            if len(rest) > _BUFFER:
                whole, self._waiting = whole + rest, ""
            self._put_out(whole)

    def _put_out(self, text: str) -> None:
        data = memoryview(text.encode("utf-8", "backslashreplace"))
        while data:
            data = data[os.write(self.fileno(), data) :]


class _Bytes(io.BufferedIOBase):
    """`sys.stdout.buffer`: bytes that are decoded into the stream."""

    def __init__(self, outlet: Outlet) -> None:
        super().__init__()
        self._outlet = outlet
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def write(self, data: bytes | bytearray | memoryview) -> int:  # type: ignore[override]
        view = memoryview(data).cast("B")
        most = 2 * WRITTEN_TEXT + 1  # more need not be decoded to be refused
        self._outlet.write(self._decoder.decode(bytes(view[:most])))
        return len(view)

    def flush(self) -> None:
        self._outlet.flush()

    def close(self) -> None:
        self.flush()

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._outlet.fileno()


def take_streams(reporter: Reporter) -> None:
    """Puts the reporter's streams in the place of `sys.stdout` and `sys.stderr`.

    What waits is sent before a child is started, so that its output comes after.
    """
    sys.stdout = Outlet(reporter, "stdout")
    sys.stderr = Outlet(reporter, "stderr")

    def listen(event: str, _: tuple[object, ...]) -> None:
        if event in PROGRAM_EVENTS and not reporter.is_child:
            reporter.flush()

    sys.addaudithook(listen)
    os.register_at_fork(before=reporter.flush)
