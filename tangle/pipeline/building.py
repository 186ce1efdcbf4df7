"""Notes to `generated/`, and whether it is what the notes say."""

from __future__ import annotations

from collections.abc import Mapping

from tangle.pipeline.memory import Memory
from tangle.pipeline.problems import shown
from tangle.pipeline.project import Project
from tangle.pipeline.reports import BuildReport
from tangle.pipeline.survey import Survey, survey
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
    memory = Memory(project, create=not check)
    found = survey(project, memory)
    problems = tuple(shown(project, problem) for problem in found.problems)
    if check:
        return BuildReport(changes=generated_changes(found), problems=problems)
    make_folder(project.output)
    with lock(project.state):
        changes = write_tree(project.output, generated(found), owned=project.package.root)
    return BuildReport(changes=changes, problems=problems)


def generated(found: Survey) -> Mapping[str, str]:
    """Path and text of every file that the notes come to.

    Where pages cannot be read, files that only they may have made are wanted as they are.
    """
    if not found.unread:
        return found.files
    project = found.project
    removed = plan_tree(project.output, found.files, owned=project.package.root).removed
    kept = {name: read_bytes(project.output / name).decode() for name in removed}
    return kept | dict(found.files)


def generated_changes(found: Survey) -> TreeChanges:
    """What building would change.

    Raises:
        ForeignFile: a file stands in the way that tangle did not write.
    """
    project = found.project
    changes = plan_tree(project.output, generated(found), owned=project.package.root)
    if changes.foreign:
        raise ForeignFile([project.output / name for name in changes.foreign])
    return changes
