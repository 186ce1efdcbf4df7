"""Notebooks and scripts as they were exported, kept below `.tangle` to compare edited ones with."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

from msgspec import Struct

from tangle.errors import Refused
from tangle.store import EXPORTS, Records
from tangle.verbs.exported_scripts import ScriptCell, script_cells
from tangle.verbs.project import Project
from tangle.weave.notebook import FORMAT, exported_script
from tangle.weave.notebook_cells import SETUP_TAG
from tangle.write.foreign_cells import cell_text

LARGEST: Final = 512 * 1024 * 1024
"""Bytes of a notebook that is read."""

_DIGEST: Final = re.compile(r"[0-9a-f]{12}")


class OtherVersion(Refused):
    """A file was exported by a tangle that writes another form of it."""

    def __init__(self) -> None:
        """Say the way out."""
        super().__init__(
            "another version of tangle exported this file: export the section again and repeat the "
            "edits there, or make a page of this file with --page"
        )


class BaseCell(Struct, frozen=True, kw_only=True):
    """A cell that both the notes and a notebook began with.

    Attributes:
        id: that the notebook gives it; empty for cells of the notes.
        source: its text, without line feeds at the end.
        setup: whether it is the first cell, which tangle makes.
    """

    id: str
    kind: str
    source: str
    setup: bool = False


class ExportRecord(Struct, frozen=True, kw_only=True):
    """The cells of a notebook that the notes have, in the order of the notebook.

    Attributes:
        assumed: whether the export itself was not kept. Then a cell that only the notes have may be
            new there, or deleted in the notebook.
    """

    cells: tuple[BaseCell, ...]
    assumed: bool = False


class ExportedCell(Struct, frozen=True, kw_only=True):
    """A cell of a notebook that was exported, and perhaps edited.

    Attributes:
        at: its number in the notebook, from 1.
        source: its text, without line feeds at the end.
        id: as editors keep it; a digest of the cell where it has none.
        own: whether it says that tangle exported it; so does a copy.
        setup: whether it is the first cell, which tangle makes.
        raw: the cell, as a notebook has it.
        block: the `id::` of the block that it is from; empty where that had none.
    """

    at: int
    kind: str
    source: str
    id: str
    own: bool
    setup: bool
    raw: Mapping[str, Any]
    block: str = ""

    @property
    def base(self) -> BaseCell:
        """The cell, as it is kept."""
        return BaseCell(id=self.id, kind=self.kind, source=self.source, setup=self.setup)


class Exported(Struct, frozen=True, kw_only=True):
    """A notebook or script that was exported, and perhaps edited.

    Attributes:
        section: that it is from.
        title: of the section, then.
        page: of the section, then, relative to the graph.
        digest: of the export.
        cells: without added ones that are blank, which Jupyter leaves behind the last that ran.
        metadata: of the notebook.
    """

    form: Literal["notebook", "script"]
    section: str
    title: str
    page: str
    digest: str
    cells: tuple[ExportedCell, ...]
    metadata: Mapping[str, Any]

    @property
    def record(self) -> ExportRecord:
        """The cells, as they are kept."""
        return ExportRecord(cells=tuple(cell.base for cell in self.cells))


Lookup = Callable[[str], Mapping[str, str]]
"""Finds what the cells of an export said, by its digest: text by id."""


def exported(data: bytes, known: Lookup = lambda _: {}) -> Exported | None:
    """Return a notebook or script that tangle exported; None of any other file, or a damaged one.

    Args:
        data: the file.
        known: what was exported; a line of a script that looks like the head of a cell, but was a
            line of code there, is none.

    Raises:
        OtherVersion: another version of tangle exported it.
    """
    text = data.decode("utf-8-sig", "replace").replace("\r\n", "\n")
    if (script := exported_script(text)) is not None:
        if script.about is None:
            raise OtherVersion
        found = script_cells(script.body, known(script.digest))
        cells = (_of_script(*entry) for entry in enumerate(found, 1))
        return _exported("script", script.digest, script.about, tuple(cells), {})
    try:
        notebook = json.loads(text)
        metadata = notebook["metadata"]
        about, digest = metadata["tangle"], metadata["tangle"]["digest"]
        if not (isinstance(digest, str) and _DIGEST.fullmatch(digest)):
            return None
        if about.get("format") != FORMAT:
            raise OtherVersion
        cells = (_cell(*entry) for entry in enumerate(notebook.get("cells") or (), 1))
        return _exported("notebook", digest, about, tuple(cells), metadata)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _exported(
    form: Literal["notebook", "script"],
    digest: str,
    about: Mapping[str, Any],
    cells: tuple[ExportedCell, ...],
    metadata: Mapping[str, Any],
) -> Exported:
    return Exported(
        form=form,
        section=cell_text(about["section"]),
        title=cell_text(about.get("title") or ""),
        page=cell_text(about.get("page") or ""),
        digest=digest,
        cells=tuple(cell for cell in cells if cell.own or cell.source.strip()),
        metadata=metadata,
    )


def _cell(at: int, cell: Mapping[str, Any]) -> ExportedCell:
    about = cell.get("metadata") or {}
    text = cell_text(cell["source"]).rstrip("\n")
    kind = cell_text(str(cell.get("cell_type")))
    setup = SETUP_TAG in (about.get("tags") or ())
    own = about.get("tangle")
    return ExportedCell(
        at=at,
        kind=kind,
        source=text,
        id="".join(cell_text(str(cell.get("id") or _digest_of(kind, text))).split()),
        own=own is not None or setup,
        setup=setup,
        raw=cell,
        block=cell_text(own.get("block") or "") if own is not None else "",
    )


def _of_script(at: int, cell: ScriptCell) -> ExportedCell:
    raw = {"cell_type": cell.kind, "source": cell.foreign, "metadata": {}}
    return ExportedCell(
        at=at,
        kind=cell.kind,
        source=cell.source,
        id=cell.id or _digest_of(cell.kind, cell.source),
        own=bool(cell.id) or cell.setup,
        setup=cell.setup,
        raw=raw,
        block=cell.block,
    )


def _digest_of(kind: str, source: str) -> str:
    return hashlib.sha256(f"{kind}\0{source}".encode()).hexdigest()[:12]


def exports(project: Project) -> Records[ExportRecord]:
    """Return what was exported, by the digest that the files name.

    Args:
        project: whose notebooks.
    """
    return Records(project.state / EXPORTS, ExportRecord)


def known_texts(project: Project) -> Lookup:
    """Return what finds the texts of cells that were exported.

    Args:
        project: whose notebooks.
    """

    def known(digest: str) -> Mapping[str, str]:
        record = exports(project).read(digest)
        return {cell.id: cell.source for cell in record.cells} if record is not None else {}

    return known


def keep_export(project: Project, data: bytes, code: Mapping[str, str]) -> None:
    """Keep what was exported, so that edits of it can be imported.

    Args:
        project: whose notes.
        data: the notebook or script.
        code: of each cell of the script, by the id of the cell.
    """
    found = exported(data, lambda _: code)
    if found is not None and exports(project).get(found.digest) != found.record:
        with contextlib.suppress(Refused):
            exports(project).put(found.digest, found.record)


def is_imported(project: Project, data: bytes) -> bool:
    """Return whether the notes have all edits of an exported notebook or script.

    Args:
        project: whose notes.
        data: the file.
    """
    records = exports(project)
    try:
        found = exported(data, known_texts(project))
    except OtherVersion:
        return False
    record = records.get(found.digest) if found is not None else None
    return found is not None and record is not None and _said(record) == _said(found.record)


def _said(record: ExportRecord) -> list[tuple[str, str]]:
    return [(cell.kind, cell.source) for cell in record.cells if not cell.setup]
