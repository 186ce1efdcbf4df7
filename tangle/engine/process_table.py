"""Read the system's table of processes (Linux): one read, where psutil takes several."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

_STOPPED: Final = "T"
_AT_THE_DISK: Final = "D"


class Entry(Struct, frozen=True, kw_only=True):
    """A process as it is now.

    Attributes:
        state: the letter that `/proc/PID/stat` has: `R`, `S`, `D`, `T`, `Z`.
        parent: the process that it would report its end to.
        ticks: processor time that it has used, in the system's units.
    """

    state: str
    parent: int
    ticks: int

    @property
    def is_stopped(self) -> bool:
        """Whether it waits for SIGCONT."""
        return self.state == _STOPPED

    @property
    def waits_for_disk(self) -> bool:
        """Whether it waits for a read or a write."""
        return self.state == _AT_THE_DISK


def look_up(pid: int) -> Entry | None:
    """The entry of a process; None where it is gone, or the system has no such table."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123 -- for each order that is sent
            fields = file.read().rpartition(b")")[2].split()
        return Entry(
            state=fields[0].decode(), parent=int(fields[1]), ticks=int(fields[11]) + int(fields[12])
        )
    except (OSError, ValueError, IndexError):
        return None
