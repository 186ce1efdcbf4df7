"""`tangle merge-driver`."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import click

from tangle_cli.common import Where
from tangle_cli.messages import _
from tangle_cli.printing import print_lines
from tangle_cli.usage import WholeNumber


@click.command("merge-driver")
@click.argument("files", nargs=-1, metavar="[BASE OURS THEIRS PATH]")
@click.option(
    "--marker-size",
    metavar="N",
    type=WholeNumber(),
    default=7,
    help="Length of conflict markers.",
)
@click.option(
    "--install", is_flag=True, help="Make git use this driver for the graph, in this clone."
)
@click.pass_obj
def merge_driver(where: Where, files: tuple[str, ...], marker_size: int, install: bool) -> None:
    """Merge pages for git so that output blocks never conflict.

    Text is merged as git merges it. An output block is taken from the side whose code the merge
    kept; if that is neither, it is left out, and the next run creates it. Figures stay as ours
    are. git calls it as: tangle merge-driver --marker-size %L %O %A %B %P
    """
    if install:
        if files:
            raise click.UsageError("--install takes no files")
        _install(where)
        return
    if len(files) != 4:
        raise click.UsageError("name four files, as git does: %O %A %B %P; or --install")
    from tangle.verbs.vcs.merge_driver import merge_files

    *versions, path = files
    if not merge_files([Path(name) for name in versions], path, marker_size=marker_size):
        sys.exit(1)


def _install(where: Where) -> None:
    from tangle.verbs.vcs.merge_driver import install_driver

    # git calls it by a shell, which may not have this environment. It does so in the work tree, so
    # that without -P a branch's own tangle_cli.py would be run.
    written = install_driver(where.project(), f"{shlex.quote(sys.executable)} -P -m tangle_cli")
    click.echo(_("git now merges the graph's pages with tangle, in this clone"))
    if written is not None:
        print_lines(
            [_(f"wrote {written}: commit it; every clone runs `tangle merge-driver --install`")]
        )
