"""The parent's end of a worker's standard output or standard error.

What C code and subprocesses write comes here. The worker puts a mark into it before each message
as well, so that the bytes before the mark belong before the message and those after it after it.
"""

from __future__ import annotations

import codecs
import os
from collections.abc import Callable

CHUNK = 1 << 16


class RawPipe:
    """Reads without waiting, cuts at the marks, and hands on text."""

    def __init__(self, fd: int, mark: bytes, write: Callable[[str], None]) -> None:
        """Takes over `fd`, the reading end.

        Args:
            fd: it is set to non-blocking, and closed by `close`.
            mark: the bytes that stand for a message; they begin with a zero byte.
            write: gets the text.
        """
        os.set_blocking(fd, False)
        self.fd = fd
        self.count = 0
        self.at_end = False
        self._mark = mark
        self._write = write
        self._held = bytearray()
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def read(self) -> bool:
        """Takes what is there, at most one chunk; False when there was nothing."""
        try:
            data = os.read(self.fd, CHUNK)
        except BlockingIOError:
            return False
        if not data:
            self.at_end = True
            return False
        self.count += len(data)
        self._held += data
        return True

    def release(self) -> None:
        """Hands on everything before the next mark."""
        at = self._held.find(self._mark)
        if at < 0:
            at = len(self._held) - self._tail()
        if at:
            self._write(self._decoder.decode(bytes(self._held[:at])))
            del self._held[:at]

    def pass_mark(self, limit: int) -> None:
        """Hands on everything before the mark that the worker has written, and drops the mark.

        Args:
            limit: gives up when so many bytes were read and no mark came.
        """
        while self._mark not in self._held and self.count < limit and self.read():
            pass
        self.release()
        if self._held.startswith(self._mark):
            del self._held[: len(self._mark)]
            self.count -= len(self._mark)

    def finish(self) -> None:
        """Hands on all that is left, marks aside: the worker is gone."""
        data = bytes(self._held).replace(self._mark, b"")
        self._held.clear()
        self._write(self._decoder.decode(data, final=True))

    def end_cell(self) -> None:
        """Ends an unfinished character, which the next cell cannot finish, and resets the count."""
        self._write(self._decoder.decode(b"", final=True))
        self._decoder.reset()
        self.count = len(self._held)

    def close(self) -> None:
        """Closes the pipe."""
        os.close(self.fd)

    def _tail(self) -> int:
        """How many bytes at the end may be the beginning of a mark."""
        most = min(len(self._held), len(self._mark) - 1)
        start = self._held.find(b"\0", len(self._held) - most)
        while start >= 0:
            size = len(self._held) - start
            if self._mark.startswith(bytes(self._held[start:])):
                return size
            start = self._held.find(b"\0", start + 1)
        return 0
