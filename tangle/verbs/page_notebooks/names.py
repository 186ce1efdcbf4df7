"""The files that pages appear as where they are shown as notebooks."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from typing import Final

from tangle.model import PagePath
from tangle.notes import UnitRow
from tangle.verbs.notes import Notes

SUFFIX: Final = ".ipynb"
_UNSAFE: Final = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]+')
_LONGEST: Final = 60
"""Characters of a title in the name of a file."""


def notebooks_in(notes: Notes, folder: str) -> Mapping[str, UnitRow]:
    """Return the notebooks of the pages in a folder, by the names of their files.

    Args:
        notes: the notes.
        folder: relative to the graph; empty for the graph itself.
    """
    rows = (row for row in _with_code(notes) if posixpath.dirname(row.section.page) == folder)
    found: dict[str, UnitRow] = {}
    for row in rows:
        found.setdefault(file_name(row), row)
    return found


def notebook_at(notes: Notes, path: str) -> UnitRow | None:
    """Return the unit that a notebook shows; None if no page appears as that file.

    The notebook of a section is found by the number alone: an edit of the heading changes the
    title, and the notebook may be open.

    Args:
        notes: the notes.
        path: of the notebook, relative to the graph.
    """
    folder, name = posixpath.split(path)
    stem = name.removesuffix(SUFFIX)
    if stem == name:
        return None
    for row in _with_code(notes):
        page_folder, page = posixpath.split(row.section.page)
        if page_folder == folder:
            own = _number(row) if row.section.number else page.rpartition(".")[0]
            if stem == own or (row.section.number and stem.startswith(f"{own} ")):
                return row
    return None


def file_name(row: UnitRow) -> str:
    """Return the name of a unit's notebook: that of its page, or its number and title.

    Args:
        row: of the unit.
    """
    page = posixpath.basename(row.section.page).rpartition(".")[0]
    if not row.section.number:
        return page + SUFFIX
    title = _UNSAFE.sub(" ", row.section.title).strip()[:_LONGEST].strip()
    return f"{_number(row)} {title}".strip() + SUFFIX


def notebook_path(row: UnitRow) -> str:
    """Return where a unit's notebook appears, relative to the graph.

    Args:
        row: of the unit.
    """
    return posixpath.join(posixpath.dirname(row.section.page), file_name(row))


def row_of_page(notes: Notes, page: PagePath) -> UnitRow | None:
    """Return the first unit of a page that has a notebook; None if there is none.

    Args:
        notes: the notes.
        page: the page.
    """
    return next((row for row in _with_code(notes) if row.section.page == page), None)


def _with_code(notes: Notes) -> tuple[UnitRow, ...]:
    return tuple(row for row in notes.rows if row.chunks)


def _number(row: UnitRow) -> str:
    return _UNSAFE.sub(" ", row.name).strip()
