"""The lines of an output block that say why a chunk failed."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from tangle.model import Failure, PagePath
from tangle.write.render import without_addresses
from tangle.write.terminal import shown

_MOST_LINES: Final = 8
"""Lines that say it; with the fence around them, they are ten."""
_MOST_SAID: Final = 4
"""Of these, those of the exception's own text."""
_WIDEST: Final = 200
"""Characters of a line."""


class FailureFrame(Struct, frozen=True, kw_only=True):
    """A line of the notes that was running when a chunk failed.

    Attributes:
        page: its page.
        title: of the page.
        line: in the page as it was run.
        source: its text; empty where it is unknown.
        function: that it is in; empty at the top of a chunk.
    """

    page: PagePath
    title: str
    line: int
    source: str = ""
    function: str = ""


class FailureNote(Struct, frozen=True, kw_only=True):
    """Why a chunk failed, as a note says it.

    Attributes:
        said: the kind of the failure and its message, in lines.
        frames: the lines of the notes that it came through, the innermost first.
    """

    said: tuple[str, ...]
    frames: tuple[FailureFrame, ...]

    def lines(self) -> tuple[str, ...]:
        """Return the lines that say it in a block."""
        room = _MOST_LINES - len(self.said)
        frames = [_frame_line(frame) for frame in self.frames]
        if len(frames) > room:  # the innermost, and the line of the chunk itself
            left = len(frames) - room + 1
            frames = [*frames[: room - 2], f"[… {left} more lines]", frames[-1]]
        return (*self.said, *frames)

    def at(self, line_of: Callable[[FailureFrame], int]) -> FailureNote:
        """Return the same with the current lines of its frames.

        Args:
            line_of: finds the line of a frame in its page.
        """
        frames = tuple(replace(frame, line=line_of(frame)) for frame in self.frames)
        return replace(self, frames=frames)


def failure_note(
    failure: Failure, page_of: Callable[[str], tuple[PagePath, str] | None]
) -> FailureNote:
    """Return what a note says of a failure.

    Args:
        failure: of a chunk.
        page_of: finds the page that a place of the failure names, and its title.
    """
    found: list[FailureFrame] = []
    frames = failure.trace.frames if failure.trace is not None else ()
    for frame in reversed(frames):
        page = page_of(frame.place.path) if frame.place is not None else None
        if page is not None and frame.place is not None:
            function = "" if frame.function == "<module>" else frame.function
            found.append(
                FailureFrame(
                    page=page[0],
                    title=page[1],
                    line=frame.place.line,
                    source=frame.source,
                    function=function,
                )
            )
    place = failure.place
    if not found and place is not None and (page := page_of(place.path)):
        found.append(FailureFrame(page=page[0], title=page[1], line=place.line))
    unlike = tuple(frame for frame, _ in groupby(found))
    return FailureNote(said=_said(failure), frames=unlike)


def _said(failure: Failure) -> tuple[str, ...]:
    trace = failure.trace
    lines = shown(trace.said if trace is not None and trace.frames else "").split("\n")
    # That of a syntax error, or of a group of exceptions, begins with places.
    if failure.name not in lines[0] or lines[0].startswith((" ", "+")):
        lines = shown(f"{failure.name}: {failure.message}").split("\n")
    lines = [_cut(without_addresses(line)) for line in lines if line.strip()]
    if len(lines) > _MOST_SAID:
        left = len(lines) - _MOST_SAID + 1
        return (*lines[: _MOST_SAID - 1], f"[… {left} more lines]")
    return tuple(lines)


def _frame_line(frame: FailureFrame) -> str:
    function = f", in {frame.function}" if frame.function else ""
    source = f": `{frame.source}`" if frame.source else ""
    return _cut(shown(f"[[{frame.title}]] line {frame.line}{function}{source}").replace("\n", " "))


def _cut(line: str) -> str:
    return line if len(line) <= _WIDEST else f"{line[: _WIDEST - 1]}…"
