"""A project whose configuration, or graph of Logseq 2, may change while a server lives."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from tangle.engine.file_identity import file_stamp
from tangle.store import Changes, page_files, read_bytes
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
        self._source = _source_stamps(project)

    def __call__(self) -> Project:
        """Return the project.

        Raises:
            BadConfig: its configuration cannot be obeyed now, or names another graph.
            NotReadable: its configuration, or what it was made from, cannot be read.
            DatabaseInUse: the database that it was made from is open in another program.
            NotWritable, Locked: what is made from that cannot be written.
        """
        with self._lock:
            self._take_source()
            config = self._project.config
            if config is None or (stamp := _stamp(config)) == self._stamp:
                return self._project
            project = with_options(self._project, read_bytes(config))
            if project.graph != self._project.graph:
                hint = "restart the server"
                raise BadConfig(config, "it names another graph now", hint, option="graph")
            self._project, self._stamp = project, stamp
            return project

    def _take_source(self) -> None:
        """Bring the pages up to date with a mirror, or with a database that is exported again."""
        stamps, source = _source_stamps(self._project), self._project.source
        if source is not None and stamps != self._source:
            from tangle.verbs.converted_graph import convert  # few graphs are of Logseq 2

            convert(source)
            self._source = stamps


def _source_stamps(project: Project) -> tuple[tuple[str, str], ...]:
    """What a change of the mirror or the database shows in."""
    source = project.source
    if source is None:
        return ()
    if source.is_mirror:
        paths = [source.path / path for path in page_files(source.path)]
    else:
        paths = [source.path, source.path.with_name(f"{source.path.name}-wal")]
    return tuple((str(path), file_stamp(str(path))) for path in paths)


def _stamp(config: Path | None) -> str:
    return file_stamp(str(config)) if config is not None else ""


def changes(project: Project) -> Changes:
    """Return what reports the files of the graph that change from now on, until it is closed.

    Raises:
        NotReadable: the graph cannot be watched.
    """
    return Changes(project.graph)
