"""What each program that has a page open as a notebook was given last, across restarts."""

from __future__ import annotations

import contextlib
import secrets
import time
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from tangle.errors import Refused
from tangle.store import NOTEBOOKS, Records
from tangle.verbs.exported_notebooks import exports
from tangle.verbs.project import Project

_MOST: Final = 400
"""Open notebooks that are remembered; when there are more, the oldest half is forgotten."""


class Client(Struct, frozen=True, kw_only=True):
    """A notebook in a program.

    Attributes:
        section: that it shows.
        at: where it appeared when it was opened, relative to the graph.
        used: when it was opened or saved, in seconds since 1970.
        notes: a digest of the cells that the notes had then.
        ran: of each cell that was run: its id, a digest of the run, and one of the code that ran.
    """

    section: str
    at: str
    used: float
    notes: str
    ran: tuple[tuple[str, str, str], ...] = ()


def clients(project: Project) -> Records[Client]:
    """Return the open notebooks by the token in their metadata.

    Args:
        project: whose pages they show.
    """
    return Records(project.state / NOTEBOOKS, Client)


def new_token() -> str:
    """Return a token for a notebook that is opened: it looks like the digest of an export."""
    return secrets.token_hex(6)


def keep_client(project: Project, token: str, client: Client) -> None:
    """Remember a notebook; where the state cannot be written, it opens all the same.

    Args:
        project: whose page it shows.
        token: in its metadata.
        client: what is remembered.
    """
    records = clients(project)
    with contextlib.suppress(Refused):
        records.put(token, client)
    if len(keys := records.keys()) > _MOST:
        found = {key: each.used for key in keys if (each := records.get(key)) is not None}
        for key in sorted(keys, key=lambda key: found.get(key, 0.0))[: _MOST // 2]:
            records.drop(key)
            exports(project).drop(key)


def renamed(project: Project, old: str, new: str, at: str) -> None:
    """Take in that a section is called otherwise, with notebooks of it open.

    Args:
        project: whose section.
        old: its name before.
        new: its name.
        at: where its notebook appears, relative to the graph.
    """
    records = clients(project)
    tokens = records.keys()
    for token in tokens:
        client = records.get(token)
        if client is not None and client.section == old:
            keep_client(project, token, replace(client, section=new, at=at))


def now() -> float:
    """Return the time of day, for `Client.used`."""
    return time.time()
