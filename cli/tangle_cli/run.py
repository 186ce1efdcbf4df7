"""`tangle run`."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tangle_cli.common import (
    FILE,
    Where,
    complete_sections,
    device_option,
    force_option,
    format_option,
    print_problems,
    quiet_options,
    set_quiet,
    timeout_option,
    write_option,
)
from tangle_cli.messages import _
from tangle_cli.printing import print_commands, print_json, print_lines
from tangle_cli.server_client import GIVEN_UP, hint_paths
from tangle_cli.style import same_terminal
from tangle_cli.usage import WholeNumber

if TYPE_CHECKING:
    from tangle.engine.events import Event, Observer
    from tangle.verbs.project import Project
    from tangle.verbs.reports.values import RunReport
    from tangle_cli.progress import Shown

_JOB_PAGE = "GITHUB_STEP_SUMMARY"
"""The variable that names the file from which GitHub builds the summary page of a job."""


def _size(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    del ctx, param
    if value is not None:
        from tangle.model import SIZE
        from tangle.verbs.project import SIZE_HINT

        if not SIZE.fullmatch(value.strip()):
            raise click.BadParameter(f"{value!r} is not a size: {SIZE_HINT}")
    return value


def _executor(ctx: click.Context, param: click.Parameter, value: str) -> str:
    del ctx, param
    kind, colon, address = value.partition(":")
    if value in {"local", "dask"}:
        return value
    from tangle.engine.cluster.address import EXECUTOR_WORDS, address_error

    if kind != "dask" or not colon:
        raise click.BadParameter(f"{value!r} is no executor: it takes {EXECUTOR_WORDS}")
    if (error := address_error(address)) is not None:
        raise click.BadParameter(error)
    return value


def _leave_hints(where: Where, project: Project, options: Mapping[str, Any]) -> None:
    """Let the next command in this folder find the server without searching for the project."""
    from tangle.verbs.server_policy import leave_hints

    if options["server"] and not GIVEN_UP and where == Where(graph=None, output=None, config=None):
        leave_hints(project, hint_paths(os.getcwd()))  # noqa: PTH109 -- as the relay has it


@contextlib.contextmanager
def _observer(project: Project, form: str, verbose: bool) -> Iterator[tuple[Observer, Shown]]:
    """Show a run's progress; print the engine's notices once the progress display has ended.

    Args:
        project: whose notes.
        form: how the result is printed.
        verbose: print all notices, not only those of trouble.
    """
    from tangle.engine.events import Noticed
    from tangle_cli.progress import progress

    noticed: list[str] = []
    results = form == "text" and same_terminal(sys.stdout, sys.stderr)

    def watch(event: Event) -> None:
        if isinstance(event, Noticed):
            if verbose or event.trouble:
                noticed.append(event.text)
        else:
            show(event)

    try:
        with progress(project=project, results=results) as show:
            yield watch, show.shown
    finally:
        print_lines((_(f"engine: {notice}") for notice in noticed), err=True)


@click.command()
@click.argument("sections", nargs=-1, shell_complete=complete_sections)
@click.option("--all", "everything", is_flag=True, help="Run every section that has code.")
@device_option
@click.option(
    "--jobs",
    metavar="N",
    type=WholeNumber(),
    help="Number of sections at a time; default: the number of cores.",
)
@click.option(
    "--max-memory",
    metavar="SIZE",
    callback=_size,
    help="Memory limit of a section: 2G, 500M, 90% of all (the default), 0 for none.",
)
@timeout_option
@click.option(
    "--fresh/--no-fresh",
    default=None,
    help="Bypass the cache and run each section in a fresh process; --no-fresh allows the "
    "cache with --verify.",
)
@click.option(
    "--verify",
    is_flag=True,
    help="Compare the outputs with those in the notes and write nothing; exit 1 if they differ.",
)
@click.option(
    "--changed-since",
    metavar="REV",
    help="Run only sections that changed since this commit: code, borrowed and saved names, data.",
)
@click.option(
    "-x",
    "--exitfirst",
    is_flag=True,
    help="End a section at its first chunk that fails; else chunks that do not need it go on.",
)
@write_option
@force_option
@quiet_options
@click.option(
    "--write-pending",
    is_flag=True,
    help="Run nothing; write results that earlier runs could not write.",
)
@click.option(
    "--no-server",
    "server",
    is_flag=True,
    flag_value=False,
    default=True,
    help="Do not use the background server, and do not start one.",
)
@click.option(
    "--executor",
    metavar="local|dask[:ADDRESS]",
    default="local",
    callback=_executor,
    help="Where sections run: on this machine, or as tasks of a Dask cluster.",
)
@click.option("-v", "--verbose", is_flag=True, help="Say where the sections' processes come from.")
@click.option("--junit-xml", type=FILE, help="Write a report for CI to this file.")
@click.option("--html", type=FILE, help="Write a report with outputs and figures to this file.")
@click.option(
    "--summary",
    type=FILE,
    help="Write a report in Markdown to this file; GitHub's summary file is appended to.",
)
@format_option("github")
@click.pass_obj
def run(where: Where, /, sections: tuple[str, ...], **options: Any) -> None:
    """Run SECTIONS of the notes and write their outputs beside the code.

    Name a section by its number (3.6; 3 for all of chapter 3; 3.6.5 for 3.6 to the end of 3.6.5)
    or by its page's title (Page, Page#Heading). Page:LINE and ((id)) name one block, which runs
    with the chunks above it that it needs. Each section runs in a separate process, with your
    rights.
    Results of unchanged sections come from the cache.
    """
    from tangle.verbs.job_builder import RunOptions
    from tangle.verbs.run import run as do_run
    from tangle.verbs.run import run_pending
    from tangle_cli.summary import summary_lines
    from tangle_cli.text import change_lines, idle_line

    form, pending, verbose = (options.pop(key) for key in ("form", "write_pending", "verbose"))
    files = {key: options.pop(key) for key in ("junit_xml", "html", "summary")}
    wanted = _wanted(sections, options, pending=pending)
    project = where.project()
    set_quiet(project, options)
    began, seen = time.monotonic(), None
    if pending:
        report = run_pending(
            project, force=options["force"], quiet_seconds=options["quiet_seconds"]
        )
    else:
        with _observer(project, form, verbose) as (observe, seen):
            report = do_run(project, wanted, RunOptions(**options), observe=observe)
    _leave_hints(where, project, options)
    print_problems(project, report.unread, err=True)
    print_lines(map(_, report.doubts), err=True)
    if report.idle:
        print_lines([idle_line(report.idle)], err=True)
    if report.changes is not None:
        print_lines(change_lines(report.changes, options["changed_since"]), err=True)
    _print(project, report, form, seen)
    if report.refused is not None:
        print_lines([f"tangle: {_(report.refused)}"], err=True)
    _write_reports(project, report, files)
    if form != "json":
        seconds, live = time.monotonic() - began, bool(seen and seen.failures)
        print_lines(summary_lines(project, report, seconds, always=live), err=True)
    sys.exit(report.exit_code)


def _wanted(
    sections: tuple[str, ...], options: dict[str, Any], *, pending: bool
) -> tuple[str, ...] | None:
    """Return the named sections, None for all; add to the options what others imply."""
    everything = options.pop("everything")
    named = bool(sections) or everything or options["changed_since"] is not None
    if pending and (named or options["verify"] or not options["write"]):
        raise click.UsageError(
            "--write-pending runs nothing: it takes no sections, and no --verify or --no-write"
        )
    if (sections and everything) or not (named or pending):
        raise click.UsageError(
            "name the sections to run, or give --all: tangle run 3.6, tangle run --all"
        )
    options["cached"] = not (options["verify"] if options["fresh"] is None else options["fresh"])
    options["fresh"] = bool(options["fresh"])
    options["server"] = options["server"] and not GIVEN_UP
    options["write"] = options["write"] and not options["verify"]
    return sections or None


def _print(project: Project, report: RunReport, form: str, seen: Shown | None) -> None:
    from tangle.verbs.reports.documents import run_document
    from tangle_cli.run_text import run_lines

    if form == "json":
        print_json(run_document(project, report))
    elif form == "github":
        from tangle_cli.github import run_annotations, without_commands

        print_commands(without_commands(run_lines(project, report)))
        print_commands(run_annotations(project, report))
    else:
        print_lines(run_lines(project, report, seen))


def _write_reports(project: Project, report: RunReport, files: dict[str, Path | None]) -> None:
    if (path := files["junit_xml"]) is not None:
        from tangle.verbs.reports.junit import write_junit

        write_junit(project, report, path)
    if (path := files["html"]) is not None:
        from tangle.verbs.reports.html import write_html

        write_html(project, report, path)
    if (path := files["summary"]) is not None:
        from tangle.verbs.reports.markdown import write_summary

        # Every step of a job appends to this one.
        write_summary(project, report, path, append=str(path) == os.environ.get(_JOB_PAGE))
