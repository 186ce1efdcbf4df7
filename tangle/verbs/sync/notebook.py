"""Bring edits of an exported notebook back into the page that it was exported from."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from tangle.analyse import Session
from tangle.model import PagePath, Place
from tangle.notes import units
from tangle.store import read_bytes
from tangle.verbs.export import project_cells
from tangle.verbs.exported_notebooks import (
    LARGEST,
    Exported,
    exported,
    exports,
    flat_cell,
    known_cells,
)
from tangle.verbs.notes import Notes, read_notes
from tangle.verbs.project import Project
from tangle.verbs.selection import find_row
from tangle.verbs.sync.edited_files import (
    ABOVE,
    FRAME,
    NEW_CELL,
    OUTSIDE,
    REWORKED,
    EditedFile,
    Refusal,
    compared,
)
from tangle.verbs.sync.new_cells import TWICE, Added, added_cells, block_of, with_added
from tangle.verbs.sync.places import GeneratedLine, LineOfNotes, Places
from tangle.verbs.sync.sync import (
    Moved,
    NothingToDecide,
    NotTaken,
    Side,
    SyncReport,
    Work,
    chosen,
    with_edits,
)
from tangle.verbs.write_back.rewriting import rewritten
from tangle.weave.notebook_cells import NotebookCell

_WHYS: Final = {
    FRAME: "cells came, went or moved here; do that in the notes, and export again",
    NEW_CELL: "a new cell; write it into the notes, and export again",
    REWORKED: "this text has another form in the notes; change it there, and export again",
    OUTSIDE: "lay out the new lines like those around",
    ABOVE: "the notes have these lines in another form; change them there, and export again",
}
_WAITS: Final = "a new cell, which is written when no other edit of the notebook is left"
_BEFORE: Final = re.compile(r"[\t >]*(?:[-*] +)?")
_BULLET: Final = re.compile(r"[-*] (?= *\Z)")


def merge_notebook(
    project: Project, path: Path, what: str = "", *, take: Side | None = None
) -> SyncReport | None:
    """Bring the edits of an exported notebook into the notes; None if tangle did not export it.

    Args:
        project: whose notes.
        path: of the notebook.
        what: the chunk or section that counts; all if empty.
        take: the side that decides the conflicts of `what`.

    Raises:
        UnknownSection: the section is not in the notes any more.
        NothingToDecide: there is no conflict in `what`.
        NotTaken: a side is named without `what`.
        Changed: a page was saved by another program meanwhile; run it again.
        NotWritable: a page cannot be written; it is as it was.
        Locked: another tangle is at work on this project.
    """
    notebook = exported(read_bytes(path, LARGEST))
    if notebook is None:
        return None
    if take is not None and not what:
        raise NotTaken
    return merge_cells(project, path, notebook, what, take=take)


def merge_cells(
    project: Project, path: Path, notebook: Exported, what: str = "", *, take: Side | None = None
) -> SyncReport:
    """Bring the edits of an exported notebook into the notes.

    Args:
        project: whose notes.
        path: where the notebook is, or appears to be.
        notebook: what it says.
        what: the chunk or section that counts; all if empty.
        take: the side that decides the conflicts of `what`.

    Raises:
        UnknownSection, NothingToDecide, Changed, NotWritable, Locked: as `merge_notebook` does.
    """
    notes = read_notes(project)
    session, cells = _section(notes, notebook.section, path)
    now = tuple(_lines(notes, session, cells))
    records = exports(project)
    found = compared(now, path.name, records.get(notebook.digest), notebook.flat)
    file = _by_cell(found, path, notebook)
    work = Work(notes, (file,), chosen(notes, what), take)
    if take is not None and not work.decided:
        raise NothingToDecide(what)
    changed, refused = work.pages()
    if changed or work.decided:
        with rewritten(project, changed, notes.sources.data):
            settled = work.flowed(refused) | frozenset(work.restored())
            records.put(notebook.digest, with_edits(file, settled))
    report = work.report(changed, refused)
    return _with_new_cells(project, path, notebook, report)


def _section(notes: Notes, name: str, path: Path) -> tuple[Session, tuple[NotebookCell, ...]]:
    """The section of a notebook, and the cells that it has now."""
    place = notes.places[find_row(notes, name).name]
    cells = project_cells(notes.project, notes.core, place, path.parent).cells
    return units.session(notes.core, place), cells


def _with_new_cells(
    project: Project, path: Path, notebook: Exported, report: SyncReport
) -> SyncReport:
    """Write the cells that were added, one run of them after the other."""
    known = known_cells(project, notebook.digest)
    for added in reversed(added_cells(notebook)):
        said = {cell.id: cell.digest for cell in added.cells}
        if all(known.get(name) == text for name, text in said.items()):
            continue
        done = None
        if not report.left and not any(name in known for name in said):
            done = _write_added(project, path, notebook, added)
        name = f"{path.name}, cell {added.cells[0].at}"
        if done is None:
            why = _WAITS if report.left else _WHYS[NEW_CELL]
            why = TWICE if any(key in known for key in said) else why
            refusal = Refusal(file=name, at=1, why=why)
            report = replace(report, refusals=(*report.refusals, refusal))
            continue
        known |= said
        text = "".join(f"{text} {name}\n" for name, text in sorted(known.items()))
        exports(project).put(f"{notebook.digest}n", text)
        count = sum(cell.source.count("\n") + 1 for cell in added.cells)
        moved = Moved(place=done, lines=count, files=(name,))
        report = replace(report, moved=(*report.moved, moved))
    return report


def _write_added(project: Project, path: Path, notebook: Exported, added: Added) -> Place | None:
    """Write cells below the block of the one before them; None if they have no place."""
    notes = read_notes(project)
    session, cells = _section(notes, notebook.section, path)
    before = notebook.own[: added.behind]
    same = [cell.kind for cell in cells[: added.behind]] == [cell.kind for cell in before]
    if added.behind < 2 or not same or cells[added.behind - 1].source != before[-1].source:
        return None
    last = cells[added.behind - 1]
    prose = _Prose(Places(notes), session, cells)
    lines = [prose.line(added.behind - 1, line) for line in last.source.split("\n")]
    own = notes.pages[last.page] if last.page is not None else None
    found = block_of(session, last, lines, own)
    if found is None:
        return None
    page = notes.pages[found[0]]
    data = with_added(page, found[1], added, notes.config.unit, notebook.metadata)
    if data is None:
        return None
    with rewritten(project, {page.path: data}, {page.path: page.data}):
        line = page.blocks[found[1]].line
        return Place(path=PagePath(project.shown(page.path)), line=line)


def _by_cell(file: EditedFile, path: Path, notebook: Exported) -> EditedFile:
    """The edits of a notebook, by cell and line of the cell."""
    starts: list[tuple[int, int]] = []
    end = 1
    for each in notebook.own:
        starts.append((end, each.at))
        end += len(flat_cell(each.kind, each.source))

    def cell(at: int) -> tuple[str, int]:
        start, number = next((s for s in reversed(starts) if s[0] <= at), (0, 1))
        return f"{path.name}, cell {number}", max(at - start, 1)

    edits = [
        replace(edit, file=name, at=line) for edit in file.edits for name, line in [cell(edit.at)]
    ]
    unplaced = [
        replace(each, file=name, at=line, why=_WHYS.get(each.why, each.why))
        for each in file.unplaced
        for name, line in [cell(each.at)]
    ]
    return replace(file, edits=tuple(edits), unplaced=tuple(unplaced))


def _lines(
    notes: Notes, session: Session, cells: Sequence[NotebookCell]
) -> Iterator[GeneratedLine]:
    """The lines of the notebook that the notes make now, each with its place."""
    places = Places(notes)
    prose = _Prose(places, session, cells)
    for number, cell in enumerate(cells):
        head, *texts = flat_cell(cell.kind, cell.source)
        yield GeneratedLine(text=head)
        if not cell.chunk:
            yield from (prose.line(number, text) for text in texts)
            continue
        code = session.chunks[cell.chunk - 1].code
        rows = code.chunk.lines if code.parsed.examples is None else ()
        for at, text in enumerate(texts):
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
