"""Tracebacks as a reader of the notes wants them: their pages and lines, and nothing of ours."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from traceback import FrameSummary, StackSummary, TracebackException

import IPython

from tangle.model import Cell, Failure, Place
from tangle.run.postmortem import place_of_line
from tangle.run.worker.compiler import remember
from tangle.run.worker.reporter import clean

_MOST_TEXT = 64 * 1024
_MOST_MESSAGE = 500
_OURS = (
    str(Path(IPython.__file__).parent) + os.sep,
    str(Path(__file__).resolve().parents[1]) + os.sep,
    "<frozen importlib",
)


class _NoteStack(StackSummary):
    """A stack whose frames say where they stand in the notes."""

    cells: Mapping[str, Cell]

    def format_frame_summary(self, frame_summary: FrameSummary, **options: object) -> str:
        text = super().format_frame_summary(frame_summary, **options)
        first, line_end, rest = text.partition("\n")
        place = _place(frame_summary, self.cells)
        shown = short_path(frame_summary.filename)
        if place is not None:
            shown = place.path
        first = first.replace(f'"{frame_summary.filename}"', f'"{shown}"', 1)
        if place is not None:
            first = first.replace(f", line {frame_summary.lineno}", f", line {place.line}", 1)
        return first + line_end + rest


def describe(error: BaseException, cells: Mapping[str, Cell], current: Cell) -> Failure:
    """The failure of a cell.

    Args:
        error: what its code raised, or what compiling it did.
        cells: those of the session so far, by the name they were compiled under.
        current: the cell that ran.
    """
    for name, cell in cells.items():
        remember(name, cell)  # user code may have emptied the cache
    report = TracebackException.from_exception(error, compact=True)
    place = _innermost(report, cells) or place_of_line(current, 1)
    _tidy(report, cells, set())
    text = "".join(report.format())[:_MOST_TEXT]
    name = type(error).__name__
    return Failure(name=name, message=_message(error), traceback=clean(text), place=place)


def text_of(error: BaseException) -> str:
    """What the exception says; that may itself fail."""
    try:
        return clean(str(error))
    except Exception:  # noqa: BLE001 -- the notes' own code runs here
        return "<no message: its __str__ failed>"


def short_path(path: str) -> str:
    """A file's name as it is imported, `torch/nn/functional.py`: the same on every machine."""
    if not Path(path).is_absolute():
        return path
    roots = (f"{Path(entry).absolute()}{os.sep}" for entry in sys.path if entry)
    inside = [root for root in roots if path.startswith(root)]
    return path[len(max(inside, key=len)) :] if inside else path


def _message(error: BaseException) -> str:
    if isinstance(error, SystemExit):
        return f"the cell ended the session (SystemExit, code {error.code!r})"
    if isinstance(error, SyntaxError) and error.msg:
        return clean(error.msg)
    lines = text_of(error).strip().split("\n")
    return lines[0][:_MOST_MESSAGE] or type(error).__name__


def _innermost(report: TracebackException, cells: Mapping[str, Cell]) -> Place | None:
    syntax = _syntax_place(report, cells)
    if syntax is not None:
        return syntax
    for frame in reversed(list(report.stack or ())):
        place = _place(frame, cells)
        if place is not None:
            return place
    return None


def _place(frame: FrameSummary, cells: Mapping[str, Cell]) -> Place | None:
    cell = cells.get(frame.filename)
    if cell is None or frame.lineno is None:
        return None
    return place_of_line(cell, frame.lineno, _column(cell, frame.lineno, frame.colno))


def _column(cell: Cell, line: int, offset: int | None) -> int:
    """Characters before the column that stands `offset` bytes into the line."""
    lines = cell.code.split("\n")
    if offset is None or not 1 <= line <= len(lines):
        return 0
    return len(lines[line - 1].encode()[:offset].decode("utf-8", "ignore"))


def _syntax_place(report: TracebackException, cells: Mapping[str, Cell]) -> Place | None:
    name, line = getattr(report, "filename", None), getattr(report, "lineno", None)
    cell = cells.get(name) if isinstance(name, str) else None
    if cell is None or not line:
        return None
    offset = getattr(report, "offset", None)
    return place_of_line(cell, int(line), max(0, int(offset or 1) - 1))


def _line_of(report: TracebackException, cells: Mapping[str, Cell]) -> str | None:
    """The source that a syntax error points into, where the compiler did not have it."""
    cell = cells.get(str(report.filename))
    lines = cell.code.split("\n") if cell else []
    return next(iter(lines[int(report.lineno or 1) - 1 :]), None)


def _tidy(report: TracebackException, cells: Mapping[str, Cell], seen: set[int]) -> None:
    """Drops the frames that are not the reader's and gives the others their places."""
    if id(report) in seen:
        return
    seen.add(id(report))
    place = _syntax_place(report, cells)
    frames = _kept(list(report.stack or ()), cells)
    if place is not None:
        report.text = report.text or _line_of(report, cells) or ""
        report.filename = place.path
        report.lineno = str(place.line)
        frames = [frame for frame in frames if frame.filename in cells]  # the compiler's go
    stack = _NoteStack(frames)
    stack.cells = cells
    report.stack = stack
    others = [report.__cause__, report.__context__, *(report.exceptions or ())]
    for other in others:
        if other is not None:
            _tidy(other, cells, seen)


def _kept(frames: list[FrameSummary], cells: Mapping[str, Cell]) -> list[FrameSummary]:
    first = next((at for at, frame in enumerate(frames) if frame.filename in cells), 0)
    return [frame for frame in frames[first:] if not frame.filename.startswith(_OURS)]
