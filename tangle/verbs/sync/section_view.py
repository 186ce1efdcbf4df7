"""A section as its notebook shows it, with edits of pages that are not written yet."""

from __future__ import annotations

from collections import Counter, defaultdict
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
from tangle.weave.notebook_cells import SETUP_TAG, CellPart, NotebookCell

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
    known = Counter(cell.source for cell in base if cell.kind == "markdown")
    missing = known - Counter(source_in(cell, form) for cell in cells if cell.kind == "markdown")
    heads: defaultdict[str, list[list[str]]] = defaultdict(list)
    for source in sorted(missing, key=len, reverse=True):
        lines = source.split("\n")
        heads[lines[0]].append(lines)
    for cell in cells:
        if cell.kind == "code" or not cell.parts or source_in(cell, form) in known:
            yield cell
        else:
            yield from _Cut(cell, heads, form).cells()


class _Cut:
    """Markdown that is cut where other cells are; inside a block's text, only between two such."""

    def __init__(
        self, cell: NotebookCell, heads: Mapping[str, Sequence[list[str]]], form: Form
    ) -> None:
        self._cell = cell
        self._lines: list[str] = []
        self._parts: list[int] = []
        """The part that each line is of; -1 for a blank one."""
        for at, part in enumerate(cell.parts):
            apart = at and not (part.listed and cell.parts[at - 1].listed)
            lines = ["", *part.text.split("\n")] if apart else part.text.split("\n")
            self._lines += lines
            self._parts += [at if line.strip() else -1 for line in lines]
        if form == "script":
            self._lines = [line.rstrip() for line in self._lines]
        self._ends: dict[int, int] = {}
        """Where a cell that begins at a line ends: the longest, if the text can be cut there."""
        for start in reversed(range(len(self._lines))):
            for lines in heads.get(self._lines[start], ()):
                end = start + len(lines)
                behind = self._next(end)
                if self._lines[start:end] == lines and (
                    behind in self._ends or not self._is_inside(behind)
                ):
                    self._ends[start] = end
                    break

    def cells(self) -> Iterator[NotebookCell]:
        """Yield what it is cut into."""
        rest, start = 0, self._next(0)
        while start < len(self._lines):
            end = self._ends.get(start)
            if end is None or (start != rest and self._is_inside(start)):
                start = self._next(start + 1)
                continue
            yield from self._between(rest, start)
            yield from self._between(start, end)
            rest = start = self._next(end)
        yield from self._between(rest, start)

    def _next(self, line: int) -> int:
        """The first line from one on that is not blank."""
        behind = (at for at in range(line, len(self._lines)) if self._parts[at] >= 0)
        return next(behind, len(self._lines))

    def _is_inside(self, line: int) -> bool:
        """Whether a line is one of a part, but not its first."""
        if line >= len(self._lines):
            return False
        before = (part for part in reversed(self._parts[:line]) if part >= 0)
        return next(before, -1) == self._parts[line]

    def _between(self, start: int, end: int) -> Iterator[NotebookCell]:
        """The cell of some of the lines, if they say anything."""
        texts: defaultdict[int, list[str]] = defaultdict(list)
        for line, part in zip(self._lines[start:end], self._parts[start:end], strict=True):
            texts[part].append(line)
        texts.pop(-1, None)
        if texts:
            cell = self._cell
            yield NotebookCell(
                kind=cell.kind,
                source="\n".join(self._lines[start:end]).strip("\n"),
                section=cell.section,
                page=cell.page,
                parts=tuple(
                    CellPart(cell.parts[at].block, "\n".join(lines)) for at, lines in texts.items()
                ),
            )
