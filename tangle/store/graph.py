"""Find and read the files of a Logseq graph."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec import Struct, field

from tangle import PAGE_SUFFIXES
from tangle.model import CONFIG, PagePath
from tangle.store.errors import NotReadable, reason, way_out

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PAGE_LIMIT = 16 * 1024 * 1024
"""Bytes that a page may have: far above any that was ever seen, far below what hurts."""

_ORG = ".org"
_PLACEHOLDER: Final = ".icloud"
_LOGSEQ_COPIES = ("logseq/bak", "logseq/version-files", "logseq/.recycle")


def is_graph(folder: Path) -> bool:
    """Return whether a folder is a graph of files; it need not exist."""
    return (folder / CONFIG).is_file()


def find_graph(start: Path) -> Path | None:
    """The nearest folder at or above `start` that holds `logseq/config.edn`; None where none is."""
    for folder in (start, *start.absolute().parents):
        if is_graph(folder):
            return folder
    return None


def graphs_below(folder: Path) -> list[Path]:
    """Return the graphs directly below a folder, such as `notes`."""
    return [
        path.parent.parent
        for path in sorted(folder.glob("*/logseq/config.edn"))
        if not path.parent.parent.name.startswith(".")
    ]


class GraphFiles(Struct, frozen=True, kw_only=True):
    """The files below a graph's folder, by what they are to it; each sorted.

    Attributes:
        pages: its Markdown pages.
        absent: pages that iCloud has taken off this machine, by the placeholders that it left.
        nested: folders that are graphs of their own; their pages belong to those.
        org: how many pages are in Org's format.
    """

    pages: tuple[PagePath, ...]
    absent: tuple[PagePath, ...] = ()
    nested: tuple[PagePath, ...] = ()
    org: int = 0


def page_files(graph: Path, hidden: Sequence[str] = ()) -> tuple[PagePath, ...]:
    """The Markdown pages of a graph, as `graph_files` finds them.

    Args:
        graph: its folder.
        hidden: the paths that `:hidden` in `config.edn` lists.
    """
    return graph_files(graph, hidden).pages


def graph_files(graph: Path, hidden: Sequence[str] = ()) -> GraphFiles:
    """The files of a graph, without what Logseq ignores.

    Links to folders are not followed, links to files are no pages, and files that vanish meanwhile
    are left out.

    Args:
        graph: the graph's folder.
        hidden: the `:hidden` of the graph's configuration: beginnings of "/" + relative path.

    Raises:
        NotReadable: the graph's own folder cannot be listed.
    """
    found = _Found(hidden=_prefixes(hidden))
    try:
        _walk(graph, "", found)
    except OSError as error:
        raise NotReadable(graph, reason(error), way_out(error)) from error
    return GraphFiles(
        pages=tuple(sorted(found.pages)),
        absent=tuple(sorted(set(found.absent).difference(found.pages))),
        nested=tuple(sorted(found.nested)),
        org=found.org,
    )


def other_files(graph: Path, hidden: Sequence[str], without: Path) -> dict[str, str]:
    """The files below a graph's folder that are no pages, each with a stamp of its content.

    What Logseq ignores is left out, and so are links.

    Args:
        graph: the graph's folder.
        hidden: as for `graph_files`.
        without: a folder that is left out with all that is in it.
    """
    prefixes = _prefixes(hidden)
    found: dict[str, str] = {}
    todo = [""]
    while todo:
        relative = todo.pop()
        try:
            with os.scandir(f"{graph}/{relative}") as entries:
                listed = list(entries)
        except OSError:  # it vanished, or it is another's: what is in it cannot be shown
            continue
        for entry in listed:
            path = f"{relative}{entry.name}"
            if _ignored(entry.name, path, prefixes) or Path(entry.path) == without:
                continue
            if _is_folder(entry):
                todo.append(f"{path}/")
            elif not entry.name.endswith((*PAGE_SUFFIXES, _ORG)) and _is_file(entry):
                with contextlib.suppress(OSError):
                    status = entry.stat(follow_symlinks=False)
                    found[path] = f"{status.st_size}:{status.st_mtime_ns}"
    return dict(sorted(found.items()))


def pages_take_more(graph: Path, hidden: Sequence[str], most: int) -> bool:
    """Whether the pages of a graph have more than so many bytes; none is opened.

    Args:
        graph: its folder.
        hidden: the paths that `:hidden` in `config.edn` lists.
        most: bytes.

    Raises:
        NotReadable: the graph's own folder cannot be listed.
    """
    size = 0
    for path in page_files(graph, hidden):
        with contextlib.suppress(OSError):  # it vanished meanwhile
            size += (graph / path).stat().st_size
        if size > most:
            return True
    return False


Stamp = tuple[int, int, int, int]
"""When a file was changed, by its content and by its entry, how long it is, and which it is."""

_FRESH: Final = 2_000_000_000
"""Nanoseconds in which a file may change twice and look the same; some disks count so coarsely."""


def file_stamps(
    graph: Path, paths: Sequence[PagePath], clock: Callable[[], int] = time.time_ns
) -> dict[PagePath, Stamp]:
    """The stamps of files by which it is known that they did not change.

    A file that was changed a moment ago, or by a clock that is ahead, has none: it may change once
    more and look the same.

    Args:
        graph: the folder.
        paths: of the files.
        clock: the time now.
    """
    last = clock() - _FRESH
    root = f"{graph}/"
    found: dict[PagePath, Stamp] = {}
    for path in paths:
        try:
            status = os.stat(root + path)  # noqa: PTH116 -- ten thousand pages are looked at so
        except OSError:
            continue
        if max(status.st_mtime_ns, status.st_ctime_ns) < last:
            found[path] = (status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino)
    return found


def is_page(path: str, hidden: Sequence[str] = ()) -> bool:
    """Whether a file of that path, relative to the graph, is one of its pages by its name.

    Args:
        path: in POSIX form.
        hidden: the `:hidden` of the graph's configuration, as in `page_files`.
    """
    prefixes = _prefixes(hidden)
    parts = path.split("/")
    above = ("/".join(parts[: count + 1]) for count in range(len(parts)))
    if any(_ignored(part, whole, prefixes) for part, whole in zip(parts, above, strict=True)):
        return False
    return path.endswith(PAGE_SUFFIXES)


def _prefixes(hidden: Sequence[str]) -> tuple[str, ...]:
    return tuple(entry if entry.startswith("/") else f"/{entry}" for entry in hidden)


class _Found(Struct, kw_only=True):
    """What a walk through a graph's folders has found so far."""

    hidden: tuple[str, ...]
    pages: list[PagePath] = field(default_factory=list)
    absent: list[PagePath] = field(default_factory=list)
    nested: list[PagePath] = field(default_factory=list)
    org: int = 0


