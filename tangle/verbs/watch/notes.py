"""The notes while they are watched: read again as far as they changed, and no further."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path, PurePosixPath

from tangle import PAGE_SUFFIXES, STATE_FOLDER
from tangle.analyse import Known
from tangle.link import CONFIG
from tangle.model import PagePath
from tangle.store import NotReadable, read_bytes
from tangle.verbs.load import LastTime, Loaded, loaded
from tangle.verbs.project import Project
from tangle.verbs.sources import Sources, read

_NO_NOTES = frozenset({".git", STATE_FOLDER})


class WatchedNotes:
    """A project's notes, kept up to date.

    Attributes:
        now: the loaded notes.
    """

    def __init__(self, project: Project) -> None:
        """Reads them.

        Raises:
            NotReadable: the graph's folder cannot be listed.
        """
        self._last = LastTime(plan=Known())
        self.now: Loaded = loaded(project, read(project), last=self._last)

    def update(self, paths: Collection[Path]) -> bool:
        """Takes in what may have changed; whether the notes are others now.

        Args:
            paths: what the system says has changed.

        Raises:
            NotReadable: the graph's folder cannot be listed.
        """
        graph = self.now.project.graph
        named = [path.relative_to(graph) for path in paths if path.is_relative_to(graph)]
        about = {PagePath(p.as_posix()) for p in named if _may_matter(p)}
        if not about:
            return False
        before = self.now
        known = before.sources.data
        if about <= known.keys() and (data := self._read(about)) is not None:
            changed = {path: text for path, text in data.items() if text != known[path]}
            if changed:
                sources = replace(before.sources, data={**known, **changed})
                self._take(sources)
        else:  # a page came or went, a folder was renamed, or the settings are others
            sources = read(before.project)
            if sources != before.sources:
                self._take(sources)
        return self.now is not before

    def configure(self, project: Project) -> None:
        """Takes the same notes for those of a project with other options."""
        before = self.now
        self._last = LastTime(plan=Known())  # a plan holds for the options that it was made with
        self.now = loaded(project, before.sources, known=before.pages, last=self._last)

    def _take(self, sources: Sources) -> None:
        before = self.now
        self.now = loaded(before.project, sources, known=before.pages, last=self._last)

    def _read(self, pages: Collection[PagePath]) -> dict[PagePath, bytes] | None:
        """What known pages hold; None where one cannot be read, or is a page no more."""
        found: dict[PagePath, bytes] = {}
        for path in pages:
            file = self.now.project.graph / path
            if file.is_symlink():
                return None
            try:
                found[path] = read_bytes(file)
            except NotReadable:
                return None
        return found


def _may_matter(path: PurePosixPath | Path) -> bool:
    """Whether a path below the graph may be a page, the settings, or a folder of pages."""
    if not _NO_NOTES.isdisjoint(path.parts) or path.name.startswith("."):
        return False
    return path.suffix in (*PAGE_SUFFIXES, "") or path.as_posix() == CONFIG
