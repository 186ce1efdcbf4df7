"""Match paths and titles against globs."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Sequence
from fnmatch import fnmatchcase
from typing import Final

GLOB_SIGNS: Final = frozenset("*?[")


def path_matches(path: str, glob: str) -> bool:
    """Whether a glob means a path, or a folder around it.

    `*` and `?` stay within a folder's name, and `**` stands for any number of folders.

    Args:
        path: in POSIX form.
        glob: likewise.
    """
    wanted = unicodedata.normalize("NFC", glob).strip("/").removeprefix("./").split("/")
    reached = _with_empty(wanted, {0})
    for name in unicodedata.normalize("NFC", path).split("/"):
        if len(wanted) in reached:
            return True
        reached = _with_empty(
            wanted,
            {
                at if wanted[at] == "**" else at + 1
                for at in reached
                if wanted[at] == "**" or fnmatchcase(name, wanted[at])
            },
        )
    return len(wanted) in reached


def _with_empty(wanted: Sequence[str], reached: Collection[int]) -> set[int]:
    """Places in a glob, with those behind a `**` that stands for no folder."""
    found: set[int] = set()
    todo = list(reached)
    while todo:
        at = todo.pop()
        found.add(at)
        if at < len(wanted) and wanted[at] == "**":
            todo.append(at + 1)
    return found
