"""The server of a project: whether a run uses one, what it says of itself, its end."""

from __future__ import annotations

import os
from collections.abc import Mapping

from tangle.errors import Refused
from tangle.pipeline.project import Project
from tangle.run import NoPlace, ServerStatus, ServerWanted, server_status, stop_server
from tangle.store import installed_packages, library_stamp


class ServerElsewhere(Refused):
    """What stands where the project's server would be is not this user's."""

    def __init__(self, why: str) -> None:
        """Tell what stands there."""
        super().__init__(f"{why}; sections run without a server, see to that folder to have one")


def server_for(
    project: Project, *, wanted: bool, environment: Mapping[str, str] = os.environ
) -> ServerWanted | str:
    """The server that a run uses, or why it does without.

    Args:
        project: whose it is.
        wanted: whether the command line leaves it to the configuration.
        environment: says whether this is a CI.
    """
    if not wanted:
        return "--no-server"
    if not project.options.server:
        return "the configuration says server = false"
    if environment.get("CI", "").lower() not in ("", "0", "false", "no"):
        return "this is a CI: the variable CI is set"
    facts = (library_stamp(), *installed_packages())
    return ServerWanted(project=project.state, facts=facts)


def server_state(project: Project) -> ServerStatus | None:
    """What the project's server says of itself; None where none runs.

    Raises:
        ServerElsewhere: what stands there is another user's.
    """
    try:
        return server_status(project.state)
    except NoPlace as error:
        raise ServerElsewhere(str(error)) from error


def end_server(project: Project) -> int | None:
    """Have the project's server end.

    Returns:
        How many commands it works for still, to end when they are through; None where none runs.

    Raises:
        ServerElsewhere: what stands there is another user's.
    """
    try:
        return stop_server(project.state)
    except NoPlace as error:
        raise ServerElsewhere(str(error)) from error
