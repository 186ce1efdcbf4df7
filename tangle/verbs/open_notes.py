"""A project's notes with the unsaved texts of an editor laid over the files."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path, PurePosixPath

from tangle import PAGE_SUFFIXES
from tangle.model import PagePath
from tangle.notes import digest
from tangle.store import Changes, NotReadable, read_bytes
from tangle.verbs.notes import Notes, recalled, sources_after
from tangle.verbs.project import Project
from tangle.verbs.sources import edited, read


class OpenNotes:
    """The notes as an editor shows them: its buffers count, whatever the files hold."""

    def __init__(self, project: Project) -> None:
        """Read the files.

        Args:
            project: whose notes.

        Raises:
            NotReadable: the graph's folder cannot be listed.
        """
        self.project = project
        self._files = read(project)
        self._unsaved: dict[PagePath, bytes] = {}
        self._core = recalled(project, self._files)
        self._core.unpack()
        self._notes: Notes | None = None

    @property
    def notes(self) -> Notes:
        """The notes as they are now; the very same until something changes."""
        if self._notes is None:
            sources = edited(self._files, self._unsaved) if self._unsaved else self._files
            self._notes = Notes(self.project, sources, self._core)
        return self._notes

    def lay(self, path: PagePath, data: bytes) -> None:
        """Lay a text over the file of a page; a page without a file is one more.

        Args:
            path: of the page.
            data: the text in the editor.
        """
        if self._unsaved.get(path) != data:
            self._unsaved[path] = data
            self._notes = None

    def lift(self, path: PagePath) -> None:
        """Let the file of a page count again, as it is on disk now.

        Args:
            path: of the page.
        """
        if self._unsaved.pop(path, None) is not None:
            self._notes = None
        self.look_at([self.project.graph / path])

    def look_at(self, paths: Collection[Path]) -> None:
        """Take in files that may have changed.

        Args:
            paths: what the system says has changed.

        Raises:
            NotReadable: the graph's folder cannot be listed.
        """
        files = sources_after(self.project, self._files, paths)
        if files is not self._files and files != self._files:
            self._files = files
            self._notes = None

    def remember(self) -> None:
        """Keep what was worked out of the files for the next command, once no buffer counts."""
        if self._unsaved:
            self._unsaved.clear()
            self._notes = None
        self.notes.remember()

    def is_page(self, path: PagePath) -> bool:
        """Return whether a file is a page of the graph, or would be one once it is saved.

        Args:
            path: relative to the graph.
        """
        if path in self._files.digests:
            return True
        parts = PurePosixPath(path).parts
        ignored = parts[0] == "logseq" or any(part.startswith(".") for part in parts)
        if ignored or not path.lower().endswith(PAGE_SUFFIXES):
            return False
        hidden = any(f"/{path}".startswith(start) for start in self.notes.config.hidden)
        return not hidden and not (self.project.graph / path).exists()

    def on_disk(self, path: PagePath) -> bytes | None:
        """Return what the file of a page holds now; None if there is none that can be read.

        Args:
            path: of the page.
        """
        try:
            return read_bytes(self.project.graph / path)
        except NotReadable:
            return None

    def changed_on_disk(self, path: PagePath) -> bool:
        """Return whether the file of a page is not what these notes are made of.

        Args:
            path: of a page without unsaved text.
        """
        data = self.on_disk(path)
        return data is None or digest(data) != self._files.digests.get(path)


class FileChanges:
    """Reports which files of a graph change on disk, until it is closed."""

    def __init__(self, project: Project) -> None:
        """Notice from now on what changes.

        Args:
            project: whose graph.

        Raises:
            NotReadable: the folder cannot be watched.
        """
        self._changes = Changes(project.graph)

    def follow(self, report: Callable[[frozenset[Path]], object]) -> None:
        """Wait for changes, and report each; return once this is closed.

        Args:
            report: receives the paths that changed at about the same time.
        """
        for paths in self._changes:
            report(paths)

    def close(self) -> None:
        """End the waiting."""
        self._changes.close()
