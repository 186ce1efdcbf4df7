"""Notebooks as programs have them: JSON of nbformat 4."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from tangle.weave.notebook_cells import SETUP_TAG

Notebook = Mapping[str, Any]
"""A notebook in nbformat 4, as JSON has it."""


def cell_source(cell: Mapping[str, Any]) -> str:
    """Return the text of a cell.

    Args:
        cell: of a notebook.
    """
    source = cell["source"]
    return source if isinstance(source, str) else "".join(source)


def is_setup(cell: Mapping[str, Any]) -> bool:
    """Return whether a cell is the first one of an export, which tangle makes.

    Args:
        cell: of a notebook.
    """
    return SETUP_TAG in ((cell.get("metadata") or {}).get("tags") or ())


def digest_of(value: Any) -> str:
    """Return a digest of a value.

    Args:
        value: as JSON has it.
    """
    text = json.dumps(value, sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


def without_outputs(notebook: Notebook, own: frozenset[str] | None = None) -> bytes:
    """Return a notebook without outputs, as bytes.

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
