"""`tangle lsp`."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tangle_cli.common import Where

if TYPE_CHECKING:
    from tangle.verbs.project import Project


@click.command()
@click.pass_obj
def lsp(where: Where) -> None:
    """Serve an editor: problems while typing, completion, definitions, renaming, running.

    Your editor starts this command, and talks to it over standard input and output in the language
    server protocol. The graph is the one in the editor's folder, or around the first page that it
    opens. How to set up editors: docs/how-to/editors.md.
    """
    if any(find_spec(package) is None for package in ("lsprotocol", "pygls")):
        raise click.UsageError(
            "lsp needs packages that are missing: pip install 'logseq-tangle[lsp]'"
        )
    from tangle.lsp.features import serve
    from tangle.verbs.project import find_project

    def find(folder: Path) -> Project:
        return find_project(
            start=folder, graph=where.graph, output=where.output, config=where.config
        )

    serve(find)
