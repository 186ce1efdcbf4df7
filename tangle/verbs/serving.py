"""One server of the HTTP interface for each project: its lock, its token and its address."""

from __future__ import annotations

import contextlib
import json
import secrets
from collections.abc import Iterator
from pathlib import Path

from tangle.errors import Refused
from tangle.store import (
    ADDRESS,
    OPENING,
    TOKEN,
    Locked,
    NotReadable,
    is_private,
    lock,
    make_folder,
    read_bytes,
    write_file,
    write_private,
)
from tangle.verbs.project import Project

_LOCK = "serve-lock"


class AlreadyServed(Refused):
    """Another process serves this project."""

    def __init__(self, address: str | None, pid: int | None) -> None:
        """Say where, and how to end it."""
        place = f" at {address}" if address else ""
        process = f" (process {pid})" if pid else ""
        super().__init__(f"this project is served already{place}{process}; use that, or end it")


@contextlib.contextmanager
def only_server(project: Project) -> Iterator[str]:
    """Be the only server of a project while this lasts.

    Yields:
        A new token, which `.tangle/token` holds for as long.

    Raises:
        AlreadyServed: another process is.
        NotPrivate: others can read the file of the token.
        NotWritable: the state folder cannot be written.
    """
    make_folder(project.state)
    try:
        with lock(project.state, timeout=0.0, name=_LOCK):
            token = secrets.token_urlsafe(32)
            path = project.state / TOKEN
            write_private(path, token + "\n")
            try:
                yield token
            finally:
                for file in (path, project.state / ADDRESS, project.state / OPENING):
                    with contextlib.suppress(OSError):
                        file.unlink(missing_ok=True)
    except Locked as error:
        raise AlreadyServed(address_of(project), error.pid) from error


def note_address(project: Project, address: str) -> None:
    """Write down where the project is served, for those that look for it.

    Args:
        project: that is served.
        address: of the site, with the port.

    Raises:
        NotWritable: the state folder cannot be written.
    """
    write_file(project.state / ADDRESS, json.dumps({"address": address}).encode() + b"\n")


def opening_page(project: Project, address: str, token: str) -> Path:
    """Write a page that opens the site with the token, and return its path.

    A browser that is started with an address shows it to every user of the machine.

    Args:
        project: that is served.
        address: where.
        token: of the interface.

    Raises:
        NotPrivate, NotWritable: it cannot be written so that only this user can read it.
    """
    path = project.state / OPENING
    there = f"{address}#token={token}"
    write_private(path, f'<meta http-equiv="refresh" content="0; url={there}">\n')
    return path


def address_of(project: Project) -> str | None:
    """Where the project is served, if it is: `http://127.0.0.1:8470/`."""
    try:
        address = json.loads(read_bytes(project.state / ADDRESS))["address"]
    except (NotReadable, ValueError, KeyError, TypeError):
        return None
    return address if isinstance(address, str) else None


def token_is_private(project: Project) -> bool:
    """Whether the token's file is still there and unreadable for others."""
    return is_private(project.state / TOKEN)
