"""Show the script of one unit."""

from __future__ import annotations

from tangle.emit import script_path
from tangle.verbs.generated import generated
from tangle.verbs.load import load
from tangle.verbs.project import Project
from tangle.verbs.selection import find_session


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
    loaded = load(project)
    session = find_session(loaded.plan, name)
    return generated(loaded)[script_path(loaded.plan, session.name)]
