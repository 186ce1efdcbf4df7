"""Open a section as a notebook, and save what a program made of it."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from tangle.errors import Refused
from tangle.model import SectionName
from tangle.notes import UnitRow
from tangle.verbs.export import SectionCells, project_cells
from tangle.verbs.exported_notebooks import Exported, exported, exports, keep_export
from tangle.verbs.graph_sources import check_may_repair
from tangle.verbs.notes import Notes, read_notes
from tangle.verbs.page_notebooks.cell_outputs import CellOutputs
from tangle.verbs.page_notebooks.clients import Client, clients, keep_client, new_token, now
from tangle.verbs.page_notebooks.evidence import Log
from tangle.verbs.page_notebooks.names import notebook_path
from tangle.verbs.page_notebooks.raw_cells import Notebook, digest_of, without_outputs
from tangle.verbs.project import Project
from tangle.verbs.sync.notebook import NoCellLeft, merge_exported
from tangle.verbs.sync.sync import Conflict, SyncReport
from tangle.write.foreign_cells import NotANotebook, SourceCell, cells_of_notebook

_SHOWN: Final = 60
"""Characters of a line that a message shows."""

_RELOAD: Final = (
    "Copy the edit, choose File > Reload Notebook from Disk, and make it again; "
    "all other edits are in the notes."
)


class NotThisPage(Refused):
    """A notebook was to be saved as a page's that is not made of that page."""

    def __init__(self, path: str) -> None:
        """Say which, and the way out."""
        super().__init__(
            f"{path}: this notebook was not opened from that page; nothing was written: "
            "open the page's notebook, or save under another name"
        )


class PageGone(Refused):
    """The page that a notebook was opened from is not there any more."""

    def __init__(self, path: str) -> None:
        """Say which, and the way out."""
        super().__init__(
            f"{path}: its page is gone, or has another name now; nothing was written: save the "
            "notebook under another name, or open it again from the page"
        )


class SectionRenamed(Refused):
    """The edits of a notebook are in the notes, where its section has another name now, or none."""

    def __init__(self, section: str) -> None:
        """Say which, and the way out."""
        super().__init__(
            f"{section}: the edits are in the notes, which have no section with code called so any "
            "more: close the notebook, and open the one that the folder shows"
        )


class NoCellOfPage(Refused):
    """None of the cells that a notebook was opened with is in it; nothing was written."""

    def __init__(self, path: str) -> None:
        """Say which, and the way out."""
        super().__init__(
            f"{path}: none of the page's cells is in this notebook; nothing was written: undo the "
            "deletion, or choose File > Reload Notebook from Disk"
        )


class DamagedNotebook(Refused):
    """A notebook cannot be read; nothing was written."""

    def __init__(self, path: str, why: str) -> None:
        """Say why."""
        super().__init__(f"{path}: {why}")


class NotMerged(Refused):
    """Edits of a notebook cannot be in the notes; the others are."""

    def __init__(self, report: SyncReport) -> None:
        """Say which edits, and what to do."""
        # In one paragraph: JupyterLab shows it so.
        parts = [_conflict(conflict) for conflict in report.conflicts]
        parts += [f"{each.file}, line {each.at}: {each.why}." for each in report.refusals]
        super().__init__(" ".join([*parts, _RELOAD]))


def _conflict(conflict: Conflict) -> str:
    where = f"{conflict.place.path}:{conflict.place.line}"
    lines = conflict.diff.split("\n")[3:]
    notes, notebook = (_quoted(lines, sign) for sign in "-+")
    return f"{where}: the notes have {notes} and the notebook has {notebook}; neither was changed."


def _quoted(lines: Sequence[str], sign: str) -> str:
    found = [line[1:] for line in lines if line.startswith(sign)]
    if not found:
        return "no line there"
    shown = found[0] if len(found[0]) <= _SHOWN else f"{found[0][:_SHOWN]}…"
    return f"`{shown}`" + (f" and {len(found) - 1} more lines" if found[1:] else "")


class Saved(Struct, frozen=True, kw_only=True):
    """What saving a notebook did.

    Attributes:
        stale: whether the notes have changes that the notebook does not show.
        remarks: outputs that were not written, and why.
    """

    stale: bool
    remarks: tuple[str, ...] = ()


def notebook_now(project: Project, row: UnitRow) -> dict[str, Any]:
    """Return a section's notebook as the notes have it now, for one who will not save it.

    Args:
        project: whose notes.
        row: of the section.
    """
    notebook: dict[str, Any] = json.loads(_cells(read_notes(project), row).files()[".ipynb"])
    del notebook["metadata"]["tangle"]["digest"]
    return notebook


