"""`tangle`: the commands."""

from __future__ import annotations

import errno
import json
import re
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

from tangle import __version__
from tangle.errors import TangleError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from tangle.model import Problem
    from tangle.pipeline import Project

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """The project that the options before the command name."""

    graph: Path | None
    output: Path | None
    config: Path | None

    def project(self) -> Project:
        """Find the project."""
        from tangle.pipeline import find_project

        return find_project(
            start=Path.cwd(), graph=self.graph, output=self.output, config=self.config
        )


class Commands(click.Group):
    """The group of commands; errors of tangle end with their message and exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands in the order in which a newcomer needs them."""
        del ctx
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; what goes wrong is told in one sentence."""
        try:
            return super().invoke(ctx)
        except TangleError as error:
            _fail(str(error), error.exit_code)
        except KeyboardInterrupt:
            _fail("interrupted", 130)
        except OSError as error:
            if error.errno == errno.EPIPE:
                raise  # the reader of a pipe has gone: click ends quietly
            where = f"{error.filename}: " if error.filename else ""
            _fail(f"{where}{error.strerror or error}; see to that and try again", 3)


def _fail(message: str, code: int) -> NoReturn:
    click.echo(f"tangle: {message}", err=True)
    sys.exit(code)


_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
FOLDER = click.Path(file_okay=False, path_type=Path)
FILE = click.Path(dir_okay=False, path_type=Path)

EPILOG = """\b
Examples:
  tangle list                 what there is
  tangle build                notes -> generated/
  tangle run 3.6              run section 3.6, write its outputs into the notes
  tangle run --all --jobs 2   run everything
  tangle check                what is wrong, without running anything
"""


@click.group(
    cls=Commands,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--graph",
    type=FOLDER,
    help="The Logseq graph; default: the configured one, or the nearest above.",
)
@click.option("--output", type=FOLDER, help="Folder for what is generated; default: generated/.")
@click.option("--config", type=FILE, help="A tangle.toml; default: the nearest above.")
@click.version_option(__version__, prog_name="tangle")
@click.pass_context
def cli(ctx: click.Context, graph: Path | None, output: Path | None, config: Path | None) -> None:
    """Make the code in your Logseq notes a real program.

    tangle reads a graph, generates an importable package and one script a section, runs sections,
    and writes their outputs and figures back beside the code.
    """
    ctx.obj = Where(graph=graph, output=output, config=config)


def format_option(*more: str) -> Callable[[F], F]:
    """The option `--format`, with the formats that a command has."""
    return click.option(
        "--format",
        "form",
        type=click.Choice(["text", "json", *more]),
        default="text",
        show_default=True,
        help="How the result is printed.",
    )


def _sections(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Names of sections that begin with what was typed."""
    del param
    from click.shell_completion import CompletionItem

    from tangle.pipeline import sections

    root = ctx.find_root().params
    where = Where(graph=root.get("graph"), output=root.get("output"), config=root.get("config"))
    try:
        rows = sections(where.project())
    except TangleError:
        return []
    found = (row for row in rows if row.chunks and row.name.startswith(incomplete))
    return [CompletionItem(row.name, help=row.title) for row in found]


def _print_json(document: object) -> None:
    click.echo(json.dumps(document, ensure_ascii=False, indent=2))


def _print_lines(lines: Iterable[str], *, err: bool = False) -> None:
    for line in lines:
        # A title or a message may hold what a terminal would obey.
        click.echo(_CONTROL.sub("\N{REPLACEMENT CHARACTER}", line), err=err)


def _print_problems(project: Project, problems: Iterable[Problem], *, err: bool = False) -> None:
    from tangle_cli.text import problem_lines

    for problem in problems:
        _print_lines(problem_lines(project, problem), err=err)


@cli.command()
@click.pass_obj
def init(where: Where) -> None:
    """Write a tangle.toml for the graph here.

    The graph is the one in or above the current folder, or the only one directly below it. A
    configuration that exists is left alone.
    """
    from tangle.pipeline import write_config

    graph, output = (path and path.resolve() for path in (where.graph, where.output))
    path = write_config(Path.cwd(), graph, output)
    click.echo(f"wrote {path}")


