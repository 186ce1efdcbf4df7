"""A store of small immutable objects, wherever fsspec reaches: S3, a folder, HTTP, memory."""

from __future__ import annotations

import contextlib
import os
import stat
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, ParamSpec, TypeVar
from urllib.parse import urlsplit, urlunsplit

from msgspec import Struct

from tangle.errors import Refused, UsageError

_ABSENT: Final = frozenset({404, 410})
_DENIED: Final = frozenset({401, 403})
_TAKEN: Final = frozenset({409, 412})
_EMPTY: Final = 416
"""What is said where the first bytes of an object are asked for that has none."""

P = ParamSpec("P")
T = TypeVar("T")


class MissingPackage(UsageError):
    """A package that a store needs is not installed."""

    def __init__(self, what: str, command: str) -> None:
        """Say what lacks it, and the command that installs it."""
        super().__init__(f"{what} needs packages that are missing: {command}")


class StoreFailed(Refused):
    """A store did not do what was asked."""

    def __init__(self, address: str, error: object) -> None:
        """Say which store, and what it said."""
        text = " ".join(str(error).split())[:200]
        kind = type(error).__name__
        said = ": ".join(filter(None, (kind, text))) if isinstance(error, BaseException) else text
        super().__init__(f"{address}: {said}; check the address, your credentials and the network")


class Denied(StoreFailed):
    """A store does not let this user read an object; S3 says so of objects that are not there."""


class StoredObject(Struct, frozen=True, kw_only=True):
    """An object of a store.

    Attributes:
        modified: when it was written, in seconds since 1970; 0 where the store does not say.
    """

    name: str
    size: int
    modified: float


def shown_address(address: str) -> str:
    """Return an address without the name and the password that it may hold."""
    parts = urlsplit(address)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], query=""))


class ObjectStore:
    """The objects below an address; several threads may use it at once."""

    def __init__(self, address: str) -> None:
        """Connect to nothing yet."""
        self.shown: Final = shown_address(address)
        self._address = address
        self._connecting = threading.Lock()
        self._connected: tuple[Any, str] | None = None

    def get(self, name: str, most: int) -> bytes | None:
        """Return the first bytes of an object; None if there is none.

        Args:
            name: of the object.
            most: how many bytes are wanted at most.

        Raises:
            StoreFailed: the store does not answer as it should.
            MissingPackage: a package is not installed.
        """
        fs, root = self._connect()
        path = f"{root}/{name}"
        try:
            if "http" in _protocols(fs):
                return _body(fs, path, most)
            found = fs.cat_file(path, start=0, end=most)
        except Exception as error:
            if isinstance(error, FileNotFoundError) or _status(error) in _ABSENT:
                return None
            if _status(error) == _EMPTY:
                return b""
            denied = isinstance(error, PermissionError) or _status(error) in _DENIED
            raise (Denied if denied else StoreFailed)(self.shown, error) from error
        return bytes(found[:most])

    def create(self, name: str, data: bytes) -> bool:
        """Write an object unless there is one of that name; return whether it was written.

        A store that cannot do both at once is asked first.

        Raises:
            StoreFailed, MissingPackage: as for `get`.
        """
        fs, root = self._connect()
        path = f"{root}/{name}"
        try:
            if "file" in _protocols(fs):
                return _create_file(Path(root), name, data)
            options = {"headers": {"If-None-Match": "*"}} if "http" in _protocols(fs) else {}
            try:
                fs.pipe_file(path, data, mode="create", **options)
            except (NotImplementedError, TypeError, ValueError):
                if fs.exists(path):
                    return False
                fs.pipe_file(path, data)
        except FileExistsError:
            return False
        except Exception as error:
            if _status(error) in _TAKEN:
                return False
            raise StoreFailed(self.shown, error) from error
        return True

    def replace(self, name: str, data: bytes) -> None:
        """Write an object, also in place of one that is there.

        Raises:
            StoreFailed, MissingPackage: as for `get`.
        """
        fs, root = self._connect()
        try:
            fs.pipe_file(f"{root}/{name}", data)
        except Exception as error:
            raise StoreFailed(self.shown, error) from error

    def objects(self) -> Iterator[StoredObject]:
        """Yield all objects, in any order.

        Raises:
            StoreFailed, MissingPackage: as for `get`; a store of plain HTTP lists nothing.
        """
        fs, root = self._connect()
        if "http" in _protocols(fs):
            raise StoreFailed(self.shown, "a store of plain HTTP cannot list what it holds")
        try:
            fs.invalidate_cache()
            found = fs.find(root, detail=True)
        except FileNotFoundError:
            return
        except Exception as error:
            raise StoreFailed(self.shown, error) from error
        for path, facts in found.items():
            yield StoredObject(
                name=path.removeprefix(f"{root}/"),
                size=int(facts.get("size") or 0),
                modified=_moment(facts),
            )

    def remove(self, name: str) -> None:
        """Remove an object; one that is not there is fine.

        Raises:
            StoreFailed, MissingPackage: as for `get`.
        """
        fs, root = self._connect()
        try:
            fs.rm_file(f"{root}/{name}")
        except FileNotFoundError:
            return
        except Exception as error:
            raise StoreFailed(self.shown, error) from error

    def _connect(self) -> tuple[Any, str]:
        """The file system, and the path in it under which the objects are."""
        with self._connecting:
            if self._connected is None:
                self._connected = self._found()
            return self._connected

    def _found(self) -> tuple[Any, str]:
        if find_spec("fsspec") is None:
            raise MissingPackage("a shared cache", "pip install 'logseq-tangle[cache]'")
        import fsspec

        try:
            fs, root = fsspec.url_to_fs(self._address, use_listings_cache=False)
        except ImportError as error:  # such as s3fs, which no extra installs
            name = getattr(error.__cause__, "name", None) or getattr(error, "name", None)
            command = f"pip install {name}" if name else str(error)
            raise MissingPackage(f"the store {self.shown}", command) from error
        except Exception as error:
            raise StoreFailed(self.shown, error) from error
        if fs.async_impl:
            fs.loop.set_default_executor(_DaemonThreads())
        return fs, root.rstrip("/")