def _walk(folder: Path, relative: str, found: _Found) -> None:
    with os.scandir(folder) as entries:
        listed = sorted(entries, key=lambda entry: entry.name)
    if relative and _is_other_graph(folder, listed):
        found.nested.append(PagePath(relative.removesuffix("/")))
        return
    for entry in listed:
        path = f"{relative}{entry.name}"
        if _undecodable(entry.name) and sys.getfilesystemencoding() != "utf-8":
            why = f"this locale cannot name the file {entry.name!a}"
            raise NotReadable(folder, why, "set PYTHONUTF8=1, or a locale with UTF-8")
        if entry.name.endswith(_PLACEHOLDER):
            _note_placeholder(entry.name, relative, found)
        if _ignored(entry.name, path, found.hidden):
            continue
        if _is_folder(entry):
            _walk_quietly(folder / entry.name, f"{path}/", found)
        else:
            _note_file(entry, path, found)


def _note_file(entry: os.DirEntry[str], path: str, found: _Found) -> None:
    if entry.name.endswith(PAGE_SUFFIXES) and _is_file(entry):
        found.pages.append(PagePath(path))
    elif entry.name.endswith(_ORG):
        found.org += 1


def _walk_quietly(folder: Path, relative: str, found: _Found) -> None:
    # A folder that vanished between being listed and being opened has no pages.
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        _walk(folder, relative, found)


