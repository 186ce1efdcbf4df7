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
from tangle.store import ForeignFile, TreeChanges, lock, plan_tree, read_bytes, write_tree
from tangle.store.environment import make_folder


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
    wanted = generated(loaded)
    owned = project.package.root
    if check:
        return BuildReport(changes=generated_changes(loaded, wanted), problems=problems)
    make_folder(project.output)
    with lock(project.state):
        if loaded.unread:  # their scripts are not known to be gone
            wanted = _with_what_is_there(project, wanted)
        changes = write_tree(project.output, wanted, owned=owned)
    return BuildReport(changes=changes, problems=problems)


def _with_what_is_there(project: Project, wanted: Mapping[str, str]) -> Mapping[str, str]:
    """The files to write and, as they are, those that would be removed."""
    removed = plan_tree(project.output, wanted, owned=project.package.root).removed
    kept = {name: read_bytes(project.output / name).decode() for name in removed}
    return {**kept, **wanted}


def generated(loaded: Loaded) -> Mapping[str, str]:
    """Path and text of every file that the notes come to."""
    project = loaded.project
    folders = {path: _folder_from_output(project, path) for path in loaded.pages}
    return files(loaded.plan, folders=folders, seed=project.options.seed)


def generated_changes(loaded: Loaded, wanted: Mapping[str, str] | None = None) -> TreeChanges:
    """What building would change.

    Raises:
        ForeignFile: a file stands in the way that tangle did not write.
    """
    project = loaded.project
    changes = plan_tree(project.output, wanted or generated(loaded), owned=project.package.root)
    if changes.foreign:
        raise ForeignFile([project.output / name for name in changes.foreign])
    return changes


def _folder_from_output(project: Project, path: PagePath) -> str | None:
    """A page's folder as seen from the output folder, where that is the same on every machine."""
    if not project.self_contained:
        return None
    folder = (project.graph / path).parent
    return Path(os.path.relpath(folder, project.output)).as_posix()
