"""`tangle watch`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, assert_never

import click

from tangle_cli.common import (
    Where,
    complete_sections,
    device_option,
    force_option,
    quiet_options,
    set_quiet,
    timeout_option,
    write_option,
)
from tangle_cli.messages import _
from tangle_cli.printing import print_lines

if TYPE_CHECKING:
    from tangle.verbs.project import Project
    from tangle.verbs.watch.events import EditsWait, News, Ran, Renewed, Synced, Waits, Wrote


@click.command()
@click.argument("sections", nargs=-1, shell_complete=complete_sections)
@device_option
@timeout_option
@write_option
@force_option
@quiet_options
@click.option(
    "--sync",
    is_flag=True,
    help="Write edits of generated files into the notes, and renew these files.",
)
@click.pass_obj
def watch(where: Where, /, sections: tuple[str, ...], sync: bool, **options: Any) -> None:
    """Run sections whenever their code changes, and write the outputs beside it.

    On each save, sections whose code changed run again from the first changed chunk on. Changes
    count in their own chunks, borrowed statements, saved functions and files that they read. If you
    name SECTIONS, they run at once and only they are watched; otherwise all sections are watched,
    and run when they change. Ctrl-C ends it.

    With --sync, edits of generated files go into the notes on each save, as `tangle sync` writes
    them, and the files follow the notes, as after `tangle build`.
    """
    from tangle.verbs.job_builder import RunOptions
    from tangle.verbs.watch.watcher import watch as do_watch

    project = where.project()
    set_quiet(project, options)

    def tell(news: News) -> None:
        print_lines(_lines(project, news))

    do_watch(project, sections, RunOptions(**options), tell, sync=sync)


def _lines(project: Project, news: News) -> Iterator[str]:
    from tangle.verbs.watch import events as w

    match news:
        case w.Watching(sections=sections):
            yield _watching(sections)
        case w.Runs(why=why):
            start = f"from chunk {why.first} on" if why.first > 1 else "from the start"
            yield f"{why.section}: {_(why.what)}: {_(start)}"
        case w.Waits():
            yield _waiting(project, news)
        case w.Gone(name=name):
            yield _(f"{name}: not in the notes now; runs when it comes back")
        case w.Cancelled(section=section):
            yield _(f"{section}: changed meanwhile, restarted")
        case w.Ran() | w.Wrote() | w.Synced() | w.EditsWait() | w.Renewed():
            yield from _written_lines(project, news)
        case w.Trouble(message=message):
            yield from map(_, f"tangle: {message}".split("\n"))
        case _:
            assert_never(news)


def _watching(sections: Sequence[str]) -> str:
    from tangle_cli.text import count

    which = ", ".join(sections) if len(sections) <= 5 else count(len(sections), "section")
    which = which or _("all pages, of which none has Python yet")
    return _(f"watching {which}; Ctrl-C ends it")


def _waiting(project: Project, news: Waits) -> str:
    from tangle_cli.text import path_from_here

    draft = news.draft
    place = f"{path_from_here(project, project.shown(draft.place.path))}:{draft.place.line}"
    others = ", those that do not need it run" if draft.alone else ""
    return _(f"{news.section}: chunk {draft.number} waits{others}: {draft.message} ({place})")


def _written_lines(
    project: Project, news: Ran | Wrote | Synced | EditsWait | Renewed
) -> Iterator[str]:
    from tangle.verbs.watch import events as w
    from tangle_cli.sync import sync_lines
    from tangle_cli.text import count, path_from_here

    match news:
        case w.Synced(report=report):
            yield from sync_lines(project, report)
        case w.EditsWait(file=file, why=why):
            yield _(f"edits wait: {path_from_here(project, file)} {why}")
        case w.Renewed(files=files):
            renewed = count(len(files), "generated file")
            yield _(f"{renewed} renewed")
        case w.Ran() | w.Wrote():
            yield from _result_lines(project, news)
        case _:
            assert_never(news)


def _result_lines(project: Project, news: Ran | Wrote) -> Iterator[str]:
    from tangle.verbs.watch.events import Wrote
    from tangle_cli.run_text import output_lines, section_result, skipped_lines
    from tangle_cli.text import path_from_here, problem_lines

    wrote = news if isinstance(news, Wrote) else news.wrote
    held = () if isinstance(news, Wrote) else news.held
    if not isinstance(news, Wrote):
        if held:  # what a page does not show yet, the terminal does
            yield from output_lines(project, news.run, since=news.since)
        yield from section_result(news.run)
        yield from skipped_lines(project, news.run)
    for problem in wrote.problems:
        yield from problem_lines(project, problem)
    for page in wrote.pages:
        yield _(f"outputs written to {path_from_here(project, page)}")
    for entry in held:
        yield _(f"outputs wait: {path_from_here(project, entry.page)} {entry.why}")
