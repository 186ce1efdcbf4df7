"""JSON documents that are kept until they are dropped: what a run could not write yet."""

from __future__ import annotations

import contextlib
import re
import time
from typing import TYPE_CHECKING, Generic, TypeVar

from tangle.store.atomic_replace import DRAFT_PREFIX, put
from tangle.store.cache import STALE_DRAFT, decoded, encoded, sealed
from tangle.store.errors import NotReadable, reason, refusing, way_out
from tangle.store.files import DISK, Files
from tangle.store.state_folder import make_folders
from tangle.store.symlink_guard import check_links, leads_out
from tangle.typed_json import DamagedDocument

if TYPE_CHECKING:
    from pathlib import Path

_KEY = re.compile(r"[0-9a-z]{1,128}", re.ASCII)

T = TypeVar("T")


class Records(Generic[T]):
    """Documents of one type by key, one file each, replaced whole; a damaged one counts as none.

    So does one of another type, or that was signed with another key, or for another folder.
    """

    __slots__ = ("_files", "_folder", "_key", "_kind")

    def __init__(
        self, folder: Path, kind: type[T], *, key: bytes | None = b"", files: Files = DISK
    ) -> None:
        """Use `folder`, which is created when something is first put.

        Args:
            folder: holds the documents.
            kind: what they are (see `tangle.typed_json`).
            key: signs them; empty for a bare digest, None where nothing that is found counts.
            files: reads and writes.
        """
        self._folder = folder
        self._kind = kind
        self._key = key
        self._files = files

    def put(self, key: str, document: T) -> None:
        """Keep a document under a key.

        Raises:
            NotWritable: that cannot be; what was kept under the key is kept still.
            Outside: the folder is a link that leads out of the project.
        """
        path = self._path(key)
        check_links(path, self._folder.parent.parent)
        with refusing(path):
            if not self._folder.is_dir():
                make_folders(self._folder)
            put(path, encoded(document, sealed(path, self._key or b"")), self._files)
        self._drop_stale_drafts()

    def _drop_stale_drafts(self) -> None:
        """Remove what writers that were killed have left; a young draft may be in use."""
        limit = time.time() - STALE_DRAFT
        with contextlib.suppress(OSError):
            for path in self._folder.glob(f"{DRAFT_PREFIX}*.draft"):
                if path.stat().st_mtime < limit:
                    path.unlink()

    def get(self, key: str) -> T | None:
        """The document under a key; None where there is none that is whole."""
        try:
            return self.read(key)
        except NotReadable:
            return None

    def read(self, key: str) -> T | None:
        """The document under a key, as `get`, where it must not count as none by mistake.

        Raises:
            NotReadable: there may be one, but its file cannot be read.
        """
        path = self._path(key)
        if self._key is None or leads_out(path, self._folder.parent.parent):
            return None
        try:
            return decoded(self._files.read(path) or b"", self._kind, sealed(path, self._key))
        except DamagedDocument:
            return None
        except OSError as error:
            raise NotReadable(path, reason(error), way_out(error)) from error

    def keys(self) -> tuple[str, ...]:
        """The keys under which something is kept, sorted."""
        if leads_out(self._folder, self._folder.parent.parent):
            return ()
        try:
            names = [path.name for path in self._folder.iterdir()]
        except OSError:
            return ()
        found = (name.removesuffix(".json") for name in names if name.endswith(".json"))
        return tuple(sorted(key for key in found if _KEY.fullmatch(key)))

    def drop(self, key: str) -> None:
        """Keep a document no longer; one that cannot be removed is kept."""
        with contextlib.suppress(OSError):
            self._files.unlink(self._path(key))

    def _path(self, key: str) -> Path:
        if not _KEY.fullmatch(key):
            raise ValueError(f"{key!r}: a record's key is made of lower-case letters and digits")
        return self._folder / f"{key}.json"
