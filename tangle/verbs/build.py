"""Generate `generated/` from the notes, or check that it is current."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from tangle.errors import Refused
from tangle.model import Problem
from tangle.model.problems.page import NOT_DOWNLOADED
from tangle.store import (
    ForeignFile,
    TreeChanges,
    check_links,
    lock,
    make_folder,
    plan_tree,
    write_tree,
)
from tangle.verbs.adoption import adopted_pages, reported, scripted
from tangle.verbs.config_limits import overlay_notice
from tangle.verbs.generated import Builds, generated, held, scripts
from tangle.verbs.last_build import LastBuild
from tangle.verbs.notes import Notes, read_notes
from tangle.verbs.project import Project
from tangle.verbs.reports.values import BuildReport
from tangle.verbs.sources import shown
from tangle.verbs.unmatched_globs import unmatched_globs


class NoScriptLeft(Refused):
    """A build would remove every script; nothing was changed.

    Attributes:
        scripts: their paths, relative to the output folder.
    """

    def __init__(self, project: Project, scripts: Sequence[str]) -> None:
        """Say how many, why, and what to do about it."""
        self.scripts = tuple(scripts)
        count = "its only script" if len(scripts) == 1 else f"all of its {len(scripts)} scripts"
        super().__init__(
            f"{project.output}: {count} would be removed, because no section in {project.graph} "
            "has code; nothing was changed: check that these are the right notes and that all "
            "pages are there, or remove the scripts with `tangle build --force`"
        )


class PagesMissing(Refused):
    """Generated files contain code of pages that are not on this machine; nothing was written."""

    def __init__(self, problem: Problem, files: Iterable[str]) -> None:
        """Name the page and the files."""
        hint = f"; {problem.hint}" if problem.hint else ""
        super().__init__(
            f"{problem.place}: {problem.message}; nothing was built, because generated files have "
            f"code from this page: {', '.join(files)}{hint}"
        )


class EditedFiles(Refused):
    """Generated files were edited, and the notes do not have the edits; nothing was written.

    Attributes:
        files: the files, relative to the output folder.
    """

    def __init__(self, project: Project, files: Sequence[str]) -> None:
        """Name the files, and both ways out."""
        self.files = tuple(files)
        names = ", ".join(str(project.output / name) for name in files)
        super().__init__(
            f"{names}: edited since tangle generated it; nothing was built: bring the edits into "
            "the notes with `tangle sync`, or drop them with `tangle build --force`"
        )


def build(project: Project, *, check: bool = False, force: bool = False) -> BuildReport:
    """Write the package and the section scripts; with `check` nothing is written.

    What can be tangled is, also where the notes have errors: a chunk that does not parse ends its
    section's script with a message that names the place.

    Args:
        project: whose notes.
        check: write nothing, and report what would change.
        force: remove the last scripts, too, where no section has code any more, and overwrite
            edits.

    Raises:
        EditedFiles: files have edits that the notes do not have; nothing was changed.
        NoScriptLeft: every script would go; nothing was changed.
        PagesMissing: files would lose the code of pages that were left out.
        ForeignFile: a file stands in the way that tangle did not write.
        Outside: the output folder is a link that leads out of the project.
        NotWritable: the output folder cannot be written; nothing was changed.
        Locked: another tangle is at work on this project.
    """
    notes = read_notes(project)
    project = notes.named_project
    found = reported(notes, notes.problems, adopted_pages(notes), every=False)
    problems = (*(shown(project, problem) for problem in found), *unmatched_globs(notes))
    made = generated(notes)
    kept = held(project, made, notes.unread)
    wanted = {**made, **kept}
    if check:
        changes = tree_changes(project, wanted)
        notes.remember()
    else:
        texts = "".join(kept.values())
        for problem in notes.unread:
            if problem.code == NOT_DOWNLOADED.code and problem.place.path in texts:
                raise PagesMissing(shown(project, problem), kept)
        check_links(project.output, project.root)
        make_folder(project.output)
        with lock(project.state):
            planned = tree_changes(project, wanted)
            if not force:
                _keep_the_last(notes, planned)
                _keep_edits(notes, wanted, planned)
            last = LastBuild(project)
            if planned.any:
                last.begin(wanted)
            changes = write_tree(
                project.output,
                wanted,
                owned=project.package.root,
                former=Builds(project).former(),
            )
            last.keep(wanted)
            Builds(project).keep()
            notes.remember()
    notice = _notice(notes, project)
    left_out = sum(bool(row.chunks) for row in notes.rows) - len(scripted(notes))
    return BuildReport(changes=changes, problems=problems, notice=notice, left_out=left_out)


def _notice(notes: Notes, project: Project) -> str | None:
    """What a person should know of the package's name."""
    root = project.package.root
    if notes.avoided:
        return (
            f"notice: the generated package is called {root}, since the graph's name would hide "
            f"{notes.avoided}; `package` in tangle.toml gives it another name"
        )
    return overlay_notice(root, project.root, overlay=notes.is_overlay)


def tree_changes(project: Project, wanted: Mapping[str, str]) -> TreeChanges:
    """Return what writing files would change in the output folder.

    Args:
        project: with the output folder.
        wanted: the text of each file, by its path in that folder.

    Raises:
        ForeignFile: a file stands in the way that tangle did not write.
    """
    former = Builds(project).former()
    changes = plan_tree(project.output, wanted, owned=project.package.root, former=former)
    if changes.foreign:
        raise ForeignFile([project.output / name for name in changes.foreign])
    return changes


def _keep_edits(notes: Notes, wanted: Mapping[str, str], changes: TreeChanges) -> None:
    """Refuse to overwrite or remove a file with edits that the notes do not have."""
    if not (changes.changed or changes.removed):
        return
    last = LastBuild(notes.named_project).texts()
    if names := [name for name in (*changes.changed, *changes.removed) if name in last]:
        from tangle.verbs.sync.edited_files import edited_files

        if found := [file.name for file in edited_files(notes, wanted, names)]:
            raise EditedFiles(notes.named_project, found)


def _keep_the_last(notes: Notes, changes: TreeChanges) -> None:
    """Refuse to remove every script: it may be the wrong graph, or its pages may be missing."""
    if scripts(notes):
        return
    from tangle.emit import is_script

    project = notes.named_project
    names = (project.package.root, *Builds(project).former())
    if left := [name for name in changes.removed if any(is_script(name, root) for root in names)]:
        raise NoScriptLeft(project, left)
