"""A section as its notebook shows it, with edits of pages that are not written yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Final, Literal

from tangle.analyse import Session
from tangle.model import Fence, Page, PagePath, SectionName
from tangle.notes import Core, units
from tangle.verbs.export import project_cells
from tangle.verbs.exported_notebooks import BaseCell
from tangle.verbs.notes import Notes, recalled
from tangle.verbs.sources import edited
from tangle.verbs.sync.edited_files import Key
from tangle.weave.notebook_cells import SETUP_TAG, NotebookCell, joined_parts

Form = Literal["notebook", "script"]

Item = tuple[str, str]
"""A code cell, or a line of Markdown that is not blank: what a notebook says, however it is cut."""

_TEXT: Final = "text"


class View:
    """A section and the cells that a notebook of it has.

    Attributes:
        cells: in order; Markdown is cut where the notebook that is compared cuts it.
    """

    def __init__(
        self, notes: Notes, name: SectionName, form: Form, folder: Path, base: Sequence[BaseCell]
    ) -> None:
        """Work out the cells.

        Args:
            notes: the notes.
            name: of the section.
            form: of the file that is compared.
            folder: in which it is.
            base: the cells of that file.
        """
        self.notes = notes
        self.form = form
        place = notes.places[name]
        self.session: Session = units.session(notes.core, place)
        made = project_cells(notes.project, notes.core, place, folder).cells
        self.cells = tuple(_cut_like(made, base, form))

    @cached_property
    def bases(self) -> tuple[BaseCell, ...]:
        """The cells, to be compared with those of the file."""
        return tuple(
            BaseCell(
                id="",
                kind=cell.kind,
                source=source_in(cell, self.form),
                setup=SETUP_TAG in cell.tags,
            )
            for cell in self.cells
        )

    @cached_property
    def shown(self) -> Mapping[PagePath, Mapping[int, tuple[int, ...]]]:
        """The cells that each block is in, by page."""
        found: dict[PagePath, dict[int, tuple[int, ...]]] = {}
        for number, cell in enumerate(self.cells):
            for block in blocks_of(cell) if cell.page is not None else ():
                own = found.setdefault(cell.page or PagePath(""), {})
                own[block] = (*own.get(block, ()), number)
        return found

    def page(self, path: PagePath) -> Page:
        """Return a page of the section."""
        return self.notes.pages[path]

    def items(self, cells: slice = slice(None)) -> list[Item]:
        """Return what some of the cells say, in order.

        Args:
            cells: which.
        """
        return [item for base in self.bases[cells] if not base.setup for item in items_of(base)]

    def fence(self, number: int) -> Fence | None:
        """Return the fence of a code cell; None if its block only refers to the chunk.

        Args:
            number: of the cell.
        """
        cell = self.cells[number]
        if not cell.chunk or cell.page is None:
            return None
        occurrence = self.session.chunks[cell.chunk - 1].occurrence
        if (occurrence.chunk.page, occurrence.chunk.block) != (cell.page, occurrence.host):
            return None
        fences = self.page(cell.page).fences
        return next(fence for fence in fences if fence.line == occurrence.chunk.line)

    def key(self, number: int) -> Key | None:
        """Return what a cell is called where a conflict is decided: its fence, or its first block.

        Args:
            number: of the cell.
        """
        cell = self.cells[number]
        if cell.page is None:
            return None
        fence = self.fence(number)
        block = self.page(cell.page).blocks[cell.parts[0].block]
        return Key(path=cell.page, line=block.line if fence is None else fence.line)


class Drafts:
    """New texts of pages, and the section as they make it."""

    def __init__(self, view: View, name: SectionName, folder: Path) -> None:
        """Begin with the notes as they are.

        Args:
            view: the section.
            name: of the section.
            folder: in which the notebook is.
        """
        self._project, self._sources = view.notes.project, view.notes.sources
        self._shelf = view.notes.shelf
        self._name, self._form, self._folder = name, view.form, folder
        self.pages: Mapping[PagePath, bytes] = {}

    @cached_property
    def _core(self) -> Core:
        return recalled(self._project, self._sources, self._shelf)

    def view(self, base: Sequence[BaseCell], more: Mapping[PagePath, bytes] | None = None) -> View:
        """Return the section as the new texts make it.

        Args:
            base: the cells of the notebook.
            more: texts that are tried.

        Raises:
            KeyError: it is not a section any more.
        """
        pages = {**self.pages, **(more or {})}
        notes = Notes(self._project, edited(self._sources, pages), self._core, self._shelf)
        return View(notes, self._name, self._form, self._folder, base)


def blocks_of(cell: NotebookCell) -> tuple[int, ...]:
    """Return the blocks that a cell shows, in order.

    Args:
        cell: of a section.
    """
    return tuple(dict.fromkeys(part.block for part in cell.parts))


def items_of(cell: BaseCell) -> Iterator[Item]:
    """Yield what a cell says.

    Args:
        cell: of a notebook.
    """
    if cell.kind == "markdown":
        yield from ((_TEXT, line) for line in cell.source.split("\n") if line.strip())
    else:
        yield cell.kind, cell.source


def source_in(cell: NotebookCell, form: Form) -> str:
    """Return the text of a cell, as it is read from a file.

    Args:
        cell: of a section.
        form: of the file.
    """
    if form == "notebook":
        return cell.source.rstrip("\n")
    if cell.kind == "code":
        return cell.plain.strip("\n")
    return "\n".join(line.rstrip() for line in cell.source.split("\n")).strip("\n")


def _cut_like(
    cells: Sequence[NotebookCell], base: Sequence[BaseCell], form: Form
) -> Iterator[NotebookCell]:
    """Cells whose Markdown is cut where other cells are; the others may have a chunk between."""
    known = {cell.source for cell in base if cell.kind == "markdown"}
    for cell in cells:
        if cell.kind == "code" or len(cell.parts) < 2 or source_in(cell, form) in known:
            yield cell
            continue
        yield from _cut(cell, known, form)


def _cut(cell: NotebookCell, known: set[str], form: Form) -> Iterator[NotebookCell]:
    start, rest = 0, 0
    while start < len(cell.parts):
        end = _longest(cell, start, known, form)
        if end is None:
            start += 1
            continue
        if rest < start:
            yield _of_parts(cell, rest, start)
        yield _of_parts(cell, start, end)
        start = rest = end
    if rest < start:
        yield _of_parts(cell, rest, start)


def _longest(cell: NotebookCell, start: int, known: set[str], form: Form) -> int | None:
    """The last place up to which the parts from one on are a cell that is known."""
    most = max(map(len, known), default=0)
    found, length = None, 0
    for end in range(start + 1, len(cell.parts) + 1):
        length += len(cell.parts[end - 1].text.strip("\n"))
        if length > most + len(cell.parts):
            break
        if source_in(_of_parts(cell, start, end), form) in known:
            found = end
    return found


def _of_parts(cell: NotebookCell, start: int, end: int) -> NotebookCell:
    parts = cell.parts[start:end]
    return NotebookCell(
        kind=cell.kind,
        source=joined_parts(parts),
        section=cell.section,
        page=cell.page,
        parts=parts,
    )
