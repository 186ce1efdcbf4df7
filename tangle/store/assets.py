"""Read, write and remove figures in `assets/tangle/` of a graph."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tangle.store.atomic_replace import put
from tangle.store.errors import NotReadable, Outside, reason, refusing, way_out
from tangle.store.files import DISK, Files

if TYPE_CHECKING:
    from pathlib import Path

ASSET_FOLDER = "assets/tangle"
"""Where figures go, relative to the graph's folder."""

_UNSAFE = re.compile(r"[/\\\x00-\x1f\x7f:]|^\.|[ .]$|^$")


def asset_names(graph: Path) -> tuple[str, ...]:
    """Return the names of the figures in a graph, sorted.

    Raises:
        Outside: the folder is a link.
        NotReadable: it cannot be listed.
    """
    folder = _folder(graph)
    try:
        return tuple(
            sorted(
                path.name
                for path in folder.iterdir()
                if not _UNSAFE.search(path.name) and path.is_file() and not path.is_symlink()
            )
        )
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise NotReadable(folder, reason(error), way_out(error)) from error


def write_asset(graph: Path, name: str, data: bytes, *, files: Files = DISK) -> bool:
    """Write a figure; return whether that was needed.

    Args:
        graph: the graph's folder, which must exist.
        name: the file's name, without a folder.
        data: its content.
        files: the effects.

    Raises:
        Outside: the name leads out of `assets/tangle/`, or a link stands on the way.
        NotWritable: the operating system refuses; the old content stands.
    """
    path = _path(graph, name)
    with refusing(path):
        if files.read(path) == data:
            return False
        for folder in (path.parent.parent, path.parent):
            if not folder.is_dir():
                files.make_folder(folder)
        put(path, data, files)
    return True


def remove_asset(graph: Path, name: str, *, files: Files = DISK) -> bool:
    """Remove a figure; return whether there was one.

    Args:
        graph: its folder.
        name: of the figure.
        files: the calls to the operating system.

    Raises:
        Outside: the name leads out of `assets/tangle/`, or a link stands on the way.
        NotWritable: the operating system refuses; the figure stands.
    """
    path = _path(graph, name)
    with refusing(path):
        try:
            files.unlink(path)
        except FileNotFoundError:
            return False
    return True


def _folder(graph: Path) -> Path:
    folder = graph
    for part in ASSET_FOLDER.split("/"):
        folder /= part
        if folder.is_symlink():
            raise Outside(folder, graph, "is a link")
    return folder


def _path(graph: Path, name: str) -> Path:
    folder = _folder(graph)
    if _UNSAFE.search(name):
        raise Outside(name, folder, "is not the name of a figure")
    path = folder / name
    if path.is_symlink():
        raise Outside(path, folder, "is a link")
    return path
