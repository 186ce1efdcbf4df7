"""Helpers that commands share: the project, options, printing of problems."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

import click

from tangle.errors import TangleError
from tangle_cli.printing import print_lines
from tangle_cli.usage import OneOf, Seconds

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from tangle.model import Problem
    from tangle.verbs.project import Project

F = TypeVar("F", bound=Callable[..., Any])

FOLDER = click.Path(file_okay=False, path_type=Path)
GRAPH = click.Path(path_type=Path)  # a folder, or the database of a graph of Logseq 2
FILE = click.Path(dir_okay=False, path_type=Path)


POSIX_ONLY: Final = frozenset({"fcntl", "pwd", "resource", "termios"})
"""Modules of the standard library that Windows does not have; running sections needs them."""


class Where(NamedTuple):
    """The global options that select a project."""

    graph: Path | None
    output: Path | None
    config: Path | None

    def project(self) -> Project:
        """Find the project."""
        from tangle.verbs.project import find_project
        from tangle_cli.waiting import show_waiting

        show_waiting()
        return find_project(
            start=Path.cwd(), graph=self.graph, output=self.output, config=self.config
        )


def format_option(*more: str) -> Callable[[F], F]:
    """Return the option `--format`: text, json and the given formats."""
    return click.option(
        "--format",
        "form",
        type=OneOf(["text", "json", *more]),
        default="text",
        show_default=True,
        help="How the result is printed.",
    )


def complete_sections(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Return completions: what names sections and begins with the typed text."""
    del param
    from tangle.verbs.completions import completions
    from tangle_cli.completion import section_items
    from tangle_cli.text import path_from_here

    root = ctx.find_root().params
    where = Where(graph=root.get("graph"), output=root.get("output"), config=root.get("config"))
    try:
        project = where.project()
        found = completions(project, incomplete, lambda path: path_from_here(project, path))
    except TangleError:
        return []
    return section_items(list(found.items()))


def print_problems(project: Project, problems: Iterable[Problem], *, err: bool = False) -> None:
    """Print problems, each with its place, line and hint.

    Args:
        project: whose notes; paths are printed relative to the working directory.
        problems: in the order to print.
        err: print to standard error.
    """
    from tangle_cli.text import problem_lines

    print_lines((line for p in problems for line in problem_lines(project, p)), err=err)


def _device(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """Check the device that an option names."""
    del ctx, param
    if value is not None:
        from tangle.near_names import device_error

        if (error := device_error(value)) is not None:
            raise click.BadParameter(error)
    return value


device_option = click.option(
    "--device", callback=_device, help="auto, cpu, cuda, cuda:N or mps; default: auto."
)
timeout_option = click.option(
    "--timeout", metavar="SECONDS", type=Seconds(), help="Time limit of a section, in seconds."
)
write_option = click.option(
    "--no-write",
    "write",
    is_flag=True,
    flag_value=False,
    default=True,
    help="Do not change the notes.",
)
force_option = click.option(
    "--force", is_flag=True, help="Also overwrite outputs that were edited by hand."
)


def quiet_options(command: F) -> F:
    """Add the options that say when outputs go into a page that is being edited."""
    quiet = click.option(
        "--quiet-seconds",
        metavar="S",
        type=Seconds(zero=True),
        help="Write into a page that is being edited once it has not been saved for S seconds; "
        "default: 4.5.",
    )
    eager = click.option(
        "--eager",
        "quiet_seconds",
        flag_value=0.0,
        type=Seconds(zero=True),
        help="Write at once, even if the page is being edited; same as --quiet-seconds 0.",
    )
    return quiet(eager(command))


def set_quiet(project: Project, options: dict[str, Any]) -> None:
    """Fill in `quiet_seconds` from the configuration if no option gives it."""
    if options["quiet_seconds"] is None:
        options["quiet_seconds"] = project.options.quiet_seconds
