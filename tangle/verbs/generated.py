"""The files that a build generates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tangle.emit import script_paths, shared_files
from tangle.model import Problem, SectionName
from tangle.store import plan_tree, read_bytes
from tangle.verbs.adoption import scripted
from tangle.verbs.notes import Notes
from tangle.verbs.project import Project
from tangle.verbs.sources import without_gc
from tangle.verbs.tangled_pages import has_code_of


def generated(notes: Notes) -> Mapping[str, str]:
    """Return path and text of every file that a build generates; `held` has those that stay."""
    name = notes.named_project.package
    sections = [row.section for row in scripted(notes)]
    with without_gc():
        overlay = notes.is_overlay
        found = dict(shared_files(name, notes.module_text, sections, overlay=overlay))
        for section, path in scripts(notes).items():
            found[path] = notes.script(section)
    return found


def scripts(notes: Notes) -> Mapping[SectionName, str]:
    """Return the path of each script."""
    sections = [row.section for row in scripted(notes)]
    paths = script_paths(notes.named_project.package, sections)
    return {section.name: path for section, path in zip(sections, paths, strict=True)}


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
    paths = {problem.place.path for problem in unread}
    made = {name for name, text in texts.items() if any(has_code_of(text, path) for path in paths)}
    if made:
        made.update(
            name for name in texts if not name.startswith(f"{project.package.root}/sections/")
        )
    return {name: texts[name] for name in sorted(made)}
