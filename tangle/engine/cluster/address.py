"""What `--executor` takes, and how reaching a cluster fails."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from tangle.errors import UsageError

EXECUTOR_WORDS: Final = "local, dask, or dask:ADDRESS, such as dask:tcp://10.0.0.1:8786"
_ADDRESS = re.compile(
    r"(?:(?P<scheme>tcp|tls|ws|wss)://)?(?P<host>\[[0-9A-Fa-f:.%]+\]|[^\s/:\[\]]+):(?P<port>[0-9]+)/?"
)
_MOST_PORT: Final = 65535
_MOST_WORKERS: Final = 5


class BadCluster(UsageError):
    """A cluster cannot be reached, or cannot run the sections; nothing was run."""


class NoDask(UsageError):
    """Dask is not installed."""

    def __init__(self) -> None:
        """Say how to install it."""
        super().__init__(
            "--executor dask needs dask.distributed: pip install 'logseq-tangle[cluster]'"
        )


def address_error(address: str) -> str | None:
    """Return what is wrong with the address of a scheduler; None if nothing is."""
    found = _ADDRESS.fullmatch(address)
    if found is None:
        return (
            f"{address!r} is not the address of a scheduler: it takes HOST:PORT, tcp://HOST:PORT "
            "or tls://HOST:PORT"
        )
    if not 0 < int(found["port"]) <= _MOST_PORT:
        return f"{address!r}: a port is a number from 1 to {_MOST_PORT}; Dask's is 8786"
    return None


def by_worker(refusals: Sequence[tuple[str, str]], hint: str) -> str:
    """What is wrong with workers, each by its name, and the way out.

    Args:
        refusals: pairs of a worker's address and what is wrong with it.
        hint: the way out.
    """
    shown = [f"{worker}: {why}" for worker, why in refusals[:_MOST_WORKERS]]
    if len(refusals) > _MOST_WORKERS:
        shown.append(f"and {len(refusals) - _MOST_WORKERS} more")
    return f"the cluster cannot run the notes, and nothing was run: {'; '.join(shown)}; {hint}"
