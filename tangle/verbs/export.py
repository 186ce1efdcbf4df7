"""Export a section as a notebook or as a script in percent format."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from tangle.emit import setup_cell
from tangle.errors import Refused, UsageError
from tangle.model import PagePath, SectionName, ShownOutput
from tangle.notes import UnitRow, units
from tangle.store import NotReadable, read_bytes, write_file
from tangle.verbs.notes import Notes, read_notes
from tangle.verbs.project import Project
from tangle.verbs.selection import find_row
from tangle.verbs.shown_outputs import page_outputs
from tangle.verbs.write_back.staleness import wanted_outputs
from tangle.weave.notebook import About, is_exported, notebook_bytes, percent_text
from tangle.weave.notebook_cells import Given, notebook_cells, unit_pages

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
    row = find_row(notes, name)
    found = Exports(notes, path.parent).of(row)
    notes.remember()
    data = found[path.suffix]
    if path.exists() or path.is_symlink():
        before = read_bytes(path)
        if before == data:
            return False
        state = is_exported(before)
        if not (state or force):
            raise NotExported(path, edited=state is not None)
    write_file(path, data)
    return True


class Exports:
    """The exports of a project's sections."""

    def __init__(self, notes: Notes, folder: Path | None = None) -> None:
        """Take the notes.

        Args:
            notes: the notes.
            folder: where the exports go; None where that is not known.
        """
        self._notes = notes
        self._folder = folder
        self._wanted = wanted_outputs(notes.rows)
        self._outputs: dict[PagePath, Mapping[tuple[int, int], ShownOutput]] = {}
        self._places = {row.name: place for place, row in enumerate(notes.rows)}

    def of(self, row: UnitRow) -> Mapping[str, bytes]:
        """Return the files of a section by their ending.

        Args:
            row: of the section.
        """
        core, place = self._notes.core, self._places[row.name]
        session = units.session(core, place)
        given = Given(
            setup=setup_cell(
                session,
                units.reached_package(core, place),
                folder=self._from_here(session.folder),
                seed=self._notes.project.options.seed,
            ),
            outputs={path: self._outputs_of(path) for path in unit_pages(session.unit)},
            file=self._file,
        )
        devices = (chunk.code.chunk.settings.device for chunk in session.chunks)
        about = About(
            section=row.name,
            title=row.section.title,
            page=row.section.page,
            folder=session.folder,
            package=str(self._notes.named_project.package),
            device=next(filter(None, devices), ""),
        )
        cells = notebook_cells(core, place, given)
        return {
            ".ipynb": notebook_bytes(cells, about, given),
            ".py": percent_text(cells, about).encode("utf-8", "replace"),
        }

    def all(self, name_of: Mapping[SectionName, str]) -> Iterator[tuple[str, bytes]]:
        """Yield path and content of the exports of sections.

        Args:
            name_of: the path of each section's exports, without the ending.
        """
        for row in self._notes.rows:
            if row.name in name_of and row.chunks:
                for ending, data in self.of(row).items():
                    yield name_of[row.name] + ending, data

    def _from_here(self, folder: str) -> str | None:
        """A folder of the graph as seen from the exports, where they are in the project."""
        project = self._notes.project
        if self._folder is None:
            return None
        here = self._folder.resolve()
        if not here.is_relative_to(project.root.resolve()):
            return None
        return os.path.relpath(project.graph.resolve() / folder, here).replace(os.sep, "/")

    def _outputs_of(self, path: PagePath) -> Mapping[tuple[int, int], ShownOutput]:
        found = self._outputs.get(path)
        if found is None:
            hosts = self._wanted.get(path, {})
            shown = page_outputs(self._notes.pages[path], hosts)
            found = {(o.host, o.at): o for o in shown if o.host >= 0}
            self._outputs[path] = found
        return found

    def _file(self, path: str) -> bytes | None:
        """The content of a file of the graph; None where there is none, or it leads out."""
        graph = self._notes.project.graph.resolve()
        file = (graph / path).resolve()
        if not (file.is_relative_to(graph) and file.is_file()):
            return None
        try:
            return read_bytes(file)
        except NotReadable:
            return None
