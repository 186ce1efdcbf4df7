"""Where a session of a project finds installed modules."""

from __future__ import annotations

import sys
from pathlib import Path

from tangle.store import ModuleFiles
from tangle.verbs.project import Project


def module_files(project: Project) -> ModuleFiles:
    """The installed modules that a session of a project would import.

    Args:
        project: what stands in its folders is its own and not installed.
    """
    own = {str(project.root), str(project.output), str(Path.cwd()), str(Path(sys.argv[0]).parent)}
    return ModuleFiles([folder for folder in sys.path if folder not in own])
