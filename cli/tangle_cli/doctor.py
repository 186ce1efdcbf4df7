"""`tangle doctor`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from tangle_cli.columns import display_width, padded
from tangle_cli.common import Where, format_option
from tangle_cli.messages import _
from tangle_cli.printing import print_json, print_lines
from tangle_cli.style import Span, Styled

if TYPE_CHECKING:
    from tangle.verbs.doctor import DoctorReport, Finding

_STYLES: Final = {"ok": "green", "absent": "dim", "warning": "yellow", "error": "error"}
_OTHERS_NAMES: Final = ("packages", "extras")
"""Areas whose findings are named by packages."""

_MOST: Final = 20
"""Columns of a name; a longer one moves what follows it."""


@click.command()
@format_option()
@click.pass_obj
def doctor(where: Where, form: str) -> None:
    """Report what is installed, found and missing, with the way out: exit 1 if anything is broken.

    It looks at Python and its environment, packages and extras, the graph here and what its notes
    import, the state folder, the background server, the disk, other programs, fonts and GPUs. No
    code of the notes is executed and nothing is written; it also works where there is no graph.
    """
    from tangle.verbs.doctor import Named, examine
    from tangle.verbs.reports.documents import doctor_document

    report = examine(
        Named(start=Path.cwd(), graph=where.graph, output=where.output, config=where.config)
    )
    if form == "json":
        print_json(doctor_document(report))
    else:
        print_lines(_lines(report))
        print_lines([_summary(report)])
    if report.failed:
        sys.exit(1)


def _lines(report: DoctorReport) -> Iterator[str]:
    for area, findings in groupby(report.findings, key=lambda finding: finding.area):
        yield Styled.of(Span(_(area), "bold"))
        yield from (line for finding in findings for line in _finding_lines(finding))


def _finding_lines(finding: Finding) -> Iterator[str]:
    width = max(display_width(_(word)) for word in _STYLES)
    status = Span(padded(_(finding.status), width), _STYLES[finding.status])
    name = finding.name if finding.area in _OTHERS_NAMES else _(finding.name)
    yield Styled.of("  ", status, f"  {padded(name, _MOST)}  {_(finding.detail)}")
    if finding.action:
        yield f"{'':{width + _MOST + 6}}-> {_(finding.action)}"


def _summary(report: DoctorReport) -> str:
    from tangle_cli.text import count

    states = [finding.status for finding in report.findings]
    errors, warnings = states.count("error"), states.count("warning")
    said = _("something is broken" if errors else "nothing that is needed is missing")
    counts = [count(errors, "error")] if errors else []
    counts += [count(warnings, "warning")] if warnings else []
    return f"{said}{_(': ')}{_(', ').join(counts)}" if counts else said