def open_notebook(project: Project, row: UnitRow) -> dict[str, Any]:
    """Return a section's notebook as the notes have it now; what it is given is remembered.

    Args:
        project: whose notes.
        row: of the section.
    """
    notes = read_notes(project)
    cells = _cells(notes, row)
    notebook: dict[str, Any] = json.loads(cells.files()[".ipynb"])
    notes.remember()
    token = new_token()
    notebook["metadata"]["tangle"]["digest"] = token
    own = frozenset(cell["id"] for cell in notebook["cells"])
    keep_export(project, without_outputs(notebook, own), {})
    client = Client(section=row.name, at=notebook_path(row), used=now(), notes=_digest(cells))
    keep_client(project, token, client)
    return notebook


def read_cells(name: str, notebook: Notebook) -> tuple[SourceCell, ...]:
    """Return the cells of a notebook, as imports read them.

    Args:
        name: of the notebook, for messages.
        notebook: as the program has it.

    Raises:
        DamagedNotebook: it is no notebook of nbformat 4.
    """
    try:
        if notebook.get("nbformat") != 4:
            raise NotANotebook("this is no notebook of nbformat 4; save it with a current Jupyter")
        return cells_of_notebook(json.dumps(notebook).encode())
    except NotANotebook as error:
        raise DamagedNotebook(name, str(error)) from error


def check_not_of_page(project: Project, at: str, notebook: Notebook) -> None:
    """Check that a notebook that becomes a page was not opened from one that is gone.

    Args:
        project: whose page.
        at: where it is saved, relative to the graph.
        notebook: as the program has it.

    Raises:
        PageGone: it was.
    """
    found = exported(without_outputs(notebook))
    client = clients(project).get(found.digest) if found is not None else None
    if client is not None and client.at == at:
        raise PageGone(posixpath.basename(at))


def save_notebook(
    project: Project, row: UnitRow, path: Path, notebook: Notebook, logs: Sequence[Log] | None
) -> Saved:
    """Merge a notebook into the notes, and write the outputs of its cells.

    Args:
        project: whose notes.
        row: of the section that it was opened from.
        path: where it appears to be.
        notebook: as the program has it.
        logs: what its kernels were seen to run; None where nobody saw one.

    Raises:
        DamagedNotebook: it cannot be read.
        NotThisPage: it was not opened from the section.
        SectionRenamed: its edits are in the notes, which call the section otherwise now.
        NoCellOfPage: none of the cells that it was opened with is in it.
        NotMerged: some edits cannot be in the notes; the others are.
        Changed: a page was saved by another program meanwhile; save again.
        NotWritable: a page cannot be written; it is as it was.
        NotReadable: what the notebook was opened with cannot be read.
        Locked: another tangle is at work on this project.
    """
    check_may_repair(project)
    sources = read_cells(path.name, notebook)
    found = exported(without_outputs(notebook))
    if found is None:
        raise NotThisPage(path.name)
    client = clients(project).get(found.digest)
    if (found.section if client is None else client.section) != row.name:
        raise NotThisPage(path.name)
    record = exports(project).read(found.digest)
    if client is not None and record is not None:
        own = frozenset(cell.id for cell in record.cells)
        found = exported(without_outputs(notebook, own)) or found
    found = _of_section(found, row.name)
    stale = client is not None and client.notes != _digest(_cells(read_notes(project), row))
    try:
        report = merge_exported(project, path, found)
    except NoCellLeft as error:
        raise NoCellOfPage(path.name) from error
    notes = read_notes(project)
    if row.name not in notes.places:
        raise SectionRenamed(row.name)
    cells = _cells(notes, row)
    outputs = CellOutputs(notebook, sources, client)
    remarks = outputs.write(notes, row, cells, logs)
    kept = Client(
        section=row.name,
        at=notebook_path(row),
        used=now(),
        notes=_digest(cells),
        ran=outputs.ran,
    )
    keep_client(project, found.digest, kept)
    if report.left:
        raise NotMerged(report)
    return Saved(stale=stale, remarks=remarks)


def _of_section(notebook: Exported, name: SectionName) -> Exported:
    """A notebook whose section is known: no id of a copied cell, and no title, names another."""
    cells = tuple(replace(cell, block="") for cell in notebook.cells)
    return replace(notebook, section=name, title="", cells=cells)


def _cells(notes: Notes, row: UnitRow) -> SectionCells:
    folder = (notes.project.graph / row.section.page).parent
    return project_cells(notes.project, notes.core, notes.places[row.name], folder)


def _digest(cells: SectionCells) -> str:
    return digest_of([(cell.kind, cell.source) for cell in cells.cells])
