"""`tangle`: the commands."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from tangle.errors import ChangedMeanwhile, TangleError
from tangle_cli.cache import cache
from tangle_cli.common import (
    FILE,
    FOLDER,
    GRAPH,
    POSIX_ONLY,
    Where,
    complete_sections,
    format_option,
    print_problems,
)
from tangle_cli.debug import debug
from tangle_cli.doctor import doctor
from tangle_cli.export import export
from tangle_cli.importing import import_
from tangle_cli.lsp import lsp
from tangle_cli.merge import merge_driver
from tangle_cli.messages import _
from tangle_cli.printing import print_commands, print_json, print_lines, print_text
from tangle_cli.run import run
from tangle_cli.serve import serve
from tangle_cli.server import server
from tangle_cli.start import interrupted
from tangle_cli.sync import sync
from tangle_cli.usage import ExistingPath, Group, OneOf, one_sentence
from tangle_cli.version import print_version
from tangle_cli.watch import watch
from tangle_cli.weave import weave

if TYPE_CHECKING:
    from tangle.verbs.check import CheckReport
    from tangle.verbs.project import Project


class Commands(Group):
    """The command group; prints an error's message and exits with its code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order in which a newcomer needs them."""
        del ctx
        return list(self.commands)

    def make_context(self, *arguments: Any, **options: Any) -> click.Context:
        """Parse the global options; report a usage error in one sentence."""
        try:
            return super().make_context(*arguments, **options)
        except click.UsageError as error:
            raise one_sentence(error) from error
        except OSError as error:  # --help and --version print while options are parsed
            _fail_on_this_system(error)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; report an error in one sentence."""
        try:
            return super().invoke(ctx)
        except click.UsageError as error:
            raise one_sentence(error) from error
        except ChangedMeanwhile:
            raise  # `main` begins again
        except TangleError as error:
            _fail(str(error), error.exit_code)
        except KeyboardInterrupt:
            sys.exit(interrupted())
        except (OSError, ModuleNotFoundError) as error:
            _fail_on_this_system(error)


def _fail_on_this_system(error: OSError | ModuleNotFoundError) -> NoReturn:
    """Report what the system refuses or lacks; raise what is not the system's."""
    if isinstance(error, ModuleNotFoundError):
        if error.name not in POSIX_ONLY:
            raise error
        lacking = f"this command needs {error.name}, which only POSIX systems have"
        _fail(f"{lacking}; use Linux, macOS or WSL", 3)
    if error.errno == errno.EPIPE:
        raise error  # the reader of a pipe has gone: click ends quietly
    where = f"{error.filename}: " if error.filename else ""
    _fail(f"{where}{error.strerror or error}; fix this and try again", 3)


def _fail(message: str, code: int) -> NoReturn:
    print_lines([f"tangle: {_(message)}"], err=True)
    sys.exit(code)


EPILOG = """\b
Examples:
  tangle list                 the sections and their state
  tangle build                notes -> generated/
  tangle run 3.6              run section 3.6, write its outputs into the notes
  tangle run --all --jobs 2   run everything
  tangle check                what is wrong, without running anything
"""


@click.group(
    cls=Commands,
    invoke_without_command=True,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--graph",
    type=GRAPH,
    help="The Logseq graph; default: the configured one, or the nearest one upwards.",
)
@click.option("--output", type=FOLDER, help="The output folder; default: generated/.")
@click.option("--config", type=FILE, help="A tangle.toml; default: the nearest one upwards.")
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=print_version,
    help="Show the versions of tangle, Python and the libraries that matter.",
)
@click.pass_context
def cli(ctx: click.Context, graph: Path | None, output: Path | None, config: Path | None) -> None:
    """Turn the code in your Logseq notes into a program.

    tangle reads a graph, generates an importable package and one script per section, runs sections,
    and writes their outputs and figures back beside the code. Without a command, it says what is
    in the graph here.
    """
    ctx.obj = Where(graph=graph, output=output, config=config)
    if ctx.invoked_subcommand is None:
        from tangle.verbs.overview import overview
        from tangle_cli.overview import overview_lines

        print_lines(overview_lines(overview(ctx.obj.project())))


