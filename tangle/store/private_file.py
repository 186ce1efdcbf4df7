"""A file that only its owner can read."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from typing import TYPE_CHECKING, Final

from tangle.errors import Refused
from tangle.store.errors import refusing

if TYPE_CHECKING:
    from pathlib import Path

_ON_POSIX: Final = os.name == "posix"
_FLAGS: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)


class NotPrivate(Refused):
    """Other users of this machine can read a file that holds a secret."""

    def __init__(self, path: Path) -> None:
        """Name the file."""
        super().__init__(
            f"{path}: other users can read this file, which holds a secret; remove it, or put the "
            "project on a file system that keeps permissions"
        )


def is_private(path: Path) -> bool:
    """Whether a file is there, no link, belongs to this user, and no other user can read it."""
    try:
        status = path.lstat()
    except OSError:
        return False
    if not stat.S_ISREG(status.st_mode):
        return False
    return not _ON_POSIX or (status.st_uid == os.geteuid() and not status.st_mode & 0o077)


def write_private(path: Path, text: str) -> None:
    """Write a file that only this user can read, whole or not at all.

    Args:
        path: of the file.
        text: its new content.

    Raises:
        NotPrivate: others can read the one that is there, or would be able to read the new one.
        NotWritable: it cannot be written.
    """
    if os.path.lexists(path) and not is_private(path):
        raise NotPrivate(path)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    with refusing(path):
        try:
            with os.fdopen(os.open(draft, _FLAGS, 0o600), "w", encoding="utf-8") as file:
                file.write(text)
            if not is_private(draft):
                raise NotPrivate(path)
            draft.replace(path)
        finally:
            with contextlib.suppress(FileNotFoundError):
                draft.unlink()
