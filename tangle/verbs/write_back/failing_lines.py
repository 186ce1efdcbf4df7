"""Find the current lines of the notes that a failure came through."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from tangle.model import Failure, PagePath
from tangle.verbs.notes import Notes
from tangle.write import FailureFrame, FailureNote, MovedLines, failure_note


def note_of(notes: Notes, failure: Failure) -> FailureNote:
    """Return what a note says of a failure.

    Args:
        notes: the notes as they were run.
        failure: of a chunk.
    """
    project = notes.project

    def page_of(shown: str) -> tuple[PagePath, str] | None:
        path = next((path for path in notes.pages if project.shown(path) == shown), None)
        return (path, notes.title(path)) if path is not None else None

    return failure_note(failure, page_of)


class CurrentLines(Struct, frozen=True):
    """The lines of frames in the current pages, once outputs are written.

    Attributes:
        moved: what writing does to the lines of pages.
    """

    notes: Notes
    moved: Mapping[PagePath, MovedLines] = field(default_factory=dict)

    def __call__(self, frame: FailureFrame) -> int:
        """Return the line at which a frame stands.

        A page may have been saved since it was run: the nearest line with the same text counts.
        """
        page = self.notes.pages.get(frame.page)
        if page is None:
            return frame.line
        line = _nearest(page.data.decode("utf-8", "replace").split("\n"), frame)
        return self.moved[frame.page](line) if frame.page in self.moved else line


def _nearest(lines: list[str], frame: FailureFrame) -> int:
    if not frame.source:
        return frame.line
    same = [number for number, line in enumerate(lines, start=1) if frame.source in line]
    return min(same, key=lambda number: abs(number - frame.line), default=frame.line)
