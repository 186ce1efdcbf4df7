"""The site of the notes as they are at the moment, in memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from tangle.model import PagePath
from tangle.store import NotReadable, read_bytes
from tangle.verbs.sources import without_gc
from tangle.verbs.weave.assets import LARGEST, mermaid_script, picture
from tangle.verbs.weave.weaving import SITE, check_packages, give, late_files, made_files
from tangle.weave.urls import INDEX

if TYPE_CHECKING:
    from tangle.verbs.notes import Notes
    from tangle.verbs.project import Project
    from tangle.weave.site import SiteFile

_LATE: Final = ("search/", "downloads/")


class LiveSite:
    """Makes a file of the site when it is asked for; one thread uses it."""

    def __init__(self, scripts: tuple[str, ...] = ()) -> None:
        """Know no notes yet.

        Args:
            scripts: addresses of more scripts, which every page loads.

        Raises:
            NoSitePackages: the extra `site` is not installed.
        """
        check_packages()
        self._scripts = scripts
        self._notes: Notes | None = None
        self._files: Mapping[str, SiteFile] = {}
        self._copied: Mapping[str, str] = {}
        self._digests: dict[str, str] = {}

    def update(self, notes: Notes) -> tuple[str, ...]:
        """Take in notes; return the addresses of pages and pictures that differ now, sorted.

        What else the site has is made when it is asked for: the search, the files of sections.
        """
        from tangle.weave import site

        with without_gc():
            give(notes, (), notes.project.root / SITE, self._scripts)
            self._files = made_files(notes, mermaid_script(notes.project))
            copied = site.copied_files(notes.core)
            self._copied = {href: path for path, href in copied.items()}
            digests = {name: f.digest() for name, f in self._files.items() if _is_page(name)}
            for path, href in copied.items():
                digests[href] = site.copied_stamp(notes.core, path)
        before, self._digests, self._notes = self._digests, digests, notes
        names = {*before, *digests}
        return tuple(sorted(name for name in names if before.get(name) != digests.get(name)))

    def read(self, name: str) -> bytes | None:
        """Return a file of the site by its address; None if there is none.

        Args:
            name: relative to the root; empty, or with a `/` at its end, for a folder's index.
        """
        if not name or name.endswith("/"):
            name += INDEX
        if name in self._files:
            return self._files[name].make()
        if self._notes is None:
            return None
        if name in self._copied:
            return _copy(self._notes.project, self._copied[name])
        with without_gc():  # made when they are asked for: no save waits for them
            late = late_files(self._notes).get(name) if name.startswith(_LATE) else None
            return None if late is None else late.make()


def _is_page(name: str) -> bool:
    return name.endswith(".html")


def _copy(project: Project, path: str) -> bytes | None:
    """A file of the graph as the site has it; None if it cannot be read."""
    from tangle.weave.assets import is_cleaned

    try:
        if is_cleaned(path):
            return picture(project.graph / path, project.shown(PagePath(path)), [])
        return read_bytes(project.graph / path, LARGEST)
    except NotReadable:
        return None
