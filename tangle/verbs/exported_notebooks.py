"""Notebooks as they were exported, kept below `.tangle` to compare edited ones with."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any, Final

from tangle.errors import Refused
from tangle.store import EXPORTS, Records
from tangle.verbs.project import Project

MARK: Final = "# %% "
"""What begins the line above the text of each cell."""

_DIGEST: Final = re.compile(r"[0-9a-f]{12}")


def exported(data: bytes) -> Mapping[str, Any] | None:
    """Return what a notebook says of its export; None if tangle did not export it.

    Args:
        data: the file.
    """
    try:
        found = json.loads(data.decode("utf-8-sig"))["metadata"]["tangle"]
        whole = _DIGEST.fullmatch(found["digest"]) and isinstance(found["section"], str)
        return found if whole else None
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def flat(data: bytes) -> str:
    """Return the text of the exported cells of a notebook, each below a line that says its kind.

    Args:
        data: the file.
    """
    lines: list[str] = []
    for cell in filter(is_exported_cell, json.loads(data.decode("utf-8-sig"))["cells"]):
        source = cell["source"]
        text = source if isinstance(source, str) else "".join(source)
        lines += flat_cell(cell["cell_type"], text.replace("\r\n", "\n"))
    return "".join(f"{line}\n" for line in lines)


def flat_cell(kind: str, text: str) -> list[str]:
    """Return the lines of a cell, below one that says its kind.

    Args:
        kind: of the cell.
        text: its source.
    """
    return [f"{MARK}{kind}", *text.rstrip("\n").split("\n")]


def is_exported_cell(cell: Mapping[str, Any]) -> bool:
    """Return whether a cell is one that an export made.

    Args:
        cell: of a notebook.
    """
    about = cell.get("metadata") or {}
    return "tangle" in about or "tangle-setup" in (about.get("tags") or ())


def digest_of(cell: Mapping[str, Any]) -> str:
    """Return a digest of what a cell says.

    Args:
        cell: of a notebook.
    """
    source = cell.get("source", "")
    text = source if isinstance(source, str) else "".join(source)
    said = f"{cell.get('cell_type')}\0{text}".encode("utf-8", "replace")
    return hashlib.sha256(said).hexdigest()[:12]


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
    about = exported(data)
    if about is not None:
        with contextlib.suppress(Refused):
            exports(project).put(about["digest"], flat(data))


def is_imported(project: Project, data: bytes) -> bool:
    """Return whether the notes have all edits of an exported notebook.

    Args:
        project: whose notes.
        data: the notebook.
    """
    about = exported(data)
    if about is None or exports(project).get(about["digest"]) != flat(data):
        return False
    known = known_cells(project, about["digest"])
    cells = json.loads(data.decode("utf-8-sig"))["cells"]
    return all(is_exported_cell(c) or known.get(cell_key(c)) == digest_of(c) for c in cells)


def known_cells(project: Project, digest: str) -> dict[str, str]:
    """Return the added cells that the notes have: what each said, by its id.

    Args:
        project: whose notebooks.
        digest: of the export.
    """
    text = exports(project).get(f"{digest}n") or ""
    return {line[13:]: line[:12] for line in text.split("\n") if line}


def cell_key(cell: Mapping[str, Any]) -> str:
    """Return the id of a cell, or what stands for it where it has none.

    Args:
        cell: of a notebook.
    """
    return "".join(str(cell.get("id") or digest_of(cell)).split())
