"""The pages of a graph as notebooks, for a program that shows folders."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from tangle.errors import Refused
from tangle.model import PagePath
from tangle.notes import UnitRow
from tangle.store import CHECKPOINTS, make_folder
from tangle.verbs.current_project import CurrentProject
from tangle.verbs.graph_sources import check_may_repair
from tangle.verbs.import_page import page_of_cells
from tangle.verbs.notes import read_notes
from tangle.verbs.page_notebooks.evidence import Log
from tangle.verbs.page_notebooks.names import (
    file_name,
    notebook_at,
    notebooks_in,
    row_of_page,
)
from tangle.verbs.page_notebooks.raw_cells import Notebook
from tangle.verbs.page_notebooks.renaming import rename_page
from tangle.verbs.page_notebooks.saving import (
    Saved,
    check_not_of_page,
    notebook_now,
    open_notebook,
    read_cells,
    save_notebook,
)
from tangle.verbs.project import Project, find_project
from tangle.write.foreign_cells import SourceCell

_PAGES: Final = "pages"
_EMPTY: Final = "# The code of this page begins here."
"""What a new page without cells gets: without code it would not appear as a notebook."""


class NoCodeInPage(Refused):
    """A notebook without code became a page, which does not appear as a notebook."""

    def __init__(self, page: str) -> None:
        """Say which page."""
        super().__init__(f"{page}: written; a page without Python does not appear as a notebook")


class PageNotebook:
    """A page, or a section of one, as a notebook.

    Attributes:
        created: when its file was made, in seconds since 1970.
        changed: when it was last changed.
        writable: whether edits of the notebook can go into it.
    """

    def __init__(self, project: Project, row: UnitRow) -> None:
        """Look at the file.

        Args:
            project: whose page it is.
            row: of the unit.
        """
        self._project = project
        self._row = row
        file = project.graph / row.section.page
        self._folder = file.parent
        self.shown = project.shown(row.section.page)
        try:
            status = file.stat()
            self.created, self.changed = min(status.st_ctime, status.st_mtime), status.st_mtime
        except OSError:  # it was removed a moment ago
            self.created = self.changed = 0.0
        self.writable = project.source is None and os.access(file, os.W_OK)

    def open(self) -> dict[str, Any]:
        """Return the notebook for a program that will save it."""
        return open_notebook(self._project, self._row)

    def content(self) -> dict[str, Any]:
        """Return the notebook as the notes have it, for a look."""
        return notebook_now(self._project, self._row)

    def save(self, notebook: Notebook, logs: Sequence[Log] | None) -> Saved:
        """Merge the notebook into the notes.

        Args:
            notebook: as the program has it.
            logs: what its kernels were seen to run; None where nobody saw one.
        """
        path = self._folder / file_name(self._row)
        return save_notebook(self._project, self._row, path, notebook, logs)

    def rename(self, file: Path) -> None:
        """Give the page another name.

        Args:
            file: where its notebook shall appear.
        """
        rename_page(self._project, self._row, file)


class Pages:
    """A graph in a folder that a program shows; one thread uses it."""

    def __init__(self, start: Path) -> None:
        """Find the graph.

        Args:
            start: the folder.

        Raises:
            NoGraph, BadConfig, NotTrusted: there is none that can be used.
        """
        self._project = CurrentProject(find_project(start=start))

    def makes_page(self, file: Path) -> bool:
        """Return whether a notebook that is saved under a new name becomes a page.

        Args:
            file: where it is to be.
        """
        return file.parent == self._project().graph / _PAGES and not file.exists()

    def checkpoints(self, file: Path) -> Path | None:
        """Return where checkpoints of a file are kept; None if it is not in the graph.

        Args:
            file: the file.
        """
        project = self._project()
        if not file.is_relative_to(project.graph):
            return None
        make_folder(project.state / CHECKPOINTS)
        folder = project.state / CHECKPOINTS / file.relative_to(project.graph).parent
        make_folder(folder)
        return folder

    def at(self, file: Path) -> PageNotebook | None:
        """Return the page that appears as a file; None if none does.

        Args:
            file: the file.
        """
        project = self._project()
        if not file.is_relative_to(project.graph):
            return None
        row = notebook_at(read_notes(project), file.relative_to(project.graph).as_posix())
        return None if row is None else PageNotebook(project, row)

    def in_folder(self, folder: Path) -> Mapping[str, PageNotebook]:
        """Return the pages that appear as files of a folder, by these files' names.

        Args:
            folder: the folder.
        """
        project = self._project()
        if not folder.is_relative_to(project.graph):
            return {}
        name = folder.relative_to(project.graph).as_posix()
        found = notebooks_in(read_notes(project), "" if name == "." else name)
        return {file: PageNotebook(project, row) for file, row in found.items()}

    def add(self, file: Path, notebook: Notebook) -> tuple[str, tuple[str, ...]]:
        """Make a page of a notebook; return what its notebook is called, and what it lost.

        Args:
            file: where it is saved; the page is called so.
            notebook: that was made elsewhere, or is empty.

        Raises:
            PageGone: it was opened from a page that was there, and is not any more.
            DamagedNotebook: it cannot be read.
            PageExists: there is a page of that title.
            NoCodeInPage: the page is made, and is no notebook.
        """
        project = self._project()
        check_may_repair(project)
        title, at = file.stem, file.relative_to(project.graph).as_posix()
        cells = read_cells(file.name, notebook)
        check_not_of_page(project, at, notebook)
        if not any(cell.text.strip() for cell in cells):
            cells = (SourceCell(kind="code", text=_EMPTY, language="python"),)
        report = page_of_cells(project, cells, project.graph / _PAGES, title)
        notes = read_notes(project)
        page = next(path for path in notes.pages if project.shown(path) == report.page)
        row = row_of_page(notes, PagePath(page))
        if row is None:
            raise NoCodeInPage(report.page)
        remarks = (f"{report.page}: cell {at}: {text}" for at, text in report.notices)
        return file_name(row), tuple(remarks)
