"""`tangle sync`."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

import click

from tangle_cli.common import Where, complete_sections
from tangle_cli.messages import _
from tangle_cli.printing import print_lines, print_text
from tangle_cli.usage import OneOf

if TYPE_CHECKING:
    from tangle.model import Place
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
    here = _Files(project, project.output, "tangle sync", "code")
    if diff:
        print_text(report.diff)
    else:
        print_lines(_done(here, report, would=check))
    print_lines(_left(here, report), err=True)
    if report.left:
        sys.exit(3)
    if report.moved and check:
        sys.exit(1)
    if report.build is not None and report.build.failed:
        sys.exit(1)


class _Files(NamedTuple):
    """Files with edits, and the command that brings these into the notes."""

    project: Project
    folder: Path
    command: str
    side: str

    def path(self, name: str) -> str:
        """A file, as seen from here."""
        from tangle_cli.text import path_from_here

        return path_from_here(self.project, str(self.folder / name))

    def place(self, place: Place) -> str:
        """A line of a page, as seen from here."""
        from tangle_cli.text import path_from_here

        return f"{path_from_here(self.project, place.path)}:{place.line}"


def sync_lines(project: Project, report: SyncReport) -> Iterator[str]:
    """Yield what went into the notes, and what needs a decision.

    Args:
        project: whose notes.
        report: of the sync.
    """
    here = _Files(project, project.output, "tangle sync", "code")
    if report.moved:
        yield from _done(here, report, would=False)
    yield from _left(here, report)


def print_import(project: Project, report: SyncReport, path: Path) -> None:
    """Print what a notebook brought into the notes; exit with 3 if edits are left.

    Args:
        project: whose notes.
        report: of the import.
        path: of the notebook.
    """
    command = f"tangle import {shlex.quote(str(path))}"
    here = _Files(project, path.parent.resolve(), command, "notebook")
    print_lines(_done(here, report, would=False))
    print_lines((f"{here.path(each.file)}: {_(each.why)}" for each in report.notices), err=True)
    print_lines(_left(here, report), err=True)
    if report.left:
        sys.exit(3)


def _done(here: _Files, report: SyncReport, *, would: bool) -> Iterator[str]:
    from tangle_cli.text import count

    for moved in report.moved:
        files = ", ".join(map(here.path, moved.files))
        place = here.place(moved.place)
        if moved.what in ("removed", "moved"):
            lines = count(moved.lines, "line")
            yield _(f"{place}: {lines} {moved.what}, as in {files}")
        else:
            added = moved.what == "added"
            lines = count(moved.lines, "added line") if added else count(moved.lines, "edited line")
            yield _(f"{place}: {lines} {'would be written' if would else 'written'} from {files}")
    for place in map(here.place, report.dropped):
        dropped = "would be dropped" if would else "is dropped"
        yield _(f"{place}: the notes stay as they are; the edit {dropped}")
    if not (report.moved or report.dropped or report.left):
        yield _(f"no edits in {'generated files' if here.side == 'code' else 'the notebook'}")


def _left(here: _Files, report: SyncReport) -> Iterator[str]:
    for conflict in report.conflicts:
        place = here.place(conflict.place)
        what = "generated code" if here.side == "code" else "the notebook"
        why = conflict.why or f"changed here and in {what}"
        yield _(f"{place}: {why}; nothing was written")
        yield from conflict.diff.split("\n")[:-1]
        side, where = f"--take {here.side}", shlex.quote(place)
        yield _(f"  decide: {here.command} --take notes {where}, or {side}")
    for refusal in report.refusals:
        yield f"{here.path(refusal.file)}:{refusal.at}: {_(refusal.why)}"
