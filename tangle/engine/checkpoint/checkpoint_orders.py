"""What a command orders from a checkpoint: a session's copy that waits to go on."""

from __future__ import annotations

from typing import Final

from tangle.engine.order import Cookie, Order, Receiver


class Resume(Order, frozen=True, kw_only=True):
    """Forks a worker that goes on with a job.

    The descriptors: the job; pipes for events, output, errors and traces; one to report on.

    Attributes:
        cookie: the new session's.
    """

    descriptors = 6

    cookie: Cookie


class Reap(Order, frozen=True, kw_only=True):
    """A worker's process id is not needed any more."""

    pid: int


CheckpointOrder = Resume | Reap
CHECKPOINT_ORDERS: Final = Receiver[CheckpointOrder](CheckpointOrder)
