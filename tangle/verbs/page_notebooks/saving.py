"""Open a section as a notebook, and save what a program made of it."""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from tangle.analyse import PlannedChunk, Session
from tangle.errors import Refused
from tangle.model import Result
from tangle.notes import UnitRow, units
from tangle.verbs.export import SectionCells, project_cells
from tangle.verbs.exported_notebooks import exported, keep_export
from tangle.verbs.import_page import result_of
from tangle.verbs.notes import Notes, read_notes
from tangle.verbs.page_notebooks.clients import Client, clients, keep_client, new_token, now
from tangle.verbs.page_notebooks.evidence import Log, Ran, current_outputs
from tangle.verbs.project import Project
from tangle.verbs.sync.notebook import merge_cells
from tangle.verbs.sync.sync import SyncReport
from tangle.verbs.write_back.outputs import outputs_of
from tangle.verbs.write_back.place import place
from tangle.verbs.write_back.placement import Placement
from tangle.weave.notebook_cells import SETUP_TAG
from tangle.write.foreign_cells import SourceCell, cells_of_notebook

Notebook = Mapping[str, Any]
"""A notebook in nbformat 4, as JSON has it."""

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


class NotMerged(Refused):
    """Edits of a notebook cannot be in the notes; the others are."""

    def __init__(self, report: SyncReport) -> None:
        """Say which edits, and what to do."""
        lines = [line for conflict in report.conflicts for line in _conflict(conflict)]
        lines += [f"{each.file}, line {each.at}: {each.why}" for each in report.refusals]
        super().__init__("\n".join([*lines, _RELOAD]))


