"""Notebooks as they were exported, kept below `.tangle` to compare edited ones with."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

from tangle.errors import Refused
from tangle.store import EXPORTS, Records
from tangle.verbs.project import Project
from tangle.weave.notebook_cells import SETUP_TAG
from tangle.write.foreign_cells import cell_text

LARGEST: Final = 512 * 1024 * 1024
"""Bytes of a notebook that is read."""

_DIGEST: Final = re.compile(r"[0-9a-f]{12}")


class ExportedCell(Struct, frozen=True, kw_only=True):
    """A cell of a notebook that was exported, and perhaps edited.

    Attributes:
        at: its number in the notebook, from 1.
        source: its text, without line feeds at the end.
        id: as editors keep it; a digest of the cell where it has none.
        own: whether the export made it.
        raw: the cell as the file has it.
    """

    at: int
    kind: str
    source: str
    id: str
    own: bool
    raw: Mapping[str, Any]

    @property
    def digest(self) -> str:
        """A digest of what the cell says."""
        return _digest_of(self.kind, self.source)


class Exported(Struct, frozen=True, kw_only=True):
    """A notebook that was exported, and perhaps edited.

    Attributes:
        section: that it is from.
        digest: of the export.
        cells: without added ones that are blank, which Jupyter leaves behind the last that ran.
        metadata: of the notebook.
    """

    section: str
    digest: str
    cells: tuple[ExportedCell, ...]
    metadata: Mapping[str, Any]

    @property
    def own(self) -> tuple[ExportedCell, ...]:
        """The cells that the export made."""
        return tuple(cell for cell in self.cells if cell.own)

    @property
    def flat(self) -> str:
        """The text of the exported cells, each below a line that says its kind."""
        lines = (line for cell in self.own for line in flat_cell(cell.kind, cell.source))
        return "".join(f"{line}\n" for line in lines)


def exported(data: bytes) -> Exported | None:
    """Return a notebook that tangle exported; None of any other file, or a damaged one.

    Args:
        data: the file.
    """
    try:
        notebook = json.loads(data.decode("utf-8-sig"))
        metadata = notebook["metadata"]
        about = metadata["tangle"]
        if not (_DIGEST.fullmatch(about["digest"]) and isinstance(about["section"], str)):
            return None
        cells = (_cell(*entry) for entry in enumerate(notebook.get("cells") or (), 1))
        return Exported(
            section=cell_text(about["section"]),
            digest=about["digest"],
            cells=tuple(cell for cell in cells if cell.own or cell.source.strip()),
            metadata=metadata,
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _cell(at: int, cell: Mapping[str, Any]) -> ExportedCell:
    about = cell.get("metadata") or {}
    text = cell_text(cell["source"]).rstrip("\n")
    kind = cell_text(str(cell.get("cell_type")))
    return ExportedCell(
        at=at,
        kind=kind,
        source=text,
        id="".join(cell_text(str(cell.get("id") or _digest_of(kind, text))).split()),
        own=about.get("tangle") is not None or SETUP_TAG in (about.get("tags") or ()),
        raw=cell,
    )


def _digest_of(kind: str, source: str) -> str:
    return hashlib.sha256(f"{kind}\0{source}".encode()).hexdigest()[:12]


def flat_cell(kind: str, text: str) -> list[str]:
    """Return the lines of a cell, below one that says its kind.

    Args:
        kind: of the cell.
        text: its source.
    """
    return [f"# %% {kind}", *text.rstrip("\n").split("\n")]


def exports(project: Project) -> Records[str]:
    """Return the texts of notebooks as they were exported, by the digest in their metadata.

    Args:
        project: whose notebooks.
    """
    return Records(project.state / EXPORTS, str)


def keep_export(project: Project, data: bytes) -> None:
    """Keep what was exported, so that edits of it can be imported.

    Args:
        project: whose notes.
        data: the notebook.
    """
    found = exported(data)
    if found is not None and exports(project).get(found.digest) != found.flat:
        with contextlib.suppress(Refused):
            exports(project).put(found.digest, found.flat)


def is_imported(project: Project, data: bytes) -> bool:
    """Return whether the notes have all edits of an exported notebook.

    Args:
        project: whose notes.
        data: the notebook.
    """
    found = exported(data)
    if found is None or exports(project).get(found.digest) != found.flat:
        return False
    known = known_cells(project, found.digest)
    return all(cell.own or known.get(cell.id) == cell.digest for cell in found.cells)


def known_cells(project: Project, digest: str) -> dict[str, str]:
    """Return the added cells that the notes have: what each said, by its id.

    Args:
        project: whose notebooks.
        digest: of the export.
    """
    text = exports(project).get(f"{digest}n") or ""
    return {line[13:]: line[:12] for line in text.split("\n") if line}
