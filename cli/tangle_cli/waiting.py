"""Show how far a long task has got, on a terminal, until the command prints something."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Final, TextIO

import click

from tangle.activity import listening
from tangle_cli.messages import _
from tangle_cli.printing import before_output, printable
from tangle_cli.style import Span, Styled, in_ci, moves_cursor

_NOTICEABLE: Final = 1.0
"""Seconds after which a task that is not over yet is shown."""

_REDRAWN: Final = 0.1
"""Seconds between two redraws of how far it has got."""


def is_screen(stream: TextIO) -> bool:
    """Whether a person watches a stream that can be redrawn: a terminal, and no log of a CI."""
    return moves_cursor(stream) and not in_ci()


class Waiting:
    """How far a long task has got, in a line that appears if it takes noticeably long."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._since = self._drawn = clock()
        self._line = ""

    def lines(self) -> list[str]:
        """Return the line, if it is time to show it."""
        if not self._line or self._clock() - self._since < _NOTICEABLE:
            return []
        return [Styled.of(Span(printable(self._line), "dim"))]

    def forget(self) -> None:
        """Show no line until the next step: the task is over."""
        self._line = ""

    def take(self, doing: str, done: int, total: int) -> bool:
        """Note how far the task has got; return whether that is to be drawn.

        Args:
            doing: the task.
            done: how much of it is done.
            total: how much it is; 0 if that is unknown.
        """
        now = self._clock()
        if now - self._drawn < _REDRAWN or now - self._since < _NOTICEABLE:
            return False
        self._line = _(f"{doing}: {done:,} of {total:,}") if total else _(doing)
        self._drawn = now
        return True


def show_waiting() -> None:
    """Show on standard error how far long tasks get, until the command prints, or is over."""
    if not is_screen(sys.stderr) or "_TANGLE_COMPLETE" in os.environ:
        return
    from tangle_cli.live import LiveArea

    waiting = Waiting()
    area = LiveArea(sys.stderr, lambda _: waiting.lines())

    def note(doing: str, done: int, total: int) -> None:
        if waiting.take(doing, done, total):
            area.refresh()

    shown = ExitStack()
    shown.callback(area.close)
    shown.enter_context(listening(note))
    before_output(shown.close)
    context = click.get_current_context(silent=True)
    if context is not None:
        context.call_on_close(shown.close)
