"""The files that a build generates."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from tangle.emit import comment, files
from tangle.model import PagePath, Problem
from tangle.store import plan_tree, read_bytes
from tangle.verbs.load import Loaded
from tangle.verbs.project import Project


def generated(loaded: Loaded) -> Mapping[str, str]:
    """Return path and text of every file that a build generates."""
    project = loaded.project
    folders = {path: folder_from_output(project, path) for path in loaded.pages}
    wanted = files(loaded.plan, folders=folders, seed=project.options.seed)
    return {**wanted, **held(project, wanted, loaded.unread)}


def held(
    project: Project, wanted: Mapping[str, str], unread: Sequence[Problem]
) -> Mapping[str, str]:
    """Return path and text of generated files that stay because their pages were left out.

    Such a file says which page its code is of. Where there is one, the package's other files stay
    as well: they name what is in it.

    Args:
        project: whose files.
        wanted: path and text of the files generated from the other pages.
        unread: the problems of the pages that were left out.
    """
    if not unread:
        return {}
    changes = plan_tree(project.output, wanted, owned=project.package.root)
    texts = {
        name: read_bytes(project.output / name).decode()
        for name in (*changes.removed, *changes.changed)
    }
    marks = [comment(f"({problem.place.path}").removeprefix("# ") for problem in unread]
    made = {name for name, text in texts.items() if any(mark in text for mark in marks)}
    if made:
        made.update(
            name for name in texts if not name.startswith(f"{project.package.root}/sections/")
        )
    return {name: texts[name] for name in sorted(made)}


def folder_from_output(project: Project, path: PagePath) -> str | None:
    """Return a page's folder relative to the output folder, if that is the same on every machine.

    Args:
        project: where notes and output are.
        path: the page, relative to the graph.
    """
    if not project.self_contained:
        return None
    folder = (project.graph / path).parent
    return Path(os.path.relpath(folder, project.output)).as_posix()
