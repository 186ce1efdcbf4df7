"""Files without a name, in memory where the system has such."""

from __future__ import annotations

import os


def memory_file(name: str) -> int:
    """A descriptor of a new file, which programs that are started do not inherit.

    Args:
        name: what the system shows for it.

    Raises:
        OSError: none can be made, in memory or on a disk.
    """
    try:
        return os.memfd_create(name)
    except (AttributeError, OSError):  # Python or the system has none, or none are allowed
        import tempfile

        with tempfile.TemporaryFile() as file:
            return os.dup(file.fileno())
