"""`tangle import`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tangle_cli.common import FILE, Where
from tangle_cli.messages import _
from tangle_cli.printing import print_lines
from tangle_cli.sync import print_import
from tangle_cli.usage import OneOf

if TYPE_CHECKING:
    from tangle.verbs.project import Project
    from tangle.verbs.sync.sync import Side


@click.command("import")
@click.argument("path", type=FILE, metavar="FILE")
@click.argument("what", default="")
@click.option(
    "--take",
    type=OneOf(["notes", "notebook"]),
    help="Decide the conflicts of WHAT for one side.",
)
@click.option("--page", "title", default="", metavar="TITLE", help="The title of the new page.")
@click.pass_obj
def import_(where: Where, path: Path, what: str, take: str | None, title: str) -> None:
    """Make a page of a Jupyter notebook or a script.

    FILE is a notebook (.ipynb, nbformat 3 or 4) or a script in percent format (.py). Headings
    become the outline, prose becomes blocks, code cells become chunks with their outputs, and
    images become assets. Nothing is run, and no page is overwritten.

    A file that tangle exported is merged into the page that it is from: changed cells, new ones,
    moved and deleted ones. WHAT and --take decide a conflict, as in `tangle sync`. With --page it
    becomes a separate page.
    """
    from tangle.verbs.import_page import import_page
    from tangle_cli.text import count, path_from_here

    project = where.project()
    if not title and path.suffix in (".ipynb", ".py") and _merged(project, path, what, take):
        return
    report = import_page(project, path, title)
    lines = [_(f"{path}: cell {number}: {notice}") for number, notice in report.notices]
    print_lines(lines, err=True)
    made = path_from_here(project, report.page)
    what = f"{count(report.cells, 'cell')}{_(', ')}{count(report.outputs, 'output')}"
    print_lines([_(f"{made}: written: {what}")])


def _merged(project: Project, path: Path, what: str, take: str | None) -> bool:
    """Merge a file that tangle exported; False if it is another one."""
    from tangle.verbs.sync.notebook import merge_notebook

    side: Side | None = None if take is None else "notes" if take == "notes" else "code"
    report = merge_notebook(project, path, what, take=side)
    if report is None:
        return False
    print_import(project, report, path)
    return True