@cli.command("list")
@format_option()
@click.pass_obj
def list_(where: Where, form: str) -> None:
    """List the sections: number, chunks, what they borrow, state, title.

    States: fresh (outputs are of the code as it is), stale, not-run, broken (an error keeps the
    section from running to its end), no-code.
    """
    from tangle.pipeline import sections
    from tangle_cli.documents import sections_document
    from tangle_cli.text import section_lines

    rows = sections(where.project())
    if form == "json":
        _print_json(sections_document(rows))
    else:
        _print_lines(section_lines(rows))


@cli.command()
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if anything would change.")
@click.pass_obj
def build(where: Where, check: bool) -> None:
    """Generate the package and the section scripts from the notes.

    No line of the notes is run. A chunk that does not parse is reported with its place; the rest is
    tangled all the same, and the exit code is 1.
    """
    from tangle.pipeline import build as do_build
    from tangle_cli.text import path_from_here, problem_summary

    project = where.project()
    report = do_build(project, check=check)
    _print_problems(project, report.problems, err=True)
    changes = report.changes
    would = "would be " if check else ""
    for verb, names in (
        ("added", changes.added),
        ("changed", changes.changed),
        ("removed", changes.removed),
    ):
        for name in names:
            path = path_from_here(project, str(project.output / name))
            click.echo(f"{path}: {would}{verb}")
    if not changes.any:
        click.echo(f"{path_from_here(project, str(project.output))}: up to date")
    if report.problems:
        click.echo(problem_summary(report.problems), err=True)
    if report.failed or (check and changes.any):
        sys.exit(1)


@cli.command()
@click.argument("section", shell_complete=_sections)
@click.pass_obj
def show(where: Where, section: str) -> None:
    """Print the script of one SECTION."""
    from tangle.pipeline import show as do_show

    click.echo(do_show(where.project(), section), nl=False)


def _seconds(ctx: click.Context, param: click.Parameter, value: float | None) -> float | None:
    del ctx, param
    if value is not None and not 0 < value < 1e9:
        raise click.BadParameter("it takes a number of seconds above zero")
    return value


