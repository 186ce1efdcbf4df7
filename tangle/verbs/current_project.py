"""A project whose configuration may change while a server lives."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from tangle.engine.file_identity import file_stamp
from tangle.store import Changes, read_bytes
from tangle.verbs.config_errors import BadConfig
from tangle.verbs.project import Project, with_options

if TYPE_CHECKING:
    from pathlib import Path


class CurrentProject:
    """Gives a project with its configuration as it is now; may be asked in any thread."""

    def __init__(self, project: Project) -> None:
        """Start with a project as it was found."""
        self._lock = threading.Lock()
        self._project = project
        self._stamp = _stamp(project.config)

    def __call__(self) -> Project:
        """Return the project.

        Raises:
            BadConfig: its configuration cannot be obeyed now, or names another graph.
            NotReadable: its configuration cannot be read.
        """
        with self._lock:
            config = self._project.config
            if config is None or (stamp := _stamp(config)) == self._stamp:
                return self._project
            project = with_options(self._project, read_bytes(config))
            if project.graph != self._project.graph:
                hint = "restart the server"
                raise BadConfig(config, "it names another graph now", hint, option="graph")
            self._project, self._stamp = project, stamp
            return project


def _stamp(config: Path | None) -> str:
    return file_stamp(str(config)) if config is not None else ""


def changes(project: Project) -> Changes:
    """Return what reports the files of the graph that change from now on, until it is closed.

    Raises:
        NotReadable: the graph cannot be watched.
    """
    return Changes(project.graph)
