"""`tangle weave`."""

from __future__ import annotations

from pathlib import Path

import click

from tangle_cli.common import FOLDER, Where, complete_sections, print_problems
from tangle_cli.messages import _
from tangle_cli.printing import print_lines


@click.command()
@click.argument("what", nargs=-1, shell_complete=complete_sections)
@click.option(
    "-o", "--output", "folder", type=FOLDER, help="The folder of the site; default: site/."
)
@click.option("--open", "look", is_flag=True, help="Open the site in the browser.")
@click.pass_obj
def weave(where: Where, /, what: tuple[str, ...], folder: Path | None, *, look: bool) -> None:
    """Write the notes as a static site.

    One HTML file per page, with its outputs, links in both directions, search and navigation. No
    code is run. Open site/index.html, or publish the folder. WHAT limits the site to the pages
    that are named. Pages are left out as Logseq's publishing leaves them out: by public:: and
    :publishing/all-pages-public?.

    Exit codes: 0 written, also with warnings; 3 the folder holds files that tangle did not write.
    """
    from tangle.verbs.weave import weave as do_weave
    from tangle_cli.text import count, path_from_here

    project = where.project()
    report = do_weave(project, what, folder)
    print_problems(project, report.unread, err=True)
    print_lines(map(_, report.warnings), err=True)
    path = path_from_here(project, str(report.folder))
    changes = [
        f"{count(number, 'file')} {verb}"
        for number, verb in (
            (len(report.written), _("written")),
            (len(report.removed), _("removed")),
        )
        if number
    ]
    done = _(", ").join([count(report.pages, "page"), *(changes or [_("up to date")])])
    print_lines([f"{path}: {done}"])
    if look:
        click.launch(report.first.as_uri())
