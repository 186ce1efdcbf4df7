"""Export a section as a notebook or as a script in percent format."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from tangle.emit import setup_cell
from tangle.errors import Refused, UsageError
from tangle.model import PagePath
from tangle.notes import Core, units
from tangle.store import NotReadable, read_bytes, write_file
from tangle.verbs.exported_notebooks import LARGEST, is_imported, keep_export
from tangle.verbs.notes import read_notes
from tangle.verbs.project import Project
from tangle.verbs.queries import emission
from tangle.verbs.selection import find_row
from tangle.verbs.shown_outputs import shown_on
from tangle.weave.notebook import About, is_exported, notebook_bytes, percent_text, script_code
from tangle.weave.notebook_cells import Given, NotebookCell, notebook_cells, unit_pages

FORMATS: Final = (".ipynb", ".py")
"""The endings of files that a section is exported to."""


class UnknownFormat(UsageError):
    """The name of a file says no format that a section is exported to."""

    def __init__(self, path: Path) -> None:
        """Name the file and the formats."""
        super().__init__(f"{path}: name a file that ends in {' or '.join(FORMATS)}")


class NotExported(Refused):
    """A file is in the way that tangle did not export, or that was edited since."""

    def __init__(self, path: Path, *, edited: bool) -> None:
        """Say which file, and what it is."""
        what = "it was edited since it was exported" if edited else "tangle did not export it"
        super().__init__(f"{path}: {what}; choose another name, or overwrite it with --force")


def export(project: Project, name: str, path: Path, *, force: bool = False) -> bool:
    """Write a section into a file; return whether that changed it.

    Args:
        project: whose notes.
        name: of the section.
        path: of the file; its ending says the format.
        force: overwrite a file that is no export, or was edited.

    Raises:
        UnknownFormat: the ending says no format.
        UnknownSection: there is no such section.
        NoCode: it has no code.
        SeveralScripts: it is a chapter.
        NotExported: another file is in the way.
        NotWritable: the file cannot be written.
    """
    if path.suffix not in FORMATS:
        raise UnknownFormat(path)
    notes = read_notes(project)
    place = notes.places[find_row(notes, name).name]
    made = project_cells(project, notes.core, place, path.parent)
    data, code = made.files()[path.suffix], script_code(made.cells)
    notes.remember()
    if path.exists() or path.is_symlink():
        before = read_bytes(path, LARGEST)
        if before == data:
            keep_export(project, data, code)  # a clone has the notebook, and no record of it
            return False
        state = is_exported(before)
        if not (state or force or is_imported(project, before)):
            raise NotExported(path, edited=state is not None)
    write_file(path, data)
    keep_export(project, data, code)
    return True


class SectionCells(NamedTuple):
    """The cells of a section's notebook, and what they are written with."""

    cells: tuple[NotebookCell, ...]
    about: About
    given: Given

    def files(self) -> Mapping[str, bytes]:
        """Return the exports by their ending."""
        return {
            ".ipynb": notebook_bytes(self.cells, self.about, self.given),
            ".py": percent_text(self.cells, self.about).encode("utf-8", "replace"),
        }


def project_cells(project: Project, core: Core, place: int, beside: Path) -> SectionCells:
    """Return the cells of a section's notebook that lies in a folder.

    Args:
        project: whose section.
        core: the notes.
        place: of the section in reading order.
        beside: the folder of the notebook.
    """
    folder = _from(beside, project, units.session(core, place).folder)
    return section_cells(core, place, graph_file(project), folder=folder)


def section_cells(
    core: Core,
    place: int,
    file: Callable[[str], bytes | None],
    *,
    folder: str | None = None,
    shows: Callable[[PagePath], bool] = lambda _: True,
) -> SectionCells:
    """Return the cells of a section's notebook.

    Args:
        core: the notes.
        place: of the section in reading order.
        file: reads a file of the graph by its path; None if there is none.
        folder: in which it runs, as seen from where the exports go; None if that is not known.
        shows: whether words of a page may be in them, where a block refers to it.
    """
    session = units.session(core, place)
    section = session.unit.section
    setup = setup_cell(
        session, units.reached_package(core, place), folder=folder, seed=emission(core, "").seed
    )
    outputs = {
        path: {(o.host, o.at): o for o in shown_on(core, path) if o.host >= 0}
        for path in unit_pages(session.unit)
    }
    given = Given(setup=setup, outputs=outputs, file=file, shows=shows)
    devices = (chunk.code.chunk.settings.device for chunk in session.chunks)
    about = About(
        section=session.unit.name,
        title=section.title,
        page=section.page,
        folder=session.folder,
        package=str(units.package_name(core, "")),
        device=next(filter(None, devices), ""),
    )
    return SectionCells(notebook_cells(core, place, given), about, given)


def graph_file(project: Project) -> Callable[[str], bytes | None]:
    """Return a function that reads files of a graph by their paths in it.

    Args:
        project: whose graph.
    """
    graph = project.graph.resolve()

    def read(path: str) -> bytes | None:
        try:
            file = (graph / path).resolve()
            return read_bytes(file) if file.is_relative_to(graph) else None
        except (NotReadable, OSError, RuntimeError, ValueError):  # or no file can be called so
            return None

    return read


def _from(folder: Path, project: Project, other: str) -> str | None:
    """A folder of the graph as seen from another one, where that is in the project."""
    here = folder.resolve()
    if not here.is_relative_to(project.root.resolve()):
        return None
    return os.path.relpath(project.graph.resolve() / other, here).replace(os.sep, "/")
