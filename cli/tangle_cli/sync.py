"""`tangle sync`."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

import click

from tangle_cli.common import Where, complete_sections
from tangle_cli.printing import print_lines, print_text
from tangle_cli.usage import OneOf

if TYPE_CHECKING:
    from tangle.verbs.project import Project
    from tangle.verbs.sync.sync import SyncReport


@click.command()
@click.argument("what", default="", shell_complete=complete_sections)
@click.option(
    "--take",
    type=OneOf(["notes", "code"]),
    help="Decide the conflicts of WHAT for one side.",
)
@click.option("--check", is_flag=True, help="Change nothing; exit 1 if an edit would be written.")
@click.option("--diff", is_flag=True, help="Change nothing; print what the notes would get.")
@click.pass_obj
def sync(
    where: Where, what: str, take: Literal["notes", "code"] | None, check: bool, diff: bool
) -> None:
    """Write edits of generated files into the notes.

    Each edited line goes to the chunk that it came from. What the notes have changed meanwhile
    stays. Where both sides changed the same lines, neither is touched: the command shows both and
    exits with 3. WHAT is one chunk, PAGE:LINE or ((id)), or a section; without it, all count.
    """
    from tangle.verbs.sync.sync import sync as do_sync

    project = where.project()
    report = do_sync(project, what, take=take, write=not (check or diff))
    if diff:
        print_text(report.diff)
    else:
        print_lines(_done(project, report, would=check))
    print_lines(_left(project, report), err=True)
    if report.left:
        sys.exit(3)
    if report.moved and check:
        sys.exit(1)
    if report.build is not None and report.build.failed:
        sys.exit(1)


def _done(project: Project, report: SyncReport, *, would: bool) -> Iterator[str]:
    from tangle_cli.text import count, path_from_here

    would_be = "would be " if would else "is "
    verb = "would be written" if would else "written"
    for moved in report.moved:
        files = ", ".join(path_from_here(project, str(project.output / f)) for f in moved.files)
        place = f"{path_from_here(project, moved.place.path)}:{moved.place.line}"
        yield f"{place}: {count(moved.lines, 'edited line')} {verb} from {files}"
    for dropped in report.dropped:
        place = f"{path_from_here(project, dropped.path)}:{dropped.line}"
        yield f"{place}: the notes stay as they are; the edit {would_be}dropped"
    if not (report.moved or report.dropped or report.left):
        yield "no edits in generated files"


def _left(project: Project, report: SyncReport) -> Iterator[str]:
    from tangle_cli.text import path_from_here

    for conflict in report.conflicts:
        place = f"{path_from_here(project, conflict.place.path)}:{conflict.place.line}"
        yield f"{place}: changed here and in generated code; nothing was written"
        yield from conflict.diff.rstrip("\n").split("\n")
        yield f"  decide: tangle sync --take notes {shlex.quote(place)}, or --take code"
    for refusal in report.refusals:
        path = path_from_here(project, str(project.output / refusal.file))
        yield f"{path}:{refusal.at}: {refusal.why}"
