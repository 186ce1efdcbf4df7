"""Each `tangle` command that a document names exists, and has the options that it names."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from tangle_cli.main import cli
from tests.docs.console import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("editors/*/*.md")])
PAGES.remove(ROOT / "CHANGELOG.md")  # it names commands of former versions
CODE = re.compile(r"`(tangle (?!=)[^`\n]+)`|^(?:    |\$ )(?:.*&& )?(tangle [^\n]+)$", re.MULTILINE)
SYNOPSIS = re.compile(r"[\[\]|]|\.\.\.|…")


def command_lines(page: str) -> Iterator[str]:
    """The commands in inline code, in fences after `$ `, and in indented lines."""
    for found in CODE.finditer(page):
        line = (found[1] or found[2]).split("   ")[0]  # behind wide gaps stand words
        yield re.split(r" [|>&;#]+ | [|>&;]| 2>", line)[0]


def mistake(line: str) -> str | None:
    """What is wrong with a command, if anything: an option or subcommand that is not there."""
    words = shlex.split(SYNOPSIS.sub(" ", line).replace("'", '"'))[1:]
    command: click.Command = cli
    options = {name for each in cli.params for name in each.opts}
    unknown = ""
    for word in words:
        if isinstance(command, click.Group) and word in command.commands:
            command = command.commands[word]
            options |= {
                name for each in command.params for name in (*each.opts, *each.secondary_opts)
            }
        elif word.startswith("-") and word.partition("=")[0] not in options | {"-h", "--help"}:
            return f"{word} in `{line}`"
        elif re.fullmatch(r"[a-z][a-z-]+", word):
            unknown = word
    return f"`{line}`" if isinstance(command, click.Group) and unknown else None


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_commands_and_options_exist(path: Path) -> None:
    lines = command_lines(path.read_text(encoding="utf-8"))
    assert [found for line in lines if (found := mistake(line)) is not None] == []


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("tangle run 3.6 --verify", False),
        ("tangle run 3.6 --verfy", True),
        ("tangle --graph DIR list --all", False),
        ("tangle server stop", False),
        ("tangle server", False),
        ("tangle server stpo", True),
        ("tangle rum 3.6", True),
        ("tangle run [--jobs N] [--timeout=S]", False),
    ],
)
def test_mistakes_are_found(line: str, wrong: bool) -> None:
    assert (mistake(line) is not None) is wrong


def test_commands_are_found() -> None:
    assert sum(1 for path in PAGES for _ in command_lines(path.read_text(encoding="utf-8"))) > 300
