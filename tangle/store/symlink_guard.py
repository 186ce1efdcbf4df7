"""Links that lead out: a graph from elsewhere must not make tangle write in its owner's home."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from tangle.store.errors import Outside

if TYPE_CHECKING:
    from pathlib import Path


def resolve_links(path: Path) -> Path:
    """Return a path with its links followed. From Python 3.13 on, `resolve` returns a circle.

    Raises:
        OSError: links lead in a circle.
        RuntimeError: likewise, before Python 3.13.
    """
    real = path.resolve()
    if any(each.is_symlink() for each in (real, *real.parents)):
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
    return real


def check_links(path: Path, root: Path) -> None:
    """Check that no link between a folder and a path below it leads out of the folder.

    A path that does not lie below the folder was named explicitly, and is not checked.

    Args:
        path: of a file, which need not exist.
        root: the folder that must not be left.

    Raises:
        Outside: one does.
    """
    if not path.is_relative_to(root):
        return
    top = root.resolve()
    step = root
    for part in path.relative_to(root).parts:
        step /= part
        if step.is_symlink() and not _resolved_below(step, top):
            raise Outside(step, root, "is a link that leads out")


def leads_out(path: Path, root: Path) -> bool:
    """Whether a link between a folder and a path below it leads out of the folder.

    Args:
        path: of a file, which need not exist.
        root: the folder that must not be left.
    """
    try:
        check_links(path, root)
    except Outside:
        return True
    return False


def _resolved_below(path: Path, top: Path) -> bool:
    try:
        return resolve_links(path).is_relative_to(top)
    except (OSError, RuntimeError):  # a circle
        return False
