"""Show the script of one unit."""

from __future__ import annotations

from tangle.verbs.generated import generated, held, scripts
from tangle.verbs.notes import read_notes
from tangle.verbs.project import Project
from tangle.verbs.selection import find_row


def show(project: Project, name: str) -> str:
    """Return the script of one section, as `build` writes it.

    Args:
        project: whose notes.
        name: of the section.

    Raises:
        UnknownSection: there is no such section.
        NoCode: it has no code.
        SeveralScripts: it is a chapter.
    """
    notes = read_notes(project)
    row = find_row(notes, name)
    text = notes.script(row.name)
    notes.remember()
    if notes.unread:
        path = scripts(notes).get(row.name, "")
        return held(project, generated(notes), notes.unread).get(path, text)
    return text
