"""Rename a page that no other page names."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from tangle.errors import Refused
from tangle.notes import UnitRow
from tangle.store import lock, make_folder, move_file
from tangle.verbs.graph_sources import check_may_repair
from tangle.verbs.import_page import page_path
from tangle.verbs.notes import Notes, read_notes
from tangle.verbs.page_notebooks.clients import renamed
from tangle.verbs.page_notebooks.names import SUFFIX, notebook_path, row_of_page
from tangle.verbs.project import Project

_TITLED: Final = re.compile(r"(?:- )?(?:[\w-]+:: [^\n]*\n)*title::")
"""The properties of a page that says its title itself."""


class CannotRename(Refused):
    """A page keeps its name."""

    def __init__(self, page: str, why: str) -> None:
        """Say why, and the way out."""
        super().__init__(f"{page}: {why}; rename the page in Logseq, which changes its links too")


def rename_page(project: Project, row: UnitRow, file: Path) -> None:
    """Rename the page that a notebook shows, if nothing refers to it by its title.

    Args:
        project: whose page.
        row: of the page.
        file: where its notebook shall appear.

    Raises:
        CannotRename: pages name it, or it is a section of a page, or `file` is no place for it.
        PageExists: there is a page of that title.
        NotWritable, Locked: it keeps its name.
    """
    check_may_repair(project)
    notes = read_notes(project)
    page = row.section.page
    shown = project.shown(page)
    if row.section.number:
        raise CannotRename(shown, "the notebook is called as its section is")
    if file.suffix != SUFFIX or file.parent != (project.graph / page).parent:
        raise CannotRename(shown, "a page stays in its folder, and its notebook ends in .ipynb")
    title = notes.title(page)
    if _is_named(notes, row, title):
        raise CannotRename(shown, f"pages refer to {title!r}, or it says its title itself")
    new = page_path(notes, file.stem)
    if (project.graph / new).parent != file.parent or Path(new).stem != file.stem:
        raise CannotRename(shown, f"no file of a page can be called {file.stem!r}")
    make_folder(project.state)
    with lock(project.state, notes=project.graph):
        move_file(project.graph / page, project.graph / new)
    found = row_of_page(read_notes(project), new)
    if found is not None:
        renamed(project, row.name, found.name, notebook_path(found))


def _is_named(notes: Notes, row: UnitRow, title: str) -> bool:
    own = row.section.page
    words = re.escape(title)
    mention = re.compile(rf"(?i)\[\[{words}\]\]|#{words}(?!\w)|::[^\n]*{words}")
    if _TITLED.match(notes.sources.data[own].decode("utf-8-sig")):
        return True
    others = (notes.sources.data[path] for path in notes.pages if path != own)
    return any(mention.search(data.decode("utf-8", "replace")) for data in others)
