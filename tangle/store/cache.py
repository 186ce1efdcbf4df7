"""A cache of JSON documents that survives being cut short, altered, shared or taken away."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

from tangle.store.atomic_replace import DRAFT_PREFIX, put_quickly
from tangle.store.files import DISK, Files
from tangle.store.state_folder import make_folders
from tangle.store.symlink_guard import leads_out
from tangle.typed_json import DamagedDocument, decode, encode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_KEY = re.compile(r"[0-9a-f]{8,128}", re.ASCII)
STALE_DRAFT = 3600.0

T = TypeVar("T")


class Cache(Generic[T]):
    """Documents of one type by digest, one file each: a line with a signature, then JSON.

    Several processes may share one; a folder that cannot be read or written works as an empty one.
    What is of another type, signed with another key, or for another folder, counts as damaged.
    """

    __slots__ = ("_clock", "_files", "_folder", "_key", "_kind")

    def __init__(
        self,
        folder: Path,
        kind: type[T],
        *,
        key: bytes | None = b"",
        files: Files = DISK,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Use `folder`, which is created when something is first put.

        Args:
            folder: holds the documents.
            kind: what they are (see `tangle.typed_json`).
            key: signs them; empty for a bare digest, None to keep nothing and to find nothing.
            files: reads and writes.
            clock: the time now.
        """
        self._folder = folder
        self._kind = kind
        self._key = key
        self._files = files
        self._clock = clock

    def get(self, key: str) -> T | None:
        """The document put under `key`; None where there is none that is whole.

        Raises:
            ValueError: the key is not a digest in lower-case hex.
        """
        payload = self.get_bytes(key)
        if payload is None:
            return None
        try:
            return decode(payload, self._kind)
        except DamagedDocument:
            self._drop(self._path(key))
            return None

    def get_bytes(self, key: str) -> bytes | None:
        """The bytes put under `key`; None where there are none that are whole.

        Raises:
            ValueError: the key is not a digest in lower-case hex.
        """
        path = self._path(key)
        if self._key is None:
            return None
        try:
            content = None if self._elsewhere(path) else self._files.read(path)
        except OSError:
            return None
        if content is None:
            return None
        try:
            payload = opened(content, sealed(path, self._key))
        except DamagedDocument:
            self._drop(path)
            return None
        now = self._clock()
        with contextlib.suppress(OSError):
            os.utime(path, (now, now))  # so that `prune` drops first what is used least
        return payload

    def put(self, key: str, document: T) -> None:
        """Keep a document; where that is not possible, it is not kept.

        Raises:
            ValueError: the key is not a digest in lower-case hex.
            TypeError: part of the document is of a type that JSON cannot hold.
        """
        self.put_bytes(key, encode(document))

    def put_bytes(self, key: str, payload: bytes) -> None:
        """Keep bytes; where that is not possible, they are not kept.

        Raises:
            ValueError: the key is not a digest in lower-case hex.
        """
        path = self._path(key)
        content = signed(payload, sealed(path, self._key or b""))
        if self._key is None or self._elsewhere(path):
            return
        with contextlib.suppress(OSError):
            if not path.parent.is_dir():
                make_folders(path.parent)
            put_quickly(path, content, self._files)

    def prune(self, max_bytes: int, max_age: float) -> None:
        """Drop what was not used for `max_age` seconds, and the oldest beyond `max_bytes`."""
        now = self._clock()
        kept = 0
        for path, size, used in sorted(self._entries(), key=lambda entry: -entry[2]):
            limit = STALE_DRAFT if path.name.startswith(DRAFT_PREFIX) else max_age
            if now - used > limit or kept + size > max_bytes:
                self._drop(path)
            else:
                kept += size

    def clear(self) -> None:
        """Drop everything; files that are not the cache's stay."""
        for path, _, _ in self._entries():
            self._drop(path)
        with contextlib.suppress(OSError):
            for folder in self._folders():
                with contextlib.suppress(OSError):
                    self._files.remove_folder(folder)
            self._files.remove_folder(self._folder)

    def _elsewhere(self, path: Path) -> bool:
        """Whether links lead out of the folder that the cache's own folder is in."""
        return leads_out(path.parent, self._folder.parent.parent)

    def _path(self, key: str) -> Path:
        if not _KEY.fullmatch(key):
            raise ValueError(f"{key!r}: a cache key is a digest in lower-case hex")
        return self._folder / key[:2] / f"{key}.json"

    def _folders(self) -> list[Path]:
        try:
            return sorted(
                path
                for path in (() if self._elsewhere(self._folder / "x") else self._folder.iterdir())
                if re.fullmatch(r"[0-9a-f]{2}", path.name)
                and path.is_dir()
                and not path.is_symlink()
            )
        except OSError:
            return []

    def _entries(self) -> Iterator[tuple[Path, int, float]]:
        """Each file of the cache with its size and the time it was last used."""
        for folder in self._folders():
            with contextlib.suppress(OSError):
                for entry in list(os.scandir(folder)):
                    if _is_entry(entry.name):
                        status = entry.stat(follow_symlinks=False)
                        yield Path(entry.path), status.st_size, status.st_mtime

    def _drop(self, path: Path) -> None:
        with contextlib.suppress(OSError):
            self._files.unlink(path)


def _is_entry(name: str) -> bool:
    if name.startswith(DRAFT_PREFIX):
        return True
    return name.endswith(".json") and bool(_KEY.fullmatch(name.removesuffix(".json")))


def sealed(path: Path, key: bytes) -> bytes:
    """The key for the document of one file only; empty where the user's is."""
    place = os.fsencode(os.path.abspath(path))  # noqa: PTH100 -- links stay
    return hmac.digest(key, place, "sha256") if key else b""


def encoded(document: object, key: bytes = b"") -> bytes:
    """A document as it is kept: a line with the signature of the rest, then JSON."""
    return signed(encode(document), key)


def signed(data: bytes, key: bytes) -> bytes:
    """Bytes as they are kept: a line with their signature, then they themselves."""
    return _signature(data, key) + b"\n" + data


def decoded(content: bytes, kind: type[T], key: bytes = b"") -> T:
    """The document of a file.

    Raises:
        DamagedDocument: the file is not whole, not signed with the key, or not of the type.
    """
    return decode(opened(content, key), kind)


def opened(content: bytes, key: bytes) -> bytes:
    """The bytes that a file keeps.

    Raises:
        DamagedDocument: the file is not whole, or not signed with the key.
    """
    signature, _, data = content.partition(b"\n")
    if not hmac.compare_digest(_signature(data, key), signature):
        raise DamagedDocument("the signature is not that of the content")
    return data


def _signature(data: bytes, key: bytes) -> bytes:
    if key:
        return hmac.digest(key, data, "sha256").hex().encode("ascii")
    return hashlib.sha256(data).hexdigest().encode("ascii")
