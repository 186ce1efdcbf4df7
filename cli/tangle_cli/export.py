"""`tangle export`."""

from __future__ import annotations

from pathlib import Path

import click

from tangle_cli.common import FILE, Where, complete_sections
from tangle_cli.messages import _
from tangle_cli.printing import print_lines


@click.command()
@click.argument("what", shell_complete=complete_sections)
@click.option(
    "-o",
    "--to",
    "path",
    type=FILE,
    required=True,
    metavar="FILE",
    help="The file to write: a notebook (.ipynb), or a script in percent format (.py).",
)
@click.option(
    "--force", is_flag=True, help="Overwrite a file that was edited, or that is no export."
)
@click.pass_obj
def export(where: Where, what: str, path: Path, force: bool) -> None:
    """Export a section or page with its outputs as a Jupyter notebook or a script.

    Headings and prose become Markdown cells, chunks become code cells with the outputs that are
    in the notes. The first cell holds what the section takes from other sections, so that the file
    runs by itself. Nothing is run.
    """
    from tangle.verbs.export import export as do_export

    changed = do_export(where.project(), what, path, force=force)
    print_lines([_(f"{path}: {'written' if changed else 'up to date'}")])
