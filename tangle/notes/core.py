"""The store of a graph's notes: what is given to it, and what it needs to answer."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final, Protocol
from weakref import WeakValueDictionary

from tangle.analyse import Texts
from tangle.link import GraphConfig
from tangle.model import ModuleText, PackageName, PagePath
from tangle.notes.engine import Query, Store

config: Final[Query[str, GraphConfig]] = Query("config", None, kept=GraphConfig)
usual_package: Final[Query[str, PackageName]] = Query("usual_package", None, kept=PackageName)
"""The package's name, where it is configured or the notes do not show another."""
finds_package: Final[Query[str, bool]] = Query("finds_package", None, kept=bool)
borrows: Final[Query[str, bool]] = Query("borrows", None, kept=bool)
supplies: Final[Query[str, bool]] = Query("supplies", None, kept=bool)
environment: Final[Query[str, str]] = Query("environment", None, kept=str)
"""A stamp of what is installed: a query that reads an installed module depends on it."""
book_pages: Final[Query[str, tuple[str, ...] | None]] = Query(
    "book_pages", None, kept=tuple[str, ...] | None
)
listing: Final[Query[str, tuple[PagePath, ...]]] = Query("listing", None, kept=tuple[PagePath, ...])
page_digest: Final[Query[PagePath, str | None]] = Query("page_digest", None, kept=str | None)

INPUTS: Final[tuple[Query[Any, Any], ...]] = (
    *(config, usual_package, finds_package, borrows, supplies, environment),
    *(book_pages, listing, page_digest),
)


class ModuleReader(Protocol):
    """Reads installed modules."""

    def read(self, module: str) -> ModuleText | None:
        """The text of a module; None where it is not installed."""

    def is_distribution(self, module: str) -> bool:
        """Whether a distribution has the name of a module."""

    def provider(self, top: str) -> str | None:
        """What provides a top-level module; None where nothing does, or tangle generated it."""


class NothingInstalled:
    """An environment without a module."""

    def read(self, _module: str) -> None:
        """There is none."""

    def is_distribution(self, _module: str) -> bool:
        """There is none."""
        return False

    def provider(self, _top: str) -> None:
        """There is none."""


def digest(data: bytes) -> str:
    """The digest by which bytes are known again."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


class Core(Store):
    """A graph's notes, as they were given last.

    Attributes:
        texts: texts of chunks that were read as Python and are still in use.
        modules: reads what is installed.
    """

    def __init__(self) -> None:
        """No notes yet."""
        super().__init__()
        self.texts: Texts = WeakValueDictionary()
        self.modules: ModuleReader = NothingInstalled()
        self._data: Mapping[PagePath, bytes] = {}

    def configure(
        self,
        settings: GraphConfig,
        package: PackageName,
        *,
        borrow: bool,
        book: tuple[str, ...] | None = None,
    ) -> None:
        """Give what is configured.

        Args:
            settings: of the graph.
            package: the package's name.
            borrow: whether units borrow from others.
            book: globs of the pages of a book; None to find the book by its pages.
        """
        self.set(config, "", settings)
        self.set(usual_package, "", package)
        self.set(borrows, "", borrow)
        self.set(book_pages, "", book)
        if self.given(environment, "") is None:
            self.install(NothingInstalled(), "", supply=False)
        if self.given(finds_package, "") is None:
            self.name_package(found=False)

    def name_package(self, *, found: bool) -> None:
        """Say whether the package is called what the notes call it, where they show that."""
        self.set(finds_package, "", found)

    def install(self, modules: ModuleReader, stamp: str, *, supply: bool) -> None:
        """Give what is installed.

        Args:
            modules: reads it.
            stamp: another where packages came or went.
            supply: whether imports that the notes leave out are supplied.
        """
        self.modules = modules
        self.set(environment, "", stamp)
        self.set(supplies, "", supply)

    def take(self, digests: Mapping[PagePath, str], data: Mapping[PagePath, bytes]) -> None:
        """Give the pages.

        Args:
            digests: of the bytes of all pages, in order of path.
            data: those bytes; it may read them when they are asked for, and raise
                `ChangedMeanwhile` where they are not of that digest.
        """
        gone = [path for path in self.given(listing, "") or () if path not in digests]
        self.set(listing, "", tuple(digests))
        for path in gone:
            self.set(page_digest, path, None)
        for path, found in digests.items():
            self.set(page_digest, path, found)
        self._data = data

    def take_bytes(self, pages: Mapping[PagePath, bytes]) -> None:
        """Give the pages by their bytes."""
        ordered = {path: pages[path] for path in sorted(pages)}
        self.take({path: digest(data) for path, data in ordered.items()}, ordered)

    def data(self, path: PagePath) -> bytes:
        """The bytes of a page; noted as looked up.

        Raises:
            ChangedMeanwhile: they are not those that were given.
        """
        page_digest(self, path)
        return self._data[path]


def overlaid(
    pages: Mapping[PagePath, bytes], unsaved: Mapping[PagePath, bytes]
) -> Mapping[PagePath, bytes]:
    """Pages with the unsaved texts of some laid over their files; a new page is one more.

    Args:
        pages: the files, by path.
        unsaved: the texts that an editor holds, by path.
    """
    return {path: unsaved.get(path, pages.get(path, b"")) for path in sorted({*pages, *unsaved})}
