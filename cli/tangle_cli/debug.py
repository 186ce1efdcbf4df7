"""`tangle debug`."""

from __future__ import annotations

import importlib.util
import os
import sys

import click

from tangle_cli.common import Where, complete_sections, device_option
from tangle_cli.printing import print_lines

_MISSING = "tangle debug --listen needs one more package: pip install 'logseq-tangle[debug]'"
_HIGHEST = 65535


def _address(
    ctx: click.Context, param: click.Parameter, value: str | None
) -> tuple[str, int] | None:
    del ctx, param
    if value is None:
        return None
    host, _, port = value.rpartition(":")
    if not port.isdecimal() or int(port) > _HIGHEST:
        raise click.BadParameter(f"{value!r} is no address; write HOST:PORT, as 127.0.0.1:5678")
    return host.strip("[]") or "127.0.0.1", int(port)


@click.command()
@click.argument("what", shell_complete=complete_sections)
@click.option(
    "--listen",
    metavar="HOST:PORT",
    callback=_address,
    help="Wait here for an editor, which speaks the debug adapter protocol; port 0 takes any.",
)
@click.option("--wait", is_flag=True, help="With --listen, do not begin before it is attached.")
@device_option
@click.pass_obj
def debug(
    where: Where, what: str, listen: tuple[str, int] | None, wait: bool, device: str | None
) -> None:
    """Run the section WHAT under a debugger.

    Breakpoints are set by page and line. With --listen an editor attaches to the session; without
    it, pdb asks in this terminal: at the first line, at breakpoint() and where a chunk fails.
    Outputs are not written into the notes.
    """
    from tangle.model import Debugging
    from tangle.verbs.debug import debug as do_debug
    from tangle_cli.debug_output import DebugOutput
    from tangle_cli.progress import Shown
    from tangle_cli.run_text import run_lines

    if listen is not None and importlib.util.find_spec("debugpy") is None:
        raise click.UsageError(_MISSING)
    if listen is None and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise click.UsageError(
            "there is no terminal to ask in; give an address for an editor: --listen 127.0.0.1:5678"
        )
    project = where.project()
    terminal = os.ttyname(sys.stdin.fileno()) if listen is None else None
    debugging = Debugging(
        folder=str(project.shown_from), address=listen, wait=wait, terminal=terminal
    )
    report = do_debug(project, what, debugging, device, DebugOutput())
    print_lines(run_lines(project, report, Shown(outputs=True)))
    sys.exit(report.exit_code)
