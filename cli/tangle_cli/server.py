"""`tangle server`: show its state, stop it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import click

from tangle_cli.common import Where, format_option
from tangle_cli.messages import _
from tangle_cli.printing import print_json, print_lines
from tangle_cli.usage import Group

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tangle.engine.forkserver.server import ServerStatus


@click.group(cls=Group)
def server() -> None:
    """Show or stop the background server, which has your imports preloaded.

    `tangle run` starts it if possible, and it exits after ten minutes without a run.
    """


@server.command()
@format_option()
@click.pass_obj
def status(where: Where, form: str) -> None:
    """Show whether this project's server runs, since when, and what it has loaded."""
    from tangle.verbs.server_policy import server_state

    state = server_state(where.project())
    if form == "json":
        print_json(_document(state))
    elif state is None:
        click.echo(_("no server runs"))
    else:
        print_lines(_lines(state))


@server.command()
@click.pass_obj
def stop(where: Where) -> None:
    """Stop this project's server once the runs that use it have finished."""
    from tangle.verbs.server_policy import end_server

    left = end_server(where.project())
    if left is None:
        click.echo(_("no server runs"))
    elif left:
        click.echo(_("the server ends when the run that uses it has finished"))
    else:
        click.echo(_("the server has ended"))


def _document(state: ServerStatus | None) -> dict[str, Any]:
    if state is None:
        return {"running": False}
    return {
        "running": True,
        "pid": state.pid,
        "since": _moment(state.began),
        "idle": round(state.idle, 1),
        "commands": state.commands,
        "workers": state.workers,
        "memory": state.memory,
        "python": state.python,
        "socket": str(state.socket),
        "loaded": [list(modules) for modules in state.loaded],
    }


def _lines(state: ServerStatus) -> Iterator[str]:
    yield _(f"process {state.pid}, Python {state.python}, since {_moment(state.began)}")
    busy = f"in use by {state.commands}" if state.commands else f"idle for {state.idle:.0f} s"
    yield f"{_(busy)}{_(', ')}{state.memory / 2**20:.0f} MiB"
    for modules in state.loaded:
        yield _(f"has loaded: {', '.join(modules) if modules else 'what every section needs'}")


def _moment(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S%z", time.localtime(seconds))