def _conflict(conflict: Any) -> Iterator[str]:
    where = f"{conflict.place.path}:{conflict.place.line}"
    yield f"{where}: changed in the notes and in the notebook; neither was written."
    yield from (line for line in conflict.diff.split("\n")[3:] if line)


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
    keep_export(project, _bare(notebook))
    own = tuple(cell["id"] for cell in notebook["cells"])
    keep_client(project, token, Client(used=now(), notes=_digest(cells), own=own))
    return notebook


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
        NotThisPage: it was not opened from the section.
        NotMerged: some edits cannot be in the notes; the others are.
        Changed: a page was saved by another program meanwhile; save again.
        NotWritable: a page cannot be written; it is as it was.
        Locked: another tangle is at work on this project.
    """
    found = exported(_bare(notebook))
    if found is None or found.section != row.name:
        raise NotThisPage(path.name)
    client = clients(project).get(found.digest)
    if client is not None:
        found = exported(_bare(notebook, frozenset(client.own))) or found
    stale = client is not None and client.notes != _digest(_cells(read_notes(project), row))
    report = merge_cells(project, path, found)
    notes = read_notes(project)
    cells = _cells(notes, row)
    own = client.own if client is not None else ()
    if not report.left:
        own = tuple(str(cell.get("id")) for cell in notebook["cells"] if _text(cell).strip())
        keep_export(project, _bare(notebook, frozenset(own)))
    outputs = _Outputs(notebook, client)
    remarks = outputs.written(notes, row, cells, logs)
    kept = Client(used=now(), notes=_digest(cells), own=own, ran=outputs.ran)
    keep_client(project, found.digest, kept)
    if report.left:
        raise NotMerged(report)
    return Saved(stale=stale, remarks=remarks)


def _cells(notes: Notes, row: UnitRow) -> SectionCells:
    folder = (notes.project.graph / row.section.page).parent
    return project_cells(notes.project, notes.core, notes.places[row.name], folder)


def _digest(cells: SectionCells) -> str:
    return _of([(cell.kind, cell.source) for cell in cells.cells])


def _of(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


def _text(cell: Mapping[str, Any]) -> str:
    source = cell["source"]
    return source if isinstance(source, str) else "".join(source)


def _bare(notebook: Notebook, own: frozenset[str] | None = None) -> bytes:
    """A notebook without outputs.

    Args:
        notebook: as the program has it.
        own: the ids of the cells that the notes have: others are new, also a copy of such a cell.
    """
    seen: set[str] = set()
    cells = []
    for cell in notebook.get("cells") or ():
        bare = {name: value for name, value in cell.items() if name != "outputs"}
        if own is not None:
            name = str(cell.get("id"))
            is_own = name in own and name not in seen
            bare["metadata"] = _about(cell, is_own=is_own)
            bare["id"] = f"{name}-copy" if name in seen else name
            seen.add(name)
        cells.append(bare)
    return json.dumps({**notebook, "cells": cells}).encode()


def _about(cell: Mapping[str, Any], *, is_own: bool) -> Mapping[str, Any]:
    about = dict(cell.get("metadata") or {})
    if is_own:
        return {"tangle": {}, **about}
    about.pop("tangle", None)
    return about | {"tags": [tag for tag in about.get("tags") or () if tag != SETUP_TAG]}


class _Outputs:
    """The outputs of a notebook's cells."""

    def __init__(self, notebook: Notebook, client: Client | None) -> None:
        self._setup: Ran | None = None
        self._code: list[tuple[Ran, SourceCell]] = []
        before = {name: (run, code) for name, run, code in client.ran} if client else {}
        ran: list[tuple[str, str, str]] = []
        read = iter(cells_of_notebook(json.dumps(notebook).encode()))
        for cell in notebook["cells"]:
            about = cell.get("metadata") or {}
            is_setup = SETUP_TAG in (about.get("tags") or ())
            found = None if is_setup else next(read)
            if cell.get("cell_type") != "code":
                continue
            count, source = cell.get("execution_count"), _text(cell).rstrip("\n")
            name, code = str(cell.get("id")), _of(source)
            run = _of([count, cell.get("outputs")])
            known = before.get(name)
            of = known[1] if known is not None and known[0] == run else code
            if isinstance(count, int):
                ran.append((name, run, of))
            own = Ran(
                count=count if isinstance(count, int) else None, source=source, edited=of != code
            )
            if found is None:
                self._setup = self._setup or own
            else:
                self._code.append((own, found))
        self.ran = tuple(ran)

    def written(
        self, notes: Notes, row: UnitRow, cells: SectionCells, logs: Sequence[Log] | None
    ) -> tuple[str, ...]:
        """Write those that are of the notes' code; return what to say of the others."""
        session = units.session(notes.core, notes.places[row.name])
        code = dict(self._of_chunks(session, cells))
        ran = {index: each[0] for index, each in code.items()}
        current = current_outputs(session, ran, self._setup, logs)
        results: list[tuple[PlannedChunk, Result]] = [
            (session.chunks[index], result_of(code[index][1])) for index in sorted(current)
        ]
        left = [index for index, each in ran.items() if each.count and index not in current]
        remarks = [
            f"{row.name}: the output of chunk {index + 1} is not written: run the notebook from "
            "the top, since cells above it, or it, were edited or not run"
            for index in left
        ]
        placement = Placement()
        if results:
            place(notes, outputs_of(notes, session, results), placement)
        problems = (*placement.pending, *placement.kept)
        remarks += [f"{each.place.path}:{each.place.line}: {each.message}" for each in problems]
        remarks += [f"{page}: {each.why}; save again" for page, each in placement.deferred.items()]
        return tuple(remarks)

    def _of_chunks(
        self, session: Session, cells: SectionCells
    ) -> Iterator[tuple[int, tuple[Ran, SourceCell]]]:
        """The cells whose code the notes have, by the index of the chunk."""
        chunks = [cell for cell in cells.cells if cell.chunk]
        ours = [cell.source for cell in chunks]
        theirs = [ran.source for ran, _ in self._code]
        matcher = difflib.SequenceMatcher(None, ours, theirs, autojunk=False)
        for at, there, count in matcher.get_matching_blocks():
            for step in range(count):
                index = chunks[at + step].chunk - 1
                if session.chunks[index].code.parsed.examples is None:
                    yield index, self._code[there + step]