@cli.command()
@click.option("--yes", is_flag=True, help="Ask nothing, and take the defaults.")
@click.option(
    "--hide-outputs",
    "hide",
    is_flag=True,
    help="Add the entries to logseq/config.edn that hide tangle.output in Logseq.",
)
@click.pass_obj
def init(where: Where, yes: bool, hide: bool) -> None:
    """Write a tangle.toml for the graph here.

    The graph is the one in or above the current folder, or the only one directly below it. An
    existing configuration is left alone; with --hide-outputs, only logseq/config.edn is edited
    then. On a terminal, it asks up to three questions. Without a terminal and with --yes,
    logseq/config.edn is edited only with --hide-outputs.
    """
    from tangle_cli.init import set_up

    print_lines(set_up(where, ask=not yes and sys.stdin.isatty(), hide=hide))


@cli.command()
@click.argument("folder", type=FOLDER, default=".")
def trust(folder: Path) -> None:
    """Obey the configurations and graphs in FOLDER that belong to another user.

    A configuration decides whose code `tangle run` executes, so one that is neither yours nor
    root's is refused until you trust the folder. The folder is recorded in your own settings,
    ~/.config/tangle/config.toml.
    """
    from tangle.verbs.trust import trust_folder

    if not folder.is_dir():
        raise click.UsageError(f"{folder}: there is no such folder")
    path = trust_folder(folder)
    print_lines([_(f"{folder.resolve()}: trusted, as recorded in {path}")])


@cli.command("list")
@click.option(
    "--changed-since", "since", metavar="REV", help="Only sections that changed since this commit."
)
@click.option("--all", "every", is_flag=True, help="List pages without code, too.")
@format_option()
@click.pass_obj
def list_(where: Where, since: str | None, every: bool, form: str) -> None:
    """List sections and pages with code: chunks, borrowed statements, state, title.

    States: fresh (outputs match the current code), stale, not-run, broken (an error keeps the
    section from running to its end), no-code. Of pages that are not adopted: ready,
    needs-names, needs-packages, sketch.
    """
    from tangle.verbs.check import sections
    from tangle.verbs.reports.documents import sections_document
    from tangle_cli.listing import section_lines
    from tangle_cli.live import width_of
    from tangle_cli.text import change_lines, org_line

    project = where.project()
    report = sections(project, every=every)
    rows = report.rows
    if since is not None:
        from tangle.verbs.vcs.changed_since import changed_sections

        changes = changed_sections(project, since)
        names = {change.section for change in changes}
        rows = tuple(row for row in rows if row.name in names)
        print_lines(change_lines(changes, since), err=True)
    if form == "json":
        print_json(sections_document(rows))
    else:
        lines = section_lines(rows, width_of(sys.stdout), report.org_pages)
        print_lines(lines if rows or since is None else ())
        if report.org_pages and rows:
            print_lines([org_line(report.org_pages)], err=True)


@cli.command()
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if anything would change.")
@click.option("--exit-code", is_flag=True, help="Exit 1 if anything was changed, for use in hooks.")
@click.option(
    "--force",
    is_flag=True,
    help="Overwrite edits of generated files, and remove all scripts even if no section has code.",
)
@click.pass_obj
def build(where: Where, check: bool, exit_code: bool, force: bool) -> None:
    """Generate the package and the section scripts from the notes.

    Nothing in the notes is executed. A chunk that does not parse is reported with its place; the
    rest is tangled anyway, and the exit code is 1.
    """
    from tangle.verbs.build import build as do_build
    from tangle_cli.text import path_from_here, problem_summary, without_script

    project = where.project()
    report = do_build(project, check=check, force=force)
    print_problems(project, report.problems, err=True)
    if report.notice is not None:
        print_lines([_(report.notice)], err=True)
    changes = report.changes
    for done, names in (
        (_("would be added" if check else "added"), changes.added),
        (_("would be changed" if check else "changed"), changes.changed),
        (_("would be removed" if check else "removed"), changes.removed),
    ):
        for name in names:
            path = path_from_here(project, str(project.output / name))
            print_lines([f"{path}: {done}"])
    if not changes.any:
        print_lines([_(f"{path_from_here(project, str(project.output))}: up to date")])
    if report.problems:
        print_lines([problem_summary(report.problems)], err=True)
    if report.left_out:
        print_lines([without_script(report.left_out)], err=True)
    if report.failed or ((check or exit_code) and changes.any):
        sys.exit(1)


