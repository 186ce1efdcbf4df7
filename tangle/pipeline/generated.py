"""The files that the notes come to."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from tangle.emit import files
from tangle.model import PagePath
from tangle.pipeline.load import Loaded
from tangle.pipeline.project import Project
from tangle.store import plan_tree, read_bytes


def generated(loaded: Loaded) -> Mapping[str, str]:
    """Path and text of every file that the notes come to."""
    project = loaded.project
    folders = {path: folder_from_output(project, path) for path in loaded.pages}
    wanted = files(loaded.plan, folders=folders, seed=project.options.seed)
    return with_unread(project, wanted) if loaded.unread else wanted


def with_unread(project: Project, wanted: Mapping[str, str]) -> Mapping[str, str]:
    """Where pages cannot be read, files that only they may have made are wanted as they are."""
    removed = plan_tree(project.output, wanted, owned=project.package.root).removed
    return {name: read_bytes(project.output / name).decode() for name in removed} | dict(wanted)


def folder_from_output(project: Project, path: PagePath) -> str | None:
    """A page's folder as seen from the output folder, where that is the same on every machine."""
    if not project.self_contained:
        return None
    folder = (project.graph / path).parent
    return Path(os.path.relpath(folder, project.output)).as_posix()
