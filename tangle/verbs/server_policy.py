"""Decide whether a run uses the project's server; query and stop it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TypeVar

from tangle import CI_IS_OFF, STATE_FOLDER
from tangle.engine.forkserver.server import (
    ServerStatus,
    ServerWanted,
    server_process,
    server_status,
    stop_server,
)
from tangle.engine.forkserver.socket_path import ServerUnavailable, address_of, leave_hint
from tangle.errors import Refused
from tangle.store import (
    Installed,
    NotWritable,
    library_stamp,
    make_folder,
)
from tangle.verbs.project import Project

Answer = TypeVar("Answer")


class ServerElsewhere(Refused):
    """The place of the project's server is taken by something that is not this user's."""

    def __init__(self, why: str) -> None:
        """Say what is there."""
        super().__init__(f"{why}; sections run without a server; fix that folder to use one")


def server_for(
    project: Project, *, wanted: bool, environment: Mapping[str, str] = os.environ
) -> ServerWanted | str:
    """Return the server that a run uses, or the reason why it uses none.

    Args:
        project: whose it is.
        wanted: whether the command line leaves it to the configuration.
        environment: says whether this is a CI.
    """
    if not wanted:
        return "--no-server"
    if not project.options.server:
        return "the configuration says server = false"
    if environment.get("CI", "").lower() not in CI_IS_OFF:
        return "this is a CI: the variable CI is set"
    folder = _folder(project)
    try:
        make_folder(folder)
    except NotWritable as error:
        return str(error)
    facts = (library_stamp(), *_packages())
    return ServerWanted(project=folder, notes=str(project.root), facts=facts)


def _packages() -> list[str]:
    """Name and version of all that is installed for this Python."""
    return sorted(f"{name} {version}" for name, version in Installed().versions.items())


def _folder(project: Project) -> Path:
    """The folder whose lock the server holds: not the notes', which another lock is for."""
    return project.state / STATE_FOLDER


def leave_hints(project: Project, paths: Iterable[str]) -> None:
    """Leave links to the project's server, where it runs, for commands that know no more.

    Args:
        project: whose server.
        paths: where to make the links; those that are not beside its socket are not made.
    """
    with contextlib.suppress(ServerUnavailable):
        address = address_of(_folder(project))
        for path in paths:
            leave_hint(address, Path(path))


def server_state(project: Project) -> ServerStatus | None:
    """Return the state of the project's server; None if none runs.

    Raises:
        ServerElsewhere: what is in its place is another user's.
    """
    return _asked(server_status, project)


def listening_process(project: Project) -> int | None:
    """Return the process that listens as the project's server; it may not answer. None if none.

    Raises:
        ServerElsewhere: what is in its place is another user's.
    """
    return _asked(server_process, project)


def end_server(project: Project) -> int | None:
    """Stop the project's server.

    Returns:
        How many commands it still works for, before it ends; None if none runs.

    Raises:
        ServerElsewhere: what is in its place is another user's.
    """
    return _asked(stop_server, project)


def _asked(question: Callable[[Path], Answer], project: Project) -> Answer:
    try:
        return question(_folder(project))
    except ServerUnavailable as error:
        raise ServerElsewhere(str(error)) from error
