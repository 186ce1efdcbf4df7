"""The files that a build generates, and what earlier builds have left."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import Final

from tangle.emit import script_paths, shared_files
from tangle.errors import Refused
from tangle.model import Problem, SectionName
from tangle.store import BUILDS, Records, generated_folders, plan_tree, read_bytes
from tangle.verbs.adoption import scripted
from tangle.verbs.notes import Notes
from tangle.verbs.project import Project
from tangle.verbs.sources import without_gc
from tangle.verbs.tangled_pages import has_code_of

_KEY: Final = "packages"


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
    as well: they name what is in it. So do all files under an earlier name of the package.

    Args:
        project: whose files.
        wanted: path and text of the files generated from the other pages.
        unread: the problems of the pages that were left out.
    """
    if not unread:
        return {}
    root = project.package.root
    # Without the pages that were left out, the package may have another name than it had.
    tops = generated_folders(project.output)
    changes = plan_tree(project.output, wanted, owned=root, former=tops)
    texts = {
        name: read_bytes(project.output / name).decode()
        for name in (*changes.removed, *changes.changed)
    }
    paths = {problem.place.path for problem in unread}
    made = {name for name, text in texts.items() if any(has_code_of(text, path) for path in paths)}
    tops = tuple({name.partition("/")[0] for name in made})
    made.update(
        name
        for name in texts
        if name.startswith(tuple(f"{top}/" for top in tops))
        and not name.startswith(f"{root}/sections/")
    )
    return {name: texts[name] for name in sorted(made)}


class Builds:
    """The package that the last build left in each output folder, kept below `.tangle`.

    A package whose name the notes have changed goes by it. A record that is lost or damaged counts
    as none: then what stands under the old name stays.
    """

    def __init__(self, project: Project) -> None:
        """Look at nothing yet."""
        self._project = project
        self._records = Records(project.state / BUILDS, dict[str, str])

    def former(self) -> tuple[str, ...]:
        """Return the package's earlier name, if it had another one."""
        found = (self._records.get(_KEY) or {}).get(str(self._project.output), "")
        return (found,) if found.isidentifier() and found != self._project.package.root else ()

    def keep(self) -> None:
        """Record what the package is called now; do nothing if that cannot be written."""
        known = self._records.get(_KEY) or {}
        now = {**known, str(self._project.output): self._project.package.root}
        if now != known:
            with contextlib.suppress(Refused):
                self._records.put(_KEY, dict(sorted(now.items())))
