"""Notes to `generated/`, and whether it is what the notes say."""

from __future__ import annotations

from tangle.pipeline.limits import overlay_notice
from tangle.pipeline.project import Project
from tangle.pipeline.reading import shown
from tangle.pipeline.reports import BuildReport
from tangle.pipeline.survey import Survey
from tangle.store import check_links, lock, make_folder, write_tree


def build(project: Project, *, check: bool = False) -> BuildReport:
    """Write the package and the section scripts; with `check` nothing is written.

    What can be tangled is, also where the notes have errors: a chunk that does not parse ends its
    section's script with a message that names the place.

    Raises:
        ForeignFile: a file stands in the way that tangle did not write.
        Outside: the output folder is a link that leads out of the project.
        NotWritable: the output folder cannot be written; nothing was changed.
        Locked: another tangle is at work on this project.
    """
    found = Survey(project)
    problems = tuple(shown(project, problem) for problem in found.problems)
    if check:
        changes = found.changes()
    else:
        check_links(project.output, project.root)
        make_folder(project.output)
        with lock(project.state):
            changes = write_tree(project.output, found.files, owned=project.package.root)
            found.remember()
    notice = overlay_notice(project.package.root, project.root)
    return BuildReport(changes=changes, problems=problems, notice=notice)
