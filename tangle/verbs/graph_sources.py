"""Which graphs are not folders of files: databases of Logseq 2, and their Markdown mirrors."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from tangle.errors import Refused
from tangle.store import is_graph

if TYPE_CHECKING:
    from tangle.verbs.project import Project

_SUFFIX: Final = ".sqlite"
_DATABASE: Final = "db.sqlite"
_MIRROR: Final = ("mirror", "markdown")


class MirrorPages(Refused):
    """The pages are Logseq's export of a database graph, which it overwrites."""

    def __init__(self, path: Path) -> None:
        """Say so, and what can be done instead."""
        super().__init__(
            f"{path}: Logseq writes these pages itself and overwrites them, so nothing is written "
            "here; run with --no-write, or name the graph's database: tangle --graph GRAPH.sqlite"
        )


class Source(Struct, frozen=True, kw_only=True):
    """What a graph of files is made from.

    Attributes:
        path: the database, or the folder of the mirror.
        base: the folder that generated files and the state go beside.
        is_mirror: whether it is a mirror, to which nothing may be written.
    """

    path: Path
    base: Path
    is_mirror: bool = False

    @property
    def folder(self) -> Path:
        """The folder of the graph of files."""
        return self.base / f"{'mirror' if self.is_mirror else self.path.stem}.tangle"


def source_at(path: Path) -> Source | None:
    """Return what a path of Logseq 2 names: a database, its folder or a mirror; None for others."""
    if path.is_file() and path.suffix == _SUFFIX:
        return Source(path=path, base=path.parent)
    if path.parts[-2:] == _MIRROR and path.is_dir():
        return Source(path=path, base=path.parent.parent, is_mirror=True)
    if (path / _DATABASE).is_file() and not is_graph(path):
        return Source(path=path / _DATABASE, base=path)
    return None


class NotInDatabase(Refused):
    """Code in a database graph is edited in Logseq only."""

    def __init__(self, path: Path) -> None:
        """Say so."""
        super().__init__(
            f"{path}: tangle does not write into a database graph; make the change in Logseq "
            "(`check --fix --diff` and `sync --diff` show theirs)"
        )


def check_may_repair(project: Project) -> None:
    """Check that the text of a project's pages may be changed.

    Raises:
        MirrorPages, NotInDatabase: it may not.
    """
    check_may_write(project)
    if project.source is not None:
        raise NotInDatabase(project.source.path)


def check_may_write(project: Project) -> None:
    """Check that the pages of a project are its own to write to.

    Raises:
        MirrorPages: they are Logseq's export.
    """
    if project.source is not None and project.source.is_mirror:
        raise MirrorPages(project.source.path)
