"""Present failures of chunks in pytest's form: the note's lines, the user's frames."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from _pytest._code.code import (
    ReprEntry,
    ReprExceptionInfo,
    ReprFileLocation,
    ReprTraceback,
    ReprTracebackNative,
    TerminalRepr,
)

from tangle.analyse import ChunkCode
from tangle.model import Failure, Frame, PagePath, Place, Problem, Result
from tangle.notes import Plan
from tangle.testing.bench import Bench

_BEFORE = 10
"""Lines of code that are shown before the one that failed, at most."""

Style = Literal["long", "short", "line", "no", "native", "value"]


class ChunkFailed(Exception):
    """A chunk did not pass; carries its failure for pytest."""

    def __init__(self, failure: Failure, problems: Sequence[Problem] = ()) -> None:
        """Carries the failure, and what `tangle check` has to say of the chunk."""
        super().__init__(f"{failure.name}: {failure.message}")
        self.failure = failure
        self.problems = tuple(problems)


class KnownFailure(ChunkFailed):
    """A chunk failed that is known to fail (`tangle.xfail`)."""


def raise_if_failed(result: Result, problems: Sequence[Problem] = ()) -> None:
    """Raise the exception that stands for a result that is not a success.

    Args:
        result: of the chunk.
        problems: of `tangle check` for it.

    Raises:
        KnownFailure: the chunk may fail, and did.
        ChunkFailed: it failed.
    """
    failure = result.failure
    if failure is None and result.outcome != "passed":
        message = f"the session was {result.outcome}"
        failure = Failure(name=result.outcome, message=message, traceback="", place=None)
    if failure is not None:
        kind = KnownFailure if result.outcome == "passed" else ChunkFailed
        raise kind(failure, problems)


class Explainer:
    """Presents failures of the chunks of a graph."""

    def __init__(self, bench: Bench, folder: Path, style: Style) -> None:
        """Explains failures of a bench.

        Args:
            bench: the notes.
            folder: the one that pytest was called in; paths are shown as seen from there.
            style: pytest's `--tb`.
        """
        self._bench = bench
        self._folder = folder
        self._style = style
        self._lines = _lines_of_code(bench.loaded.plan)

    def explain(self, error: ChunkFailed) -> TerminalRepr:
        """Return the representation that pytest shows, counts and sends between processes."""
        failure = error.failure
        place = failure.place
        message = f"{failure.name}: {failure.message}".removesuffix(": ")
        crash = ReprFileLocation(self._path(place), place.line if place else 0, message)
        if self._style == "native" and failure.traceback:
            lines = failure.traceback.splitlines(keepends=True)
            return ReprExceptionInfo(ReprTracebackNative(lines), crash)
        style: Literal["long", "short"] = "short" if self._style == "short" else "long"
        entries = list(self._entries(failure, style))
        hints = "\n".join(_hint(problem) for problem in error.problems)
        shown = ReprTraceback(entries, extraline=hints or None, style=style)
        return ReprExceptionInfo(shown, crash)

    def _entries(self, failure: Failure, style: Literal["long", "short"]) -> Iterator[ReprEntry]:
        trace = failure.trace
        said = trace.said if trace else f"{failure.name}: {failure.message}"
        if trace is not None and trace.before:
            yield _entry(trace.before.rstrip("\n").split("\n"), None, "value")
        frames = _from_notes(trace.frames) if trace is not None else ()
        if not frames:
            yield self._without_frames(failure, said, style)
            return
        for frame in frames[:-1]:
            location = self._location(frame, f"in {_called(frame)}")
            yield _entry(self._source(frame.place, frame.source, style), location, style)
        last = frames[-1]
        lines = self._source(last.place, last.source, style)
        yield _entry([*lines, *_said(said, lines)], self._location(last, failure.name), style)

    def _without_frames(
        self, failure: Failure, said: str, style: Literal["long", "short"]
    ) -> ReprEntry:
        place, location = failure.place, None
        if place is not None:
            location = ReprFileLocation(self._path(place), place.line, failure.name)
        lines = self._source(place, "", style)
        return _entry([*lines, *_said(said, lines)], location, style)

    def _source(self, place: Place | None, text: str, style: Literal["long", "short"]) -> list[str]:
        """The lines of the note up to the one that failed, which is marked."""
        key = (self._bench.page(place.path), place.line) if place else None
        if key not in self._lines:
            return [f"    {text}"] if text else []
        code, row = self._lines[key]
        lines = code.source.split("\n")
        if style == "short":
            return [f"    {lines[row - 1].strip()}"]
        first, last = _shown(code, row)
        marked = (
            f"{'>' if number == row else ' '}   {line}"
            for number, line in enumerate(lines[first - 1 : last], start=first)
        )
        return [line.rstrip() for line in marked]

    def _location(self, frame: Frame, message: str) -> ReprFileLocation:
        path = self._path(frame.place) if frame.place else frame.path
        return ReprFileLocation(path, frame.line, message)

    def _path(self, place: Place | None) -> str:
        if place is None:
            return "notes"
        path = self._bench.file(place.path)
        return str(path.relative_to(self._folder) if path.is_relative_to(self._folder) else path)


def _entry(
    lines: Sequence[str],
    location: ReprFileLocation | None,
    style: Literal["long", "short", "value"],
) -> ReprEntry:
    return ReprEntry(list(lines), None, None, location, style)


def _from_notes(frames: Sequence[Frame]) -> Sequence[Frame]:
    """The frames from the first of the notes on."""
    return tuple(itertools.dropwhile(lambda frame: frame.place is None, frames))


def _called(frame: Frame) -> str:
    return "this chunk" if frame.function == "<module>" else frame.function


def _said(text: str, beside: Sequence[str]) -> list[str]:
    """What the exception says, as pytest marks it: below the line that failed, indented as it is.

    An explained assertion begins with `assert`, and needs no name in front of it.
    """
    if text.startswith("AssertionError: assert "):
        text = text.removeprefix("AssertionError: ")
    marked = next((line[4:] for line in beside if line.startswith(">")), "")
    indent = " " * (3 + len(marked) - len(marked.lstrip()))
    return [f"E{indent}{line}".rstrip() for line in text.rstrip("\n").split("\n")]


def _hint(problem: Problem) -> str:
    way_out = f"; {problem.hint}" if problem.hint else ""
    return f"{problem.place.path}:{problem.place.line}: {problem.message}{way_out}"


# --- the code around a line -----------------------------------------------------------------------


def _lines_of_code(plan: Plan) -> dict[tuple[PagePath, int], tuple[ChunkCode, int]]:
    """For each line of the notes that holds code its chunk, and which of its lines it is.

    A chunk may stand in others, by reference; it is shown where it stands itself.
    """
    found: dict[tuple[PagePath, int], tuple[ChunkCode, int]] = {}
    codes = [planned.code for session in plan.sessions for planned in session.chunks]
    for own in (True, False):
        for code in codes:
            for row, line in enumerate(code.chunk.lines, start=1):
                key = (line.place.path, line.place.line)
                if not own or key == (code.chunk.page, code.chunk.line + row):
                    found.setdefault(key, (code, row))
    return found


def _shown(code: ChunkCode, row: int) -> tuple[int, int]:
    """The lines (from 1) that are shown of a chunk of which one failed.

    They begin with the function around it, and end with its statement.
    """
    first, last = 1, row
    for node in ast.walk(code.parsed.tree):
        if isinstance(node, ast.stmt) and node.lineno <= row <= (node.end_lineno or 0):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                first = max(first, node.lineno)
            elif not hasattr(node, "body"):
                last = max(last, node.end_lineno or row)
    return max(first, row - _BEFORE), min(last, row + _BEFORE)
