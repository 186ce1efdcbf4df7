"""Decide whose configurations and graphs are obeyed.

A configuration decides which code `tangle run` executes. So one that another user put into a
folder above counts for nothing until this user names it, as git has it with `safe.directory`.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from tangle.errors import Refused, UsageError
from tangle.store import make_folder, read_bytes, user_folder, write_file

TRUSTED_VARIABLE: Final = "TANGLE_TRUSTED"
_EVERYTHING: Final = "*"


class NotTrusted(Refused):
    """A file or folder belongs to another user, who was not trusted by name."""

    def __init__(self, path: Path, folder: Path) -> None:
        """Say whose it is, and how to trust the folder that it stands in."""
        super().__init__(
            f"{path}: belongs to another user ({_owner_name(path)}) and is not obeyed; "
            f"if you trust that user, run: tangle trust {folder}; in a container or a CI job, "
            f"set {TRUSTED_VARIABLE}={folder}"
        )


class BadTrust(UsageError):
    """The user's own settings cannot be read."""

    def __init__(self, path: Path, message: str) -> None:
        """Say which file, and what is wrong with it."""
        hint = 'it takes folders: trusted = ["/home/me/notes"]'
        super().__init__(f"{path}: {message}; {hint}")


def check_owner(path: Path, folder: Path) -> None:
    """Check that a file or folder belongs to this user or root, or is trusted by name.

    Args:
        path: the configuration, or a part of the graph.
        folder: what would be trusted: the configuration's folder, or the graph.

    Raises:
        NotTrusted: it does not.
        BadTrust: the user's own settings cannot be read.
    """
    if not is_own(path) and not is_trusted(folder):
        raise NotTrusted(path, folder)


def is_own(path: Path) -> bool:
    """Whether a path, and what it leads to, belongs to this user or to root."""
    if os.name != "posix":
        return True
    try:
        owners = {path.lstat().st_uid, path.stat().st_uid}
    except OSError:
        return True  # there is nothing to obey
    return owners <= _own_ids()


def _own_ids() -> frozenset[int]:
    """The users whose files count as this user's own, by git's rules and with root.

    What root can write, root could do without tangle. For root itself the files of the user who
    called sudo are no stranger's.
    """
    own = {0, os.geteuid()}
    caller = os.environ.get("SUDO_UID", "")
    if os.geteuid() == 0 and caller.isascii() and caller.isdigit():
        own.add(int(caller))
    return frozenset(own)


def is_trusted(folder: Path) -> bool:
    """Whether a folder, or one above it, was trusted by name.

    Args:
        folder: a configuration's, or a graph.
    """
    real = folder.resolve()
    return any(
        name == _EVERYTHING or (Path(name).is_absolute() and real.is_relative_to(_real(name)))
        for name in _trusted_names()
    )


def _real(name: str) -> Path:
    return Path(name).resolve()


def _trusted_names() -> Iterator[str]:
    """The folders that the environment and the user's settings trust."""
    yield from filter(None, os.environ.get(TRUSTED_VARIABLE, "").split(os.pathsep))
    path = _user_settings()
    if path is not None and path.is_file() and is_own(path):
        yield from _read_trusted(path, read_bytes(path))


def _user_settings() -> Path | None:
    """The file of this user's own settings; None where the user has no home."""
    folder = user_folder("XDG_CONFIG_HOME", ".config")
    return folder / "config.toml" if folder is not None else None


def _read_trusted(path: Path, data: bytes) -> list[str]:
    try:
        document: Mapping[str, Any] = tomllib.loads(data.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadTrust(path, f"this is no TOML: {error}") from error
    if unknown := sorted(set(document) - {"trusted"}):
        raise BadTrust(path, f"unknown option {unknown[0]!r}")
    trusted = document.get("trusted", [])
    if not isinstance(trusted, list) or not all(isinstance(name, str) for name in trusted):
        raise BadTrust(path, f"trusted cannot be {trusted!r}")
    return trusted


def trust_folder(folder: Path) -> Path:
    """Trust the configurations and graphs in and below a folder, even if another user owns them.

    Args:
        folder: which.

    Returns:
        The user's settings, where that is noted.

    Raises:
        BadTrust: the settings cannot be read, or there is no place for them.
        NotWritable: they cannot be written.
    """
    path = _user_settings()
    if path is None:
        raise BadTrust(Path("~/.config/tangle/config.toml"), "this user has no home folder")
    before = read_bytes(path) if path.is_file() else b""
    name = str(folder.resolve())
    trusted = _read_trusted(path, before)
    if name in trusted:
        return path
    text = before.decode()
    head, opening, rest = text.partition("trusted = [")
    entry = f"\n    {_quoted(name)},"
    added = f"{head}{opening}{entry}{rest}" if opening else f"{text}trusted = [{entry}\n]\n"
    if _read_trusted(path, added.encode()) != [name, *trusted]:
        raise BadTrust(path, f"there is no place for {name} in it: add it by hand")
    make_folder(path.parent)
    write_file(path, added.encode())
    return path


def _quoted(text: str) -> str:
    """A text as a TOML string."""
    escaped = "".join(f"\\u{ord(c):04x}" if ord(c) < 0x20 or c in '"\\\x7f' else c for c in text)
    return f'"{escaped}"'


def _owner_name(path: Path) -> str:
    """The name and number of a path's owner."""
    owner = path.lstat().st_uid
    owner = path.stat().st_uid if owner in _own_ids() else owner
    try:
        import pwd

        return f"{pwd.getpwuid(owner).pw_name}, uid {owner}"
    except (ImportError, KeyError):
        return f"uid {owner}"
