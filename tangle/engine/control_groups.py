"""The memory limits of the control groups around this process (Linux).

Imports little: a command that the server runs passes through here first.
"""

from __future__ import annotations

_TOP = "/sys/fs/cgroup"


def memory_limit_files() -> list[str]:
    """Files in which the limits stand: version 1, then version 2 from the inside out."""
    found = [f"{_TOP}/memory/memory.limit_in_bytes"]
    try:
        with open("/proc/self/cgroup", encoding="utf-8", errors="surrogateescape") as file:  # noqa: PTH123
            own = next((line[3:].strip("/\n") for line in file if line.startswith("0::")), "")
    except OSError:
        return found
    while own:
        found.append(f"{_TOP}/{own}/memory.max")
        own = own.rpartition("/")[0]
    return [*found, f"{_TOP}/memory.max"]


def first_number(path: str) -> int:
    """The number in a file; 0 where there is none: it may say `max`."""
    try:
        with open(path, encoding="ascii") as file:  # noqa: PTH123 -- pathlib takes long to import
            return int(file.read())
    except (OSError, ValueError):
        return 0


def group_memory() -> int:
    """Bytes of memory that the control groups leave this process; 0 for no limit."""
    return min(filter(None, map(first_number, memory_limit_files())), default=0)
