"""Report the progress of long tasks of this process.

Loops that may take seconds call `step` in each turn. Without a listener, as wherever there is no
terminal, that is one comparison.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

Listener = Callable[[str, int, int], None]
"""Is called with what is being done, how much of it is done, and of how much: 0 if unknown."""

_listeners: list[Listener] = []


def step(doing: str, done: int = 0, total: int = 0) -> None:
    """Report how far a task has got.

    Args:
        doing: the task, as `reading pages`.
        done: how much of it is done.
        total: how much it is in all; 0 if that is unknown.
    """
    if _listeners:
        _listeners[-1](doing, done, total)


@contextlib.contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Have a listener called at every step while this lasts.

    Args:
        listener: must return at once.
    """
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)
