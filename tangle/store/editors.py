"""Detect unsaved changes in Vim, Neovim, nano and Emacs by their files on disk.

Vim, Neovim and nano keep a swap file for each file that they have open, and its first block says
whether there are changes that are not saved (`struct block0` in Vim's memline.c; nano's
`write_lockfile` writes the same block). Emacs makes a link `.#NAME` at the first change, and
removes it at the save (Emacs manual, "Interlocking"). Swap files and links that a crash left behind
name a process that is gone, and count for nothing.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_BLOCK: Final = 1008
_VERSION: Final = slice(2, 12)
_PROCESS: Final = slice(24, 28)
_HOST: Final = slice(68, 108)
_CHANGED: Final = 1007
_IS_CHANGED: Final = 0x55
_ENDINGS: Final = ("swp", "swo", "swn")
"""Of the swap files of the first three editors that have a file open."""

_OWNER = re.compile(r".*@(?P<host>[^@]+)\.(?P<pid>\d+)(?::\d+)?")
"""Where Emacs's link leads to: `user@host.pid:boot`."""


def unsaved_in(path: Path) -> str | None:
    """Return the editor with unsaved changes of a file, and its process; None if there is none.

    Args:
        path: the file; an absolute path.
    """
    for swap, name in _swap_files(path):
        if found := _changed_in(swap, name):
            return found
    return _locked_by_emacs(path.with_name(f".#{path.name}"))


def _swap_files(path: Path) -> Iterator[tuple[Path, str]]:
    for ending in _ENDINGS:
        yield path.with_name(f".{path.name}.{ending}"), "Vim"
    name = str(path).replace("/", "%")
    for folder in _neovim_folders():
        for ending in _ENDINGS:
            yield folder / f"{name}.{ending}", "Neovim"


def _neovim_folders() -> tuple[Path, ...]:
    """Return the folders of Neovim's swap files: state (since 0.8) and data (before)."""
    home = os.path.expanduser("~")  # noqa: PTH111 -- Path.home() raises where there is none
    state = os.environ.get("XDG_STATE_HOME") or f"{home}/.local/state"
    data = os.environ.get("XDG_DATA_HOME") or f"{home}/.local/share"
    return Path(state, "nvim", "swap"), Path(data, "nvim", "swap")


def _changed_in(swap: Path, name: str) -> str | None:
    try:
        descriptor = os.open(swap, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        try:
            block = os.read(descriptor, _BLOCK)
        finally:
            os.close(descriptor)
    except OSError:
        return None
    if len(block) < _BLOCK or block[:2] != b"b0" or block[_CHANGED] != _IS_CHANGED:
        return None
    if block[_VERSION].startswith(b"nano"):
        name = "nano"
    host = block[_HOST].split(b"\0", 1)[0].decode("utf-8", "replace")
    return _running(name, int.from_bytes(block[_PROCESS], "little"), host)


def _locked_by_emacs(link: Path) -> str | None:
    try:
        owner = os.readlink(link)  # noqa: PTH115 -- it is no path
    except (OSError, AttributeError):
        return None
    found = _OWNER.fullmatch(owner)
    return _running("Emacs", int(found["pid"]), found["host"]) if found else None


def _running(name: str, process: int, host: str) -> str | None:
    """Return an editor as messages name it; None if it no longer runs."""
    import socket

    import psutil

    if host and host != socket.gethostname():
        return f"{name} on {host}" if host.isprintable() else name

    return f"{name} (process {process})" if psutil.pid_exists(process) else None
