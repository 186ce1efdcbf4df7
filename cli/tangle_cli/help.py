"""Help in another language than English: the same layout, with lines broken by their columns."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable
from typing import Final

import click

from tangle_cli.columns import display_width, fitted
from tangle_cli.messages import _

_UNIT: Final = re.compile(
    r"[（《「“‘]*"  # what opens stays with what follows
    r"(?:[\u2e80-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
    r"|[^\s\u2e80-\u9fff\uf900-\ufaff\uff00-\uff60（《「“‘]+|[\uff00-\uff60])"
    r"[，。；：、！？）》」”’…]*"  # and what closes with what it follows
)
"""What no line break divides: a word, or a Chinese character with the punctuation around it."""

_NOTES: Final = "  ["
"""Begins what click adds to the help of an option: `  [default: text; required]`."""


class TranslatedHelp(click.HelpFormatter):
    """Writes help in the language of the person who reads it."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """Write the line that shows how a command is called."""
        super().write_usage(prog, args, prefix or _("Usage: "))

    def write_heading(self, heading: str) -> None:
        """Write the line above options or commands."""
        self.write(f"{'':{self.current_indent}}{_(f'{heading}:')}\n")

    def write_text(self, text: str) -> None:
        """Write paragraphs."""
        indent = " " * self.current_indent
        blocks: list[str] = []
        for block in text.split("\n\n"):
            kept = block.startswith("\b\n")
            lines = [_(line) for line in paragraphs(block)]
            if not kept:
                lines = [part for line in lines for part in wrapped(line, self.width - len(indent))]
            blocks.append("\n".join(f"{indent}{line}" for line in lines))
        self.write("\n\n".join(blocks) + "\n")

    def write_dl(
        self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2
    ) -> None:
        """Write names, each with what it means beside it.

        Args:
            rows: names and meanings.
            col_max: columns of the longest name that has its meaning beside it.
            col_spacing: columns between the two.
        """
        entries = list(rows)
        longest = max((display_width(name) for name, _ in entries), default=0)
        first = min(longest, col_max) + col_spacing
        indent, margin = " " * self.current_indent, " " * (self.current_indent + first)
        for name, meaning in entries:
            lines = wrapped(_meaning(meaning), max(self.width - first - 2, 10)) or [""]
            beside = display_width(name) <= first - col_spacing
            gap = " " * (first - display_width(name)) if beside else f"\n{margin}"
            self.write(f"{indent}{name}{gap}{lines[0]}".rstrip() + "\n")
            self.write("".join(f"{margin}{line}\n" for line in lines[1:]))


def paragraphs(text: str) -> list[str]:
    r"""Return the paragraphs of a help text, each on one line; those after `\b` line by line.

    Args:
        text: of a docstring.
    """
    found: list[str] = []
    for paragraph in text.split("\n\n"):
        if paragraph.startswith("\b\n"):
            found += paragraph.strip("\n").split("\n")[1:]
        elif paragraph.strip():
            found.append(" ".join(paragraph.split()))
    return found


def short_help(command: click.Command, width: int) -> str:
    """Return what a list of commands says of one, in at most so many columns.

    Args:
        command: of the list.
        width: in columns.
    """
    text = paragraphs(inspect.cleandoc(command.help or ""))
    return fitted(_(text[0]).rstrip("。.") if text else "", width)


def wrapped(text: str, width: int) -> list[str]:
    """Return a text as lines of at most so many columns, broken as Chinese is.

    Args:
        text: one paragraph.
        width: in columns.
    """
    lines: list[str] = []
    line = ""
    at = 0
    for unit in _UNIT.finditer(text):
        blank = " " if unit.start() > at and line else ""
        at = unit.end()
        if line and display_width(line + blank + unit[0]) > width:
            lines.append(line)
            line = unit[0]
        else:
            line += blank + unit[0]
    return [*lines, line] if line else lines


def _meaning(text: str) -> str:
    """Translate the help of an option, and what click adds to it."""
    help_, notes, rest = text.partition(_NOTES)
    shown = "；".join(map(_, rest.removesuffix("]").split("; ")))
    return f"{_(help_)}{notes}{shown}]" if notes else _(help_)
