"""`tangle import`."""

from __future__ import annotations

from pathlib import Path

import click

from tangle_cli.common import FILE, Where
from tangle_cli.printing import print_lines


@click.command("import")
@click.argument("path", type=FILE, metavar="FILE")
@click.option("--page", "title", default="", metavar="TITLE", help="The title of the new page.")
@click.pass_obj
def import_(where: Where, path: Path, title: str) -> None:
    """Make a page of a Jupyter notebook or a script.

    FILE is a notebook (.ipynb, nbformat 3 or 4) or a script in percent format (.py). Headings
    become the outline, prose becomes blocks, code cells become chunks with their outputs, and
    images become assets. Nothing is run, and no page is overwritten.
    """
    from tangle.verbs.import_page import import_page
    from tangle_cli.text import count, path_from_here

    project = where.project()
    report = import_page(project, path, title)
    lines = [f"{path}: cell {number}: {text}" for number, text in report.notices]
    print_lines(lines, err=True)
    made = path_from_here(project, report.page)
    what = f"{count(report.cells, 'cell')}, {count(report.outputs, 'output')}"
    print_lines([f"{made}: written: {what}"])