@cli.command()
@click.argument("section", shell_complete=complete_sections)
@click.pass_obj
def show(where: Where, section: str) -> None:
    """Print the script of a SECTION."""
    from tangle.verbs.show import show as do_show

    print_text(do_show(where.project(), section))


cli.add_command(run)
cli.add_command(debug)
cli.add_command(serve)
cli.add_command(server)
cli.add_command(cache)
cli.add_command(watch)
cli.add_command(export)
cli.add_command(import_)
cli.add_command(sync)
cli.add_command(weave)
cli.add_command(lsp)
cli.add_command(merge_driver)
cli.add_command(doctor)


@cli.command()
@click.argument("what", nargs=-1, shell_complete=complete_sections)
@click.option(
    "--all", "every", is_flag=True, help="Report pages that were never run or named, too."
)
@click.option(
    "--fix", is_flag=True, help="Repair chunks that do not parse, if there is only one way."
)
@click.option("--diff", is_flag=True, help="Print what --fix would change, and write nothing.")
@format_option("github")
@click.pass_obj
def check(where: Where, /, what: tuple[str, ...], form: str, **flags: bool) -> None:
    """Report everything that can be known without running: exit 1 if there are errors.

    Pages that were never run, named in a command or the configuration, saved from, or given a
    `tangle.` property get one line together. WHAT limits the report to sections or pages.

    Syntax errors, undefined names, broken references, names saved twice or not at all, unknown
    properties, stale outputs, stale files in generated/.
    """
    from tangle.verbs.check import check_report
    from tangle_cli.text import problem_summary

    project = where.project()
    if flags["diff"] and form != "text":
        raise click.UsageError("--diff prints a diff: it works only with --format text")
    if flags["fix"] or flags["diff"]:
        _repair(project, write=not flags["diff"])
    report = check_report(project, what, every=flags["every"])
    problems = report.problems
    if flags["diff"]:
        print_lines([problem_summary(problems) if problems else _("no problems")], err=True)
    else:
        _print_check(project, report, form, quiet=bool(what or flags["every"]))
    if any(problem.severity == "error" for problem in problems):
        sys.exit(1)


def _print_check(project: Project, report: CheckReport, form: str, *, quiet: bool) -> None:
    """Print the report of a check.

    Args:
        project: whose notes.
        report: to print.
        form: `text`, `json` or `github`.
        quiet: say nothing of pages that are not adopted.
    """
    from tangle.verbs.reports.documents import check_document
    from tangle_cli.text import few_of_a_kind, never_run_lines, output_summary, problem_summary

    problems = report.problems
    if form == "json":
        print_json(check_document(report))
        return
    if form == "github":
        from tangle_cli.github import annotation

        print_commands(annotation(project, problem) for problem in problems)
        return
    shown, more = few_of_a_kind(problems)
    print_problems(project, shown)
    print_lines(more)
    print_lines([problem_summary(problems) if problems else _("no problems")], err=True)
    if not quiet:
        print_lines(never_run_lines(report), err=True)
    if report.outputs:
        print_lines([output_summary(report)], err=True)


