"""A failed chunk in the terminal: the traceback, and the lines of the notes around the failure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from tangle.engine.events import CellFailed
from tangle.model import Failure, Frame, Trace
from tangle_cli.columns import display_width
from tangle_cli.messages import _
from tangle_cli.style import Span, Styled
from tangle_cli.text import failure_message, few, hint_line, place_span, traceback_lines

if TYPE_CHECKING:
    from tangle.verbs.project import Project

_MOST_FRAMES: Final = 12
"""Frames that are shown of a traceback: half of them its first."""

_MOST_LINES: Final = 40
"""Lines that are shown of an exception's message, and of what led to it."""

_TAB: Final = "    "


def failed_lines(project: Project, failed: CellFailed, name: str) -> Iterator[str]:
    """Yield a failure: what failed, the frames with their places, the lines around it, the reason.

    Args:
        project: whose notes.
        failed: the chunk's end.
        name: of the chunk.
    """
    failure = failed.result.failure
    yield Styled.of(Span(_(name), "bold"), " ", Span(_(failed.result.outcome), "error"))
    if failure is None:
        return
    if failure.trace is not None and failure.trace.frames:
        yield from _trace_lines(project, failure, failure.trace, failed.excerpt)
    else:
        yield from _plain_lines(project, failure, failed.excerpt)
    if failure.hint:
        yield hint_line(failure.hint)


def _trace_lines(
    project: Project, failure: Failure, trace: Trace, excerpt: Sequence[tuple[int, str]]
) -> Iterator[str]:
    for line in few(trace.before.rstrip("\n").split("\n") if trace.before else [], _MOST_LINES):
        yield Styled.of("    ", Span(line, "dim"))
    around = _innermost(trace.frames, failure)
    half = _MOST_FRAMES // 2
    left_out = range(half, len(trace.frames) - half)
    for at, frame in enumerate(trace.frames):
        if at == half and left_out:
            yield _(f"    [… {len(left_out)} more frames]")
        if at in left_out and at != around:
            continue
        yield _frame_line(project, frame)
        if at == around and excerpt and failure.place is not None:
            yield from _excerpt_lines(excerpt, failure.place.line, failure.place.column)
        elif frame.source:
            yield f"        {frame.source}"
    yield from _said(trace.said)


def _plain_lines(
    project: Project, failure: Failure, excerpt: Sequence[tuple[int, str]]
) -> Iterator[str]:
    """What is known if no exception was raised, or none whose frames are the notes'."""
    if failure.place is not None:
        yield Styled.of("    ", place_span(project, failure.place))
        yield from _excerpt_lines(excerpt, failure.place.line, failure.place.column)
    if failure.traceback:
        yield from _said("\n".join(traceback_lines(failure)))
    else:
        yield from _said(f"{failure.name}: {failure_message(failure)}")


def _innermost(frames: Sequence[Frame], failure: Failure) -> int:
    """The last frame that is where the failure is."""
    place = failure.place
    line = place.line if place else 0
    here = (at for at in reversed(range(len(frames))) if (p := frames[at].place) and p.line == line)
    return next(here, -1)


def _frame_line(project: Project, frame: Frame) -> str:
    if frame.place is not None:
        where = place_span(project, frame.place)
    else:
        where = Span(f"{frame.path}:{frame.line}", "dim")
    inside = "" if frame.function == "<module>" else f" in {frame.function}"
    return Styled.of("    ", where, Span(inside, "dim"))


def _excerpt_lines(excerpt: Sequence[tuple[int, str]], failing: int, column: int) -> Iterator[str]:
    """Yield numbered lines of code, a mark before the failing one, and a caret below its column."""
    texts = [(number, text.replace("\t", _TAB)) for number, text in excerpt]
    margin = min((_indentation(text) for _, text in texts if text.strip()), default=0)
    digits = max((len(str(number)) for number, _ in texts), default=0)
    for (number, text), (_number, original) in zip(texts, excerpt, strict=True):
        if number != failing:
            gutter = Span(f"      {number:>{digits}} | ", "dim")
            yield Styled.of(gutter, Span(text[margin:], "dim"))
            continue
        yield Styled.of(Span(f"    > {number:>{digits}} | ", "error"), Span(text[margin:], "bold"))
        before = original[: max(column - 1, 0)].replace("\t", _TAB)[margin:]
        if before.strip():  # a caret below the first word says nothing
            blanks = " " * display_width(before)
            yield Styled.of(Span(f"      {'':{digits}} | ", "dim"), Span(f"{blanks}^", "error"))


def _indentation(text: str) -> int:
    return len(text) - len(text.lstrip())


def _said(text: str) -> Iterator[str]:
    for line in few(text.rstrip("\n").split("\n"), _MOST_LINES):
        yield Styled.of("    ", Span(line, "red"))
