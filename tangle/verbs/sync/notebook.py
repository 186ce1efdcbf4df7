"""Bring edits of an exported notebook or script back into the page that it was exported from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from pathlib import Path
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from tangle.errors import Refused
from tangle.model import PagePath
from tangle.store import read_bytes
from tangle.verbs.exported_notebooks import (
    LARGEST,
    BaseCell,
    Exported,
    ExportRecord,
    exported,
    exports,
    known_texts,
)
from tangle.verbs.notes import Notes, read_notes, recalled
from tangle.verbs.project import Project
from tangle.verbs.sources import edited
from tangle.verbs.sync.cell_lines import flat, flat_cell, lines_of
from tangle.verbs.sync.cell_matching import matched_cells
from tangle.verbs.sync.edited_files import (
    ABOVE,
    FRAME,
    NEW_CELL,
    OUTSIDE,
    REWORKED,
    EditedFile,
    FileEdit,
    Refusal,
    compared,
)
from tangle.verbs.sync.exported_section import section_of
from tangle.verbs.sync.section_view import Drafts, View, items_of
from tangle.verbs.sync.structure import UNPLACED_CELL, Decision, Structure
from tangle.verbs.sync.sync import (
    NothingToDecide,
    NotTaken,
    Side,
    SyncReport,
    Work,
    chosen,
    page_diff,
)
from tangle.verbs.write_back.rewriting import rewritten

_WHYS: Final = {
    FRAME: "tangle makes this cell; change the notes that it is made from, and export again",
    NEW_CELL: UNPLACED_CELL,
    REWORKED: "this text has another form in the notes; change it there, and export again",
    OUTSIDE: "lay out the new lines like those around",
    ABOVE: "the notes have these lines in another form; change them there, and export again",
}
_LIKE: Final = 0.6
"""How like a cell without marks must be to one that is gone to be the same."""

_PASSES: Final = 3
"""How often what is left is tried again, at most: another change may have made room for it."""


class Wanted(Struct, frozen=True, kw_only=True):
    """What of a notebook is merged, and how messages call it.

    Attributes:
        name: of its file.
        folder: in which it is.
        what: the chunk or section that counts; all if empty.
        take: the side that decides the conflicts of `what`.
    """

    name: str
    folder: Path
    what: str = ""
    take: Side | None = None


class Merged(Struct, frozen=True, kw_only=True):
    """The notes and a notebook, merged.

    Attributes:
        pages: the new bytes of the pages that change.
        record: the cells that the notes have then; the base of the next merge.
        report: what is done once the pages are written, and what is left.
    """

    pages: Mapping[PagePath, bytes]
    record: ExportRecord
    report: SyncReport


def merge_notebook(
    project: Project, path: Path, what: str = "", *, take: Side | None = None
) -> SyncReport | None:
    """Bring the edits of an exported file into the notes; None if tangle did not export it.

    Args:
        project: whose notes.
        path: of the notebook or script.
        what: the chunk or section that counts; all if empty.
        take: the side that decides the conflicts of `what`.

    Raises:
        SectionGone: the section is not in the notes any more.
        NoCellLeft: none of the exported cells is in the file any more.
        OtherVersion: another version of tangle exported the file.
        NotReadable: the record of the export cannot be read.
        NothingToDecide: there is no conflict in `what`.
        NotTaken: a side is named without `what`.
        Changed: a page was saved by another program meanwhile; run it again.
        NotWritable: a page cannot be written; it is as it was.
        Locked: another tangle is at work on this project.
    """
    notebook = exported(read_bytes(path, LARGEST), known_texts(project))
    if notebook is None:
        return None
    return merge_exported(project, path, notebook, what, take=take)


def merge_exported(
    project: Project, path: Path, notebook: Exported, what: str = "", *, take: Side | None = None
) -> SyncReport:
    """Bring the edits of an exported notebook into the notes, and keep what both sides have then.

    Args:
        project: whose notes.
        path: where the notebook is, or appears to be.
        notebook: as it was edited.
        what: the chunk or section that counts; all if empty.
        take: the side that decides the conflicts of `what`.

    Raises:
        SectionGone, NoCellLeft, NotReadable, NothingToDecide, NotTaken: as `merge_notebook` does.
        Changed, NotWritable, Locked: likewise.
    """
    notes = read_notes(project)
    records = exports(project)
    record = records.read(notebook.digest)
    wanted = Wanted(name=path.name, folder=path.parent, what=what, take=take)
    before = notes.sources.data
    merged = merge_cells(notes, notebook, record, wanted)
    is_news = record is not None or merged.report.settles
    if merged.pages or (is_news and merged.record != record):
        with rewritten(project, merged.pages, before):
            records.put(notebook.digest, merged.record)
    return merged.report


def merge_cells(
    notes: Notes, notebook: Exported, record: ExportRecord | None, wanted: Wanted
) -> Merged:
    """Merge the cells of a notebook into its page; nothing is read or written.

    First lines that were edited, then cells that were deleted, moved and added. What both sides
    changed is a conflict, unless `wanted` decides it.

    Args:
        notes: as they are now.
        notebook: as it was edited.
        record: the cells that both began with; None where that is not known.
        wanted: what counts.

    Raises:
        SectionGone: the section is not in the notes any more.
        NoCellLeft: none of the exported cells is in the notebook any more.
        NothingToDecide: there is no conflict in `wanted.what`.
        NotTaken: a side is named without `wanted.what`.
    """
    if wanted.take is not None and not wanted.what:
        raise NotTaken
    before = notes.sources.data
    merged = found = _Merge(notes, notebook, record, wanted).merged()
    for _ in range(_PASSES):
        if not (found.pages and merged.report.left):
            break
        # The places of what is left are those in the pages as they will be.
        sources = edited(notes.sources, merged.pages)
        later = Notes(notes.project, sources, recalled(notes.project, sources, notes.shelf))
        again = replace(wanted, take=None)
        found = _Merge(later, notebook, merged.record, again).merged()
        report = replace(
            found.report,
            moved=(*merged.report.moved, *found.report.moved),
            dropped=(*merged.report.dropped, *found.report.dropped),
        )
        pages = {**merged.pages, **found.pages}
        merged = replace(found, pages=pages, report=report)
    diff = "".join(
        page_diff(notes.project.shown(path), before[path], data)
        for path, data in merged.pages.items()
    )
    return replace(merged, report=replace(merged.report, diff=diff))


class NoCellLeft(Refused):
    """A notebook has none of the cells that were exported."""

    def __init__(self, name: str) -> None:
        """Say the way out."""
        super().__init__(
            f"{name}: none of the cells that tangle exported is in it; nothing was written: export "
            "the section again, or make a new page of the file with --page"
        )


class _Merge:
    """One merge of a notebook."""

    def __init__(
        self, notes: Notes, notebook: Exported, record: ExportRecord | None, wanted: Wanted
    ) -> None:
        self._notes, self._notebook, self._wanted = notes, notebook, wanted
        self._has_record = record is not None
        self._is_known = record is not None and not record.assumed
        self._section = section_of(notes, notebook, wanted.name)
        base = record.cells if record is not None else notebook.record.cells
        self._view = View(notes, self._section, notebook.form, wanted.folder, base)
        self._base = base if record is not None else _numbered(self._view.bases)
        self._matches = matched_cells(self._base, notebook.record.cells, self._may_differ)
        self._in_notes = frozenset(matched_cells(self._base, self._view.bases))
        self._decision = Decision(
            chosen=chosen(notes, wanted.what), take=wanted.take, is_known=self._is_known
        )
        if set(self._matches) <= {None, *(at for at, c in enumerate(self._base) if c.setup)}:
            raise NoCellLeft(wanted.name)

    def merged(self) -> Merged:
        """Return the pages and what is left.

        Raises:
            NothingToDecide: there is no conflict.
        """
        again = self._gone_and_edited()
        file = self._edited_lines(again)
        work = Work(self._notes, (file,), self._decision.chosen, self._wanted.take)
        pages, refused = work.pages()
        report = work.report(pages, refused)
        settled = work.flowed(refused) | frozenset(work.restored())
        drafts = Drafts(self._view, self._section, self._wanted.folder)
        drafts.pages = pages
        structure = Structure(
            drafts,
            list(_advanced(self._base, file, settled)),
            self._notebook.cells,
            self._matches,
            self._decision,
        )
        name = self._wanted.name
        structure.delete(name)
        structure.move(name)
        structure.bring_back(name, again)
        structure.add(name, self._notebook.metadata)
        done = structure.outcome
        if not self._has_record:
            done.base = list(_unsure(done.base, self._base, file, settled))
        if self._wanted.take is not None and not (work.decided or done.decided):
            raise NothingToDecide(self._wanted.what)
        report = replace(
            report,
            moved=(*report.moved, *done.done),
            conflicts=(*report.conflicts, *done.conflicts),
            refusals=(*report.refusals, *done.refusals),
            dropped=(*report.dropped, *done.dropped),
        )
        report = replace(report, notices=tuple(self._notices(structure, report)))
        whole = not (report.left or self._wanted.what)
        known = ExportRecord(cells=tuple(done.base), assumed=not self._is_known)
        record = self._notebook.record if whole else known
        return Merged(pages=drafts.pages, record=record, report=report)

    def _notices(self, structure: Structure, report: SyncReport) -> Iterator[Refusal]:
        """What a new export will show otherwise, though all edits are in the notes."""
        was = [item for cell in self._base if not cell.setup for item in items_of(cell)]
        if report.left or self._wanted.what:
            return
        is_same = self._view.items() == was
        number = structure.shows_otherwise() if is_same else structure.misplaced(was)
        if number is not None:
            file = f"{self._wanted.name}, cell {number}"
            yield Refusal(file=file, at=1, why="a new export shows this in another form")

    def _may_differ(self, number: int, at: int) -> bool:
        """Whether a cell of the notebook may be an exported one with another text and id."""
        cell, base = self._notebook.cells[number], self._base[at]
        like = SequenceMatcher(None, base.source, cell.source, autojunk=False)
        return cell.own or like.quick_ratio() > _LIKE < like.ratio()

    def _gone_and_edited(self) -> list[int]:
        """The code cells that the notes have no more, and that the notebook has changed."""
        return [
            number
            for number, at in enumerate(self._matches)
            if at is not None
            and at not in self._in_notes
            and self._base[at].kind == "code"
            and self._base[at].source != self._notebook.cells[number].source
        ]

    def _edited_lines(self, without: Sequence[int]) -> EditedFile:
        """The edits of cells that both sides have, each with its place."""
        cells = self._notebook.cells
        numbers = {at: n for n, at in enumerate(self._matches) if at is not None}
        arranged: list[tuple[int, BaseCell]] = []
        for at, one in enumerate(self._base):
            number = numbers.get(at)
            mine = one if number is None or number in without else cells[number].base
            last = cells[number].at if number is not None else 0
            arranged.append((last, mine))
        text = flat([cell for _, cell in arranged])
        known = flat(self._base) if self._has_record else None
        found = compared(tuple(lines_of(self._view)), self._wanted.name, known, text)
        return _by_cell(found, self._wanted.name, arranged)


def _numbered(cells: Sequence[BaseCell]) -> tuple[BaseCell, ...]:
    return tuple(replace(cell, id=f"n{number}") for number, cell in enumerate(cells))


def _advanced(
    base: Sequence[BaseCell], file: EditedFile, settled: frozenset[FileEdit]
) -> Iterator[BaseCell]:
    """The cells that both sides began with, with those edits that both have now."""
    edits = [edit for edit in file.edits if edit in settled]
    for (start, _), cell, own in _edits_by_cell(base, edits):
        lines = flat_cell(cell)
        for edit in reversed(own):
            first, last = (at - start for at in edit.change.base)
            lines[first:last] = edit.code
        yield replace(cell, source="\n".join(lines[1:]).rstrip("\n")) if own else cell


def _edits_by_cell(
    base: Sequence[BaseCell], edits: Sequence[FileEdit]
) -> Iterator[tuple[tuple[int, int], BaseCell, list[FileEdit]]]:
    """Cells, each with the range of its lines and the edits of these, or behind the last."""
    end = 0
    for cell in base:
        start, end = end, end + len(flat_cell(cell))
        own = [e for e in edits if start < e.change.base[0] <= end]
        own = [e for e in own if e.change.base[0] < end or e.change.base[0] == e.change.base[1]]
        yield (start, end), cell, own


def _unsure(
    now: Sequence[BaseCell],
    base: Sequence[BaseCell],
    file: EditedFile,
    settled: frozenset[FileEdit],
) -> Iterator[BaseCell]:
    """Cells of which no one knows what both sides began with: blank where they still differ."""
    edits = [edit for edit in file.edits if edit not in settled]
    differ = {cell.id for _, cell, own in _edits_by_cell(base, edits) if own}
    for cell in now:
        yield replace(cell, source="") if cell.id in differ else cell


def _by_cell(file: EditedFile, name: str, cells: Sequence[tuple[int, BaseCell]]) -> EditedFile:
    """The edits of a notebook, by cell and line of the cell."""
    starts: list[tuple[int, int]] = []
    end = 1
    for number, each in cells:
        starts.append((end, number))
        end += len(flat_cell(each))

    def cell(at: int) -> tuple[str, int]:
        start, number = next((s for s in reversed(starts) if s[0] <= at), (0, 1))
        return f"{name}, cell {number}", max(at - start, 1)

    edits = [
        replace(edit, file=file, at=line) for edit in file.edits for file, line in [cell(edit.at)]
    ]
    unplaced = [
        replace(each, file=file, at=line, why=_WHYS.get(each.why, each.why))
        for each in file.unplaced
        for file, line in [cell(each.at)]
    ]
    return replace(file, edits=tuple(edits), unplaced=tuple(unplaced))
