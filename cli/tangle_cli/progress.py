"""How a run goes, on standard error: a live line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from tangle.run import CellStarted, Event, Observer, SessionFinished, SessionStarted


@contextmanager
def progress(stream: TextIO | None = None) -> Iterator[Observer]:
    """An observer that shows a run while it goes."""
    target = stream or sys.stderr
    if target.isatty():
        with _live() as observer:
            yield observer
    else:
        yield _Plain(target).observe


class _Plain:
    """One line when a section starts, one when it is done."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def observe(self, event: Event) -> None:
        match event:
            case SessionStarted(section=section):
                print(f"{section}: running", file=self._stream, flush=True)
            case SessionFinished(section=section, outcome=outcome, seconds=seconds):
                print(f"{section}: {outcome}, {seconds:.1f} s", file=self._stream, flush=True)
            case _:
                return


@contextmanager
def _live() -> Iterator[Observer]:
    """A line a running section: which chunk, and since when."""
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        tasks: dict[str, TaskID] = {}

        def observe(event: Event) -> None:
            match event:
                case SessionStarted(section=section):
                    tasks[section] = shown.add_task(f"{section}: starting", total=None)
                case CellStarted(section=section, name=name):
                    shown.update(tasks[section], description=f"{section}: {name}")
                case SessionFinished(section=section):
                    shown.remove_task(tasks.pop(section))
                case _:
                    return

        yield observe
