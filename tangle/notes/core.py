"""The store of a graph's notes: what is given to it, and what it needs to answer."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final
from weakref import WeakValueDictionary

from tangle.analyse import Texts
from tangle.link import GraphConfig
from tangle.model import PackageName, PagePath
from tangle.notes.engine import Query, Store

config: Final[Query[str, GraphConfig]] = Query("config", None, kept=GraphConfig)
package_name: Final[Query[str, PackageName]] = Query("package_name", None, kept=PackageName)
borrows: Final[Query[str, bool]] = Query("borrows", None, kept=bool)
listing: Final[Query[str, tuple[PagePath, ...]]] = Query("listing", None, kept=tuple[PagePath, ...])
page_digest: Final[Query[PagePath, str | None]] = Query("page_digest", None, kept=str | None)

INPUTS: Final[tuple[Query[Any, Any], ...]] = (config, package_name, borrows, listing, page_digest)


def digest(data: bytes) -> str:
    """The digest by which bytes are known again."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


class Core(Store):
    """A graph's notes, as they were given last.

    Attributes:
        texts: texts of chunks that were read as Python and are still in use.
    """

    def __init__(self) -> None:
        """No notes yet."""
        super().__init__()
        self.texts: Texts = WeakValueDictionary()
        self._data: Mapping[PagePath, bytes] = {}

    def configure(self, settings: GraphConfig, package: PackageName, *, borrow: bool) -> None:
        """Give what is configured."""
        self.set(config, "", settings)
        self.set(package_name, "", package)
        self.set(borrows, "", borrow)

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
    """Pages with the unsaved texts of some laid over their files; a new page is one more."""
    return {path: unsaved.get(path, pages.get(path, b"")) for path in sorted({*pages, *unsaved})}
