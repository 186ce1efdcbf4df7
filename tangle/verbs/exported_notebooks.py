"""Notebooks as they were exported, kept below `.tangle` to compare edited ones with."""

from __future__ import annotations

import contextlib
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
    """Return the text of all cells of a notebook, each below a line that says its kind.

    Args:
        data: the file.
    """
    lines: list[str] = []
    for cell in json.loads(data.decode("utf-8-sig"))["cells"]:
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
    return about is not None and exports(project).get(about["digest"]) == flat(data)