class _DaemonThreads(ThreadPoolExecutor):
    """Threads that the process does not wait for at its end, unlike other executors.

    The clients of stores look up the names of servers in them, which takes as long as the network
    leaves that without an answer.
    """

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Call a function in a thread."""
        future: Future[T] = Future()

        def call() -> None:
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(fn(*args, **kwargs))
                except BaseException as error:  # noqa: BLE001 -- raised where the result is awaited
                    future.set_exception(error)

        threading.Thread(target=call, daemon=True).start()
        return future


def _body(fs: Any, url: str, most: int) -> bytes:
    """The first bytes of what a server of HTTP answers; fsspec would read all, without end."""
    from fsspec.asyn import sync

    async def read() -> bytes:
        found = bytearray()
        session = await fs.set_session()
        async with session.get(fs.encode_url(url), **fs.kwargs) as answer:
            answer.raise_for_status()
            async for piece in answer.content.iter_any():
                found += piece
                if len(found) >= most:
                    break
        return bytes(found[:most])

    return bytes(sync(fs.loop, read))


def _protocols(fs: Any) -> tuple[str, ...]:
    return (fs.protocol,) if isinstance(fs.protocol, str) else tuple(fs.protocol)


def _status(error: BaseException) -> int | None:
    """The status of HTTP that an error is about, where it is about one."""
    found = getattr(error, "status", None)
    response = getattr(error.__cause__, "response", None)  # as the client of S3 has it
    if found is None and isinstance(response, dict):
        found = response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    return found if isinstance(found, int) else None


def _moment(facts: dict[str, Any]) -> float:
    """When an object was written, as the different file systems call it."""
    for name in ("mtime", "LastModified", "updated", "last_modified", "modified", "created"):
        found = facts.get(name)
        if isinstance(found, datetime):
            return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
        if isinstance(found, int | float):
            return float(found)
    return 0.0


def _create_file(root: Path, name: str, data: bytes) -> bool:
    """Write a file below a folder, whole or not at all, unless there is one.

    Those who may read or write in the folder may do so in what is made below it, whatever this
    user's umask says.
    """
    root.mkdir(parents=True, exist_ok=True)
    rights = stat.S_IMODE(root.stat().st_mode)
    path = root / name
    for folder in reversed(path.relative_to(root).parents[:-1]):
        with contextlib.suppress(OSError):  # it is there, or the file system knows no rights
            (root / folder).mkdir()
            (root / folder).chmod(rights)
    draft = path.with_name(f".{path.name}.{os.urandom(8).hex()}.draft")
    try:
        draft.write_bytes(data)
        with contextlib.suppress(OSError):
            draft.chmod(rights & 0o666)
        try:
            os.link(draft, path)
        except FileExistsError:
            return False
        except OSError:  # a file system without hard links
            if path.exists():
                return False
            draft.replace(path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            draft.unlink()
    return True
