"""A secret of this user's, outside every graph: what it signs did not come with a clone.

The file is `tangle/key` in the user's state folder: `$XDG_STATE_HOME`, else `~/.local/state`.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import stat
from functools import cache
from pathlib import Path
from typing import Final

from tangle.store.user_folders import user_folder

_BYTES: Final = 32
_O_NOFOLLOW: Final = getattr(os, "O_NOFOLLOW", 0)
_O_BINARY: Final = getattr(os, "O_BINARY", 0)
_ON_POSIX: Final = os.name == "posix"


def user_key() -> bytes | None:
    """This user's key: 32 random bytes, made on first use; None where none can be kept safely.

    The folder and the file must belong to this user, and no other may write to the folder or
    read the file. A key that others could read, or that is damaged, is replaced: what it signed
    counts for nothing from then on.
    """
    folder = user_folder("XDG_STATE_HOME", ".local/state")
    if folder is None:
        return None
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _is_private_folder(folder):
            return None
        path = folder / "key"
        found = _read(path)
        if found == b"":
            path.unlink()
        return found or _make(path)
    except OSError:
        return None


def user_key_fault() -> str:
    """Why `user_key` has no key to return; empty if it has one or can make it. Nothing is made."""
    folder = user_folder("XDG_STATE_HOME", ".local/state")
    if folder is None:
        return "this user has no home folder"
    try:
        if not os.path.lexists(folder):
            above = next(each for each in folder.parents if each.exists())
            return "" if os.access(above, os.W_OK | os.X_OK) else f"{above} is not writable"
        if not _is_private_folder(folder):
            return f"{folder} is not this user's, is a link, or others may write to it"
        if _read(folder / "key"):
            return ""
    except OSError as error:
        return f"{folder}: {error.strerror or error}"
    return "" if os.access(folder, os.W_OK | os.X_OK) else f"{folder} is not writable"


def signature(*facts: str) -> str:
    """What tells facts that this user noted on this machine from those that came from elsewhere.

    Where there is no key, it tells users and machines apart, but a stranger could work it out.

    Returns:
        16 hex digits.
    """
    owner = str(os.geteuid()) if _ON_POSIX else ""
    text = "\0".join((_machine(), owner, *facts)).encode("utf-8", "surrogateescape")
    return hmac.new(user_key() or b"", text, hashlib.sha256).hexdigest()[:16]


@cache
def _machine() -> str:
    """What the system calls this machine; empty where it does not say."""
    try:
        return os.fsdecode(Path("/etc/machine-id").read_bytes().strip())
    except OSError:
        return ""


def _is_private_folder(folder: Path) -> bool:
    """Whether a folder, no link, belongs to this user and only this user can put files there."""
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode):
        return False
    return not _ON_POSIX or (status.st_uid == os.geteuid() and not status.st_mode & 0o022)


def _read(path: Path) -> bytes | None:
    """The key; None where there is none, empty where it does not count any more.

    Raises:
        OSError: it cannot be read, or something else stands there.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | _O_NOFOLLOW | _O_BINARY)
    except FileNotFoundError:
        return None
    try:
        status = os.fstat(descriptor)
        data = os.read(descriptor, _BYTES + 1) if stat.S_ISREG(status.st_mode) else b""
    finally:
        os.close(descriptor)
    if _ON_POSIX and (status.st_uid != os.geteuid() or status.st_mode & 0o077):
        return b""
    return data if len(data) == _BYTES else b""


def _make(path: Path) -> bytes | None:
    """Make the key, whole or not at all; if another process is quicker, its key.

    Raises:
        OSError: it cannot be written.
    """
    draft = path.with_name(f"key.{os.urandom(8).hex()}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | _O_BINARY
    descriptor = os.open(draft, flags, 0o600)
    try:
        try:
            os.write(descriptor, os.urandom(_BYTES))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        _give_name(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    return _read(path) or None


def _give_name(draft: Path, path: Path) -> None:
    """Give the draft its name, unless another process was quicker."""
    try:
        os.link(draft, path)
    except FileExistsError:
        return
    except OSError:  # a file system without hard links
        draft.replace(path)
