"""A process that forks children on request and reports how each ended.

On the descriptor that comes with a request, the child's process id is written as a line, and its
exit status, negative for a signal, once it has ended. Until it is reaped the child stays a zombie,
so that no other process gets its number while another process may still send it signals.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket

from msgspec import Struct

from tangle.engine.worker.parent_death import die_with

# In a checkpoint, code of the notes may have replaced any of these.
_fork, _exit, _poll = os.fork, os._exit, select.poll

_NONE = -1


class _Child(Struct, kw_only=True):
    """A child that is not reaped yet.

    Attributes:
        watch: its pidfd.
        report: where its end is to be reported; -1 for nowhere.
        held: a descriptor that is held open until the child is gone; -1 for none.
        is_zombie: whether it has ended.
    """

    watch: int
    report: int
    held: int
    is_zombie: bool = False


class ForkingParent:
    """The children of a process, and the connection on which it gets its orders."""

    def __init__(self, channel: socket.socket) -> None:
        """Has no children yet.

        Args:
            channel: orders arrive here; closed in children.
        """
        self.channel = channel
        self._children: dict[int, _Child] = {}

    def wait(self, *, block: bool = True) -> tuple[bool, list[int]]:
        """Waits until there is an order, or a child has ended; reports ends.

        Args:
            block: False to look only.

        Returns:
            Whether an order can be read, and the children that have ended since the last call.
        """
        poll = _poll()
        poll.register(self.channel, select.POLLIN)
        watched = {c.watch: pid for pid, c in self._children.items() if not c.is_zombie}
        for watch in watched:
            poll.register(watch, select.POLLIN)
        ready = {fd for fd, _ in poll.poll(None if block else 0)}
        ended = [pid for watch, pid in watched.items() if watch in ready]
        for pid in ended:
            self._report_end(pid)
        return self.channel.fileno() in ready, ended

    def fork(self, report: int = _NONE, held: int = _NONE) -> int:
        """Forks a child that ends with this process, and has none of its descriptors.

        Args:
            report: where to report on it; without, it is reaped at its end.
            held: a descriptor that the child has too; it is closed here once the child is gone.

        Returns:
            Its process id; 0 in the child.

        Raises:
            OSError: no process or no descriptor is left.
        """
        parent = os.getpid()
        try:
            pid = _fork()
        except OSError:
            if held != _NONE:
                os.close(held)
            raise
        if pid == 0:
            try:
                die_with(parent)
                self._close_copies()
            except BaseException:  # noqa: BLE001 -- nothing may go back into the parent's loop
                _exit(1)
            return 0
        self._children[pid] = _Child(
            watch=os.pidfd_open(pid),
            report=_NONE if report == _NONE else os.dup(report),
            held=held,
        )
        return pid

    def announce(self, pid: int) -> bool:
        """Reports a child's process id; returns whether the report was read."""
        try:
            os.write(self._children[pid].report, f"{pid}\n".encode())
        except OSError:
            return False
        return True

    def reap(self, pid: int) -> None:
        """Lets a child's number go, once it has ended; another process is left alone."""
        child = self._children.pop(pid, None)
        if child is None:
            return
        for fd in (child.report, child.held):  # it may be given up before it has ended
            if fd != _NONE:
                os.close(fd)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, 0)
        os.close(child.watch)

    def _report_end(self, pid: int) -> None:
        child = self._children[pid]
        child.is_zombie = True
        if child.report == _NONE:
            self.reap(pid)
            return
        status = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        code = 0
        if status is not None:
            code = status.si_status if status.si_code == os.CLD_EXITED else -status.si_status
        with contextlib.suppress(OSError):
            os.write(child.report, str(code).encode())
        os.close(child.report)
        child.report = _NONE

    def _close_copies(self) -> None:
        """Closes, in a child, what only the parent needs."""
        self.channel.close()
        for child in self._children.values():
            for fd in (child.watch, child.report, child.held):
                if fd != _NONE:
                    os.close(fd)