def _is_other_graph(folder: Path, listed: Sequence[os.DirEntry[str]]) -> bool:
    """Whether a folder below the graph's is another graph."""
    return any(entry.name == "logseq" for entry in listed) and is_graph(folder)


def _note_placeholder(name: str, relative: str, found: _Found) -> None:
    """Note the page for which iCloud left a placeholder: `.b.md.icloud` for `b.md`."""
    page = name.removeprefix(".").removesuffix(_PLACEHOLDER)
    path = f"{relative}{page}"
    if (
        name.startswith(".")
        and page.endswith(PAGE_SUFFIXES)
        and not _ignored(page, path, found.hidden)
    ):
        found.absent.append(PagePath(path))


def _ignored(name: str, path: str, hidden: tuple[str, ...]) -> bool:
    if name.startswith(".") or _undecodable(name):
        return True
    if name == "node_modules" and path != name:
        return True
    return path in _LOGSEQ_COPIES or f"/{path}".startswith(hidden)


def _undecodable(name: str) -> bool:
    """Whether a name is not valid UTF-8, so that no text can tell it."""
    return not name.isascii() and any("\ud800" <= character <= "\udfff" for character in name)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    return entry.is_dir(follow_symlinks=False)


def _is_file(entry: os.DirEntry[str]) -> bool:
    return entry.is_file(follow_symlinks=False)


def read_bytes(path: Path, limit: int = PAGE_LIMIT) -> bytes:
    """The content of a regular file of at most `limit` bytes; nothing else is opened.

    Args:
        path: of the file.
        limit: bytes.

    Raises:
        NotReadable: no such file, no right to it, not a regular file, or too big.
    """
    name = str(path)
    try:
        _regular(path, os.stat(name))  # noqa: PTH116 -- ten thousand pages are read so
        descriptor = os.open(name, os.O_RDONLY | os.O_CLOEXEC)
        try:
            status = os.fstat(descriptor)
            _regular(path, status)
            data = _read_all(descriptor, status.st_size, limit)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise NotReadable(path, reason(error), way_out(error)) from error
    if len(data) > limit:
        raise NotReadable(path, f"more than {limit} bytes", "split it or move it away")
    return data


def _read_all(descriptor: int, size: int, limit: int) -> bytes:
    """What a file holds, at most one byte more than the limit."""
    data = os.read(descriptor, min(size, limit) + 1)
    while len(data) <= limit and (more := os.read(descriptor, limit + 1 - len(data))):
        data += more
    return data


def digest_file(path: Path, begun: hashlib._Hash | None = None) -> str:
    """The digest of a regular file's content, in hex, read piece by piece; SHA-256 by default.

    Args:
        path: the file.
        begun: a digest that goes on with the content.

    Raises:
        NotReadable: no such file, no right to it, or not a regular file.
    """
    try:
        _regular(path, path.stat())
        with path.open("rb") as file:
            return hashlib.file_digest(file, lambda: begun or hashlib.sha256()).hexdigest()
    except OSError as error:
        raise NotReadable(path, reason(error), way_out(error)) from error


def _regular(path: Path, status: os.stat_result) -> None:
    # A FIFO would block, and a device may do anything when it is opened.
    if stat.S_ISDIR(status.st_mode):
        raise NotReadable(path, "it is a folder", "name a file in it")
    if not stat.S_ISREG(status.st_mode):
        raise NotReadable(path, "it is not a regular file", "put a regular file in its place")
