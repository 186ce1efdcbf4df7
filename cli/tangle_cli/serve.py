"""`tangle serve`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tangle_cli.common import POSIX_ONLY, Where
from tangle_cli.messages import _
from tangle_cli.printing import print_lines

if TYPE_CHECKING:
    from tangle.http.server import Served

_MISSING = "tangle serve needs more packages: pip install 'logseq-tangle[serve]'"
_HIGHEST = 65535


@click.command()
@click.option(
    "--port",
    metavar="N",
    type=click.IntRange(0, _HIGHEST),
    help="Port to listen on; default: 8470; 0 for any that is free.",
)
@click.option("--open", "open_", is_flag=True, help="Open the site in a browser.")
@click.pass_obj
def serve(where: Where, port: int | None, open_: bool) -> None:
    """Serve the notes on this machine: the live site and the HTTP interface.

    Only programs on this machine can connect. Runs are for those that have the token, which is
    made at each start and is also in .tangle/token. Ctrl-C ends it.
    """
    try:
        from tangle.http.server import PORT
        from tangle.http.server import serve as do_serve
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in {"tangle", *POSIX_ONLY}:
            raise
        raise click.UsageError(_MISSING) from error

    from tangle.verbs.serving import opening_page

    project = where.project()

    def ready(served: Served) -> None:
        where, token = _(f"serving {served.address}"), _(f"token: {served.token}")
        print_lines([where, token, _("Ctrl-C ends it")])
        if open_:
            click.launch(opening_page(project, served.address, served.token).as_uri())

    do_serve(project, port=PORT if port is None else port, ready=ready)