def _repair(project: Project, *, write: bool) -> None:
    from tangle.verbs.repair import repair
    from tangle_cli.text import path_from_here

    report = repair(project, write=write)
    if not write:
        print_text(report.diff)
    for repaired in report.repaired:
        done = _("repaired" if write else "can be repaired")
        place = f"{path_from_here(project, repaired.place.path)}:{repaired.place.line}"
        print_lines([f"{place}: {done}: {_('; ').join(map(_, repaired.causes))}"], err=True)


@cli.command()
@click.argument("paths", nargs=-1, required=True, type=ExistingPath(path_type=Path))
@format_option()
def outline(paths: tuple[Path, ...], form: str) -> None:
    """Show how pages are read: PATHS are pages, or folders of pages.

    As JSON, one object per page, each on its own line; offsets are UTF-8 bytes of the file.
    """
    from tangle.parse import outline as document
    from tangle.parse import outline_text
    from tangle.verbs.outline import outline_pages

    for page in outline_pages(paths):
        if form == "json":
            print_json(document(page), indent=None)
        else:
            tree = outline_text(page).removeprefix(page.path).strip("\n")
            print_lines([page.path, *tree.split("\n")] if tree else [page.path])


@cli.command()
@click.argument("what", nargs=-1, shell_complete=complete_sections)
@click.option("--force", is_flag=True, help="Also remove outputs that were edited by hand.")
@click.option("--orphans", is_flag=True, help="Only what belongs to no chunk; keep the cache.")
@click.option("--dry-run", is_flag=True, help="Only say what would be removed.")
@click.pass_obj
def clean(where: Where, what: tuple[str, ...], force: bool, orphans: bool, dry_run: bool) -> None:
    """Remove outputs and figures from the notes, and the cache.

    WHAT limits it to the chunks that `tangle run WHAT` runs; the cache stays.
    """
    from tangle.verbs.clean import CleanTerms
    from tangle.verbs.clean import clean as do_clean
    from tangle_cli.text import count, path_from_here

    project = where.project()
    if what and orphans:
        raise click.UsageError("--orphans removes what belongs to no chunk; leave out WHAT")
    terms = CleanTerms(force=force, orphans=orphans, dry_run=dry_run, wanted=what)
    report = do_clean(project, terms)
    for page in report.pages:
        path = path_from_here(project, page)
        print_lines([_(f"outputs {'would be ' if dry_run else ''}removed from {path}")])
    for figure in report.figures if orphans or dry_run else ():
        path = path_from_here(project, figure)
        print_lines([_(f"{path} {'would be ' if dry_run else ''}removed")])
    figures = count(len(report.figures), "figure")
    print_lines([_(f"{figures} {'would be ' if dry_run else ''}removed")])
    print_problems(project, report.kept, err=True)


@cli.command()
@click.argument("shell", type=OneOf(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the completion script for SHELL.

    \b
    bash:  tangle completion bash > ~/.local/share/bash-completion/completions/tangle
    zsh:   tangle completion zsh > a file `_tangle` in a folder of $fpath
    fish:  tangle completion fish > ~/.config/fish/completions/tangle.fish
    """  # noqa: D301 -- \b is click's sign for lines to keep
    from click.shell_completion import get_completion_class

    from tangle_cli.completion import register

    register()
    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"no completion for {shell}")
    click.echo(kind(cli, {}, "tangle", "_TANGLE_COMPLETE").source())


def main() -> None:
    """Run the command line; Ctrl-C while arguments are parsed has the usual exit code, too."""
    if "_TANGLE_COMPLETE" in os.environ:
        from tangle_cli.completion import register

        register()
    try:
        code = _settled()
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        sys.exit(interrupted())
    sys.exit(code)


def _settled(attempts: int = 3) -> Any:
    """The exit code of the command, which begins again where a page was saved meanwhile."""
    try:
        return cli.main(prog_name="tangle", standalone_mode=False)
    except ChangedMeanwhile as error:
        if attempts == 1:
            _fail(str(error), error.exit_code)
    from tangle.verbs.notes import forget_notes

    forget_notes()
    return _settled(attempts - 1)