def _device(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    del ctx, param
    if value is not None and not re.fullmatch(r"auto|cpu|mps|cuda(:[0-9]+)?", value):
        raise click.BadParameter(f"{value!r} is none of auto, cpu, cuda, cuda:N, mps")
    return value


@cli.command()
@click.argument("sections", nargs=-1, shell_complete=_sections)
@click.option("--all", "everything", is_flag=True, help="Run every section that has code.")
@click.option("--device", callback=_device, help="auto, cpu, cuda, cuda:N or mps; default: auto.")
@click.option(
    "--jobs", type=click.IntRange(1), default=1, show_default=True, help="Sections at a time."
)
@click.option(
    "--timeout",
    type=float,
    callback=_seconds,
    help="Seconds a section may take.",
)
@click.option("--fresh", is_flag=True, help="Run also what the cache could answer.")
@click.option(
    "--no-write",
    "write",
    is_flag=True,
    flag_value=False,
    default=True,
    help="Leave the notes as they are.",
)
@click.option("--force", is_flag=True, help="Write over outputs that were edited by hand, too.")
@click.option(
    "--write-pending",
    is_flag=True,
    help="Run nothing: write results that earlier runs had no place for.",
)
@click.option("--junit-xml", type=FILE, help="Write a report for CI to this file.")
@format_option()
@click.pass_obj
def run(where: Where, /, sections: tuple[str, ...], **options: Any) -> None:
    """Run SECTIONS of the notes and write their outputs beside the code.

    A section is named by its number (3.6; 3 for all of chapter 3; 3.6.5 for 3.6 to the end of
    3.6.5), or by its page's title (Page, Page#Heading). Each runs in a process of its own, with
    your rights; a section that did not change is answered from the cache.
    """
    from tangle.pipeline import RunOptions, run_pending, write_junit
    from tangle.pipeline import run as do_run
    from tangle_cli.documents import run_document
    from tangle_cli.progress import progress
    from tangle_cli.text import run_lines

    everything, form, report_file, pending = (
        options.pop(key) for key in ("everything", "form", "junit_xml", "write_pending")
    )
    if pending and (sections or everything or not options["write"]):
        raise click.UsageError("--write-pending runs nothing: it takes no sections")
    if bool(sections) == everything and not pending:
        raise click.UsageError("name the sections to run, or --all for every one")
    project = where.project()
    if pending:
        report = run_pending(project, force=options["force"])
    else:
        with progress() as observe:
            report = do_run(
                project, None if everything else sections, RunOptions(**options), observe=observe
            )
    _print_problems(project, report.unread, err=True)
    if form == "json":
        _print_json(run_document(project, report))
    else:
        _print_lines(run_lines(project, report))
    if report.refused is not None:
        click.echo(f"tangle: {report.refused}", err=True)
    if report_file is not None:
        write_junit(project, report, report_file)
    sys.exit(report.exit_code)


@cli.command()
@click.option("--fix", is_flag=True, help="Mend chunks that do not parse, where that is sure.")
@click.option("--diff", is_flag=True, help="Show what --fix would do, and write nothing.")
@format_option("github")
@click.pass_obj
def check(where: Where, fix: bool, diff: bool, form: str) -> None:
    """Report everything that can be known without running: exit 1 if there are errors.

    Syntax errors, undefined names, broken references, names saved twice or not at all, unknown
    properties, stale outputs, stale files in generated/.
    """
    from tangle.pipeline import check as do_check
    from tangle_cli.documents import problems_document
    from tangle_cli.text import problem_summary

    project = where.project()
    if diff and form != "text":
        raise click.UsageError("--diff prints a diff: it goes with --format text alone")
    if fix or diff:
        _repair(project, write=not diff)
    problems = do_check(project)
    if diff:
        click.echo(problem_summary(problems) if problems else "no problems", err=True)
        sys.exit(1 if any(problem.severity == "error" for problem in problems) else 0)
    if form == "json":
        _print_json(problems_document(problems))
    elif form == "github":
        from tangle_cli.github import annotation

        _print_lines(annotation(project, problem) for problem in problems)
    else:
        _print_problems(project, problems)
        click.echo(problem_summary(problems) if problems else "no problems", err=True)
    if any(problem.severity == "error" for problem in problems):
        sys.exit(1)


def _repair(project: Project, *, write: bool) -> None:
    from tangle.pipeline import repair
    from tangle_cli.text import path_from_here

    report = repair(project, write=write)
    if not write:
        click.echo(report.diff, nl=False)
    for mended in report.mended:
        verb = "mended" if write else "can be mended"
        place = f"{path_from_here(project, mended.place.path)}:{mended.place.line}"
        click.echo(f"{place}: {verb}: {'; '.join(mended.causes)}", err=True)


@cli.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@format_option()
def outline(paths: tuple[Path, ...], form: str) -> None:
    """Show how pages are read: PATHS are pages, or folders of pages.

    As JSON, one object a page and line; offsets are UTF-8 bytes of the file.
    """
    from tangle.parse import outline as document
    from tangle.parse import outline_text
    from tangle.pipeline import outline_pages

    for page in outline_pages(paths):
        if form == "json":
            click.echo(json.dumps(document(page), ensure_ascii=False))
        else:
            click.echo(outline_text(page).rstrip("\n"))


@cli.command()
@click.option("--force", is_flag=True, help="Remove outputs that were edited by hand, too.")
@click.pass_obj
def clean(where: Where, force: bool) -> None:
    """Remove outputs and figures from the notes, and the cache."""
    from tangle.pipeline import clean as do_clean
    from tangle_cli.text import count, path_from_here

    project = where.project()
    report = do_clean(project, force=force)
    for page in report.pages:
        click.echo(f"outputs removed from {path_from_here(project, page)}")
    click.echo(f"{count(report.figures, 'figure')} removed")
    _print_problems(project, report.kept, err=True)


@cli.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the completion script for SHELL.

    \b
    bash:  tangle completion bash > ~/.local/share/bash-completion/completions/tangle
    zsh:   tangle completion zsh > a file `_tangle` in a folder of $fpath
    fish:  tangle completion fish > ~/.config/fish/completions/tangle.fish
    """  # noqa: D301 -- \b is click's sign for lines to keep
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"no completion for {shell}")
    click.echo(kind(cli, {}, "tangle", "_TANGLE_COMPLETE").source())


def main() -> None:
    """Run the command line."""
    cli(prog_name="tangle")
