"""Show tracebacks with pages and lines of the notes, without frames of tangle."""

from __future__ import annotations

import linecache
import os
import sys
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from traceback import FrameSummary, StackSummary, TracebackException

import IPython

from tangle.engine.postmortem import SHOWN_REPEATS, Notes, place_of_line, repeated
from tangle.engine.worker.compiler import remember
from tangle.engine.worker.reporter import clean
from tangle.model import Cell, Failure, Frame, Place, Trace

_MOST_TEXT = 64 * 1024
_MOST_MESSAGE = 500
_OURS = (
    str(Path(IPython.__file__).parent) + os.sep,
    str(Path(__file__).resolve().parents[1]) + os.sep,
    "<frozen importlib",
)


class _NoteStack(StackSummary):
    """A stack whose frames say where they stand in the notes."""

    notes: Notes

    def format(self, **options: object) -> list[str]:
        """The frames as text; only those of a recursion that are shown are made into one."""
        texts: list[str] = []
        for same in _groups(self):
            texts += (self.format_frame_summary(frame, **options) for frame in same[:SHOWN_REPEATS])
            texts += repeated(len(same))
        return texts

    def format_frame_summary(self, frame_summary: FrameSummary, **options: object) -> str:
        text = super().format_frame_summary(frame_summary, **options)
        first, line_end, rest = text.partition("\n")
        place = _place(frame_summary, self.notes)
        shown = short_path(frame_summary.filename)
        if place is not None:
            shown = place.path
        first = first.replace(f'"{frame_summary.filename}"', f'"{shown}"', 1)
        if place is not None:
            first = first.replace(f", line {frame_summary.lineno}", f", line {place.line}", 1)
        return first + line_end + rest


def describe(error: BaseException, notes: Notes, current: Cell) -> Failure:
    """The failure of a cell.

    Args:
        error: what its code raised, or what compiling it did.
        notes: the files of the session.
        current: the cell that ran.
    """
    for name, cell in notes.cells.items():
        remember(name, cell)  # user code may have emptied the cache
    report = TracebackException.from_exception(error, compact=True)
    place = _innermost(report, notes) or place_of_line(current, 1)
    _tidy(report, notes, set())
    text = clean("".join(report.format())[:_MOST_TEXT])
    return Failure(
        name=type(error).__name__,
        message=_message(error),
        traceback=text,
        place=place,
        trace=_trace(report, notes, text),
    )


def _trace(report: TracebackException, notes: Notes, text: str) -> Trace:
    """The parts of a traceback that was tidied; `text` is all of it."""
    own = clean("".join(report.format(chain=False))[:_MOST_TEXT])
    shown = (frame for same in _groups(report.stack or ()) for frame in same[:SHOWN_REPEATS])
    frames = tuple(_frame(frame, notes) for frame in shown)
    said = own if report.exceptions else clean("".join(report.format_exception_only()))
    return Trace(before=text.removesuffix(own), frames=frames, said=said[:_MOST_TEXT])


def _groups(frames: Iterable[FrameSummary]) -> Iterator[list[FrameSummary]]:
    """The frames, those that follow each other at the same line of the same function together."""
    for _, same in groupby(frames, key=lambda frame: (frame.filename, frame.lineno, frame.name)):
        yield list(same)


def _frame(frame: FrameSummary, notes: Notes) -> Frame:
    place = _place(frame, notes)
    return Frame(
        place=place,
        path=place.path if place else short_path(frame.filename),
        line=place.line if place else frame.lineno or 0,
        function=frame.name,
        source=clean(frame.line or ""),
    )


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


def _innermost(report: TracebackException, notes: Notes) -> Place | None:
    syntax = _syntax_place(report, notes)
    if syntax is not None:
        return syntax
    for frame in reversed(list(report.stack or ())):
        place = _place(frame, notes)
        if place is not None:
            return place
    return None


def _place(frame: FrameSummary, notes: Notes) -> Place | None:
    if notes.place(frame.filename, frame.lineno) is None:
        return None
    line = linecache.getline(frame.filename, frame.lineno or 0)
    return notes.place(frame.filename, frame.lineno, _characters(line, frame.colno))


def _characters(line: str, offset: int | None) -> int:
    """Characters before the column that stands `offset` bytes into the line."""
    return len(line.encode()[: offset or 0].decode("utf-8", "ignore"))


def _syntax_place(report: TracebackException, notes: Notes) -> Place | None:
    name, line = getattr(report, "filename", None), getattr(report, "lineno", None)
    if not isinstance(name, str) or not line:
        return None
    offset = getattr(report, "offset", None)
    return notes.place(name, int(line), max(0, int(offset or 1) - 1))


def _line_of(report: TracebackException, notes: Notes) -> str | None:
    """The source that a syntax error points into, where the compiler did not have it."""
    cell = notes.cells.get(str(report.filename))
    lines = cell.code.split("\n") if cell else []
    return next(iter(lines[int(report.lineno or 1) - 1 :]), None)


def _tidy(report: TracebackException, notes: Notes, seen: set[int]) -> None:
    """Drops the frames that are not the reader's and gives the others their places."""
    if id(report) in seen:
        return
    seen.add(id(report))
    place = _syntax_place(report, notes)
    frames = _kept(list(report.stack or ()), notes)
    if place is not None:
        report.text = report.text or _line_of(report, notes) or ""
        report.filename = place.path
        report.lineno = str(place.line)
        frames = [frame for frame in frames if frame.filename in notes.cells]  # the compiler's go
    stack = _NoteStack(frames)
    stack.notes = notes
    report.stack = stack
    others = [report.__cause__, report.__context__, *(report.exceptions or ())]
    for other in others:
        if other is not None:
            _tidy(other, notes, seen)


def _kept(frames: list[FrameSummary], notes: Notes) -> list[FrameSummary]:
    first = next((at for at, frame in enumerate(frames) if frame.filename in notes.cells), 0)
    ours = _OURS + _of_pytest()
    return [frame for frame in frames[first:] if not frame.filename.startswith(ours)]


def _of_pytest() -> tuple[str, ...]:
    """Where pytest is, if it was imported: to explain assertions, or because the notes use it."""
    found = (sys.modules.get(name) for name in ("_pytest", "pluggy"))
    files = (getattr(module, "__file__", None) for module in found)
    return tuple(str(Path(file).parent) + os.sep for file in files if file)
