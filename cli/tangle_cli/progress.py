"""How a run goes, on standard error: a live line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from tangle.run import CellFinished, CellStarted, Event, Observer, SessionStarted


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
    """One line when a section starts, one for each chunk that does not pass."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def observe(self, event: Event) -> None:
        match event:
            case SessionStarted(section=section):
                print(f"{section}: running", file=self._stream, flush=True)
            case CellFinished(result=result, section=section) if result.outcome != "passed":
                print(f"{section}: {result.outcome}", file=self._stream, flush=True)
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
                case CellFinished():
                    return

        yield observe
