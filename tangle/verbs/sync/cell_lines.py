"""Find the line of the notes that each line of a section's notebook is."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from tangle.analyse import Session
from tangle.model import PagePath
from tangle.verbs.exported_notebooks import BaseCell
from tangle.verbs.sync.places import GeneratedLine, LineOfNotes, Places
from tangle.verbs.sync.section_view import View
from tangle.weave.notebook_cells import NotebookCell

_BEFORE: Final = re.compile(r"[\t >]*(?:[-*] +)?")
_BULLET: Final = re.compile(r"[-*] (?= *\Z)")


def flat_cell(cell: BaseCell) -> list[str]:
    """Return the lines of a cell, below one that says its kind.

    Args:
        cell: of a notebook.
    """
    return [f"# %% {cell.kind}", *cell.source.split("\n")]


def flat(cells: Sequence[BaseCell]) -> str:
    """Return the text of cells, each below a line that says its kind.

    Args:
        cells: of a notebook.
    """
    return "".join(f"{line}\n" for cell in cells for line in flat_cell(cell))


def lines_of(view: View) -> Iterator[GeneratedLine]:
    """Yield the lines of the notebook that the notes make now, each with its place.

    Args:
        view: the section.
    """
    session = view.session
    places = Places(view.notes)
    prose = _Prose(places, session, view.cells)
    for number, (cell, base) in enumerate(zip(view.cells, view.bases, strict=True)):
        head, *texts = flat_cell(base)
        yield GeneratedLine(text=head)
        if not cell.chunk:
            yield from (prose.line(number, text) for text in texts)
            continue
        code = session.chunks[cell.chunk - 1].code
        rows = code.chunk.lines if code.parsed.examples is None else ()
        # A script does not have the blank lines that a chunk begins with.
        blank = len(cell.source) - len(cell.source.lstrip("\n"))
        skipped = blank if view.form == "script" else 0
        for at, text in enumerate(texts, skipped):
            line = rows[at].place if at < len(rows) else None
            own = places.own(text, line.path, line.line) if line is not None else None
            yield GeneratedLine(text=text, own=own, reworked=own is None)


class _Prose:
    """The lines of pages that lines of Markdown cells are, where these are the same.

    A line counts that occurs once between two chunks, and once in the cells between them.
    """

    def __init__(self, places: Places, session: Session, cells: Sequence[NotebookCell]) -> None:
        self._places = places
        self._cells = cells
        self._bounds: list[tuple[PagePath, int] | None] = []
        for cell in cells:
            chunk = session.chunks[cell.chunk - 1].occurrence if cell.chunk else None
            own = chunk is not None and chunk.chunk.page == chunk.page
            self._bounds.append((chunk.page, chunk.chunk.line) if chunk and own else None)

    def line(self, number: int, text: str) -> GeneratedLine:
        """A line of a Markdown cell."""
        page = self._cells[number].page
        if page is None or not text.strip():
            return GeneratedLine(text=text, reworked=bool(text.strip()))
        first, last = self._window(number, page)
        lines = self._places.texts(page)
        found = [row for row in range(first, min(last, len(lines))) if _is(lines[row], text)]
        if len(found) != 1 or self._shown(number)[text] != 1:
            return GeneratedLine(text=text, reworked=True)
        row = found[0]
        block = max(b.line for b in self._places.page(page).blocks if b.line <= row + 1)
        margin = lines[row][: len(lines[row]) - len(text)]
        own = LineOfNotes(
            path=page,
            fence=block,
            line=row + 1,
            lead="",
            margin=margin,
            follow=_BULLET.sub("  ", margin),
            blank=False,
        )
        return GeneratedLine(text=text, own=own)

    def _window(self, number: int, page: PagePath) -> tuple[int, int]:
        """The lines of a page between the chunks around a cell, from 0."""
        before = (e for e in reversed(self._bounds[:number]) if e is not None and e[0] == page)
        behind = (e for e in self._bounds[number:] if e is not None and e[0] == page)
        last = next(behind, None)
        return next(before, (page, 0))[1], last[1] - 1 if last else 1 << 30

    def _shown(self, number: int) -> Counter[str]:
        """How often each line occurs in the Markdown cells between the same chunks."""
        first = last = number
        while first and self._bounds[first - 1] is None:
            first -= 1
        while last + 1 < len(self._cells) and self._bounds[last + 1] is None:
            last += 1
        near = self._cells[first : last + 1]
        return Counter(line for cell in near if not cell.chunk for line in cell.source.split("\n"))


def _is(line: str, text: str) -> bool:
    before = line[: len(line) - len(text)]
    return line.endswith(text) and _BEFORE.fullmatch(before) is not None
