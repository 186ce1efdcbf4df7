"""Notes to `generated/`, and whether it is what the notes say."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from tangle.emit import files
from tangle.model import PagePath
from tangle.pipeline.load import Loaded, load, shown
from tangle.pipeline.project import Project
from tangle.pipeline.reports import BuildReport
from tangle.store import (
    ForeignFile,
    TreeChanges,
    lock,
    make_folder,
    plan_tree,
    read_bytes,
    write_tree,
)


def build(project: Project, *, check: bool = False) -> BuildReport:
    """Write the package and the section scripts; with `check` nothing is written.

    What can be tangled is, also where the notes have errors: a chunk that does not parse ends its
    section's script with a message that names the place.

    Raises:
        ForeignFile: a file stands in the way that tangle did not write.
        NotWritable: the output folder cannot be written; nothing was changed.
        Locked: another tangle is at work on this project.
    """
    loaded = load(project)
    problems = tuple(shown(project, problem) for problem in loaded.problems)
    if check:
        return BuildReport(changes=generated_changes(loaded), problems=problems)
    make_folder(project.output)
    with lock(project.state):
        changes = write_tree(project.output, generated(loaded), owned=project.package.root)
    return BuildReport(changes=changes, problems=problems)


def generated(loaded: Loaded) -> Mapping[str, str]:
    """Path and text of every file that the notes come to.

    Where pages cannot be read, files that only they may have made are wanted as they are.
    """
    project = loaded.project
    folders = {path: _folder_from_output(project, path) for path in loaded.pages}
    wanted = files(loaded.plan, folders=folders, seed=project.options.seed)
    if not loaded.unread:
        return wanted
    removed = plan_tree(project.output, wanted, owned=project.package.root).removed
    return {name: read_bytes(project.output / name).decode() for name in removed} | dict(wanted)


def generated_changes(loaded: Loaded) -> TreeChanges:
    """What building would change.

    Raises:
        ForeignFile: a file stands in the way that tangle did not write.
    """
    project = loaded.project
    changes = plan_tree(project.output, generated(loaded), owned=project.package.root)
    if changes.foreign:
        raise ForeignFile([project.output / name for name in changes.foreign])
    return changes


def _folder_from_output(project: Project, path: PagePath) -> str | None:
    """A page's folder as seen from the output folder, where that is the same on every machine."""
    if not project.self_contained:
        return None
    folder = (project.graph / path).parent
    return Path(os.path.relpath(folder, project.output)).as_posix()
