"""Print text from the notes so that it controls neither a terminal nor a GitHub log.

A title, a file name or a line of code may contain what a terminal obeys (escape sequences,
direction marks), and GitHub obeys lines that begin with `::`.
"""

from __future__ import annotations

import os
import re
import stat
import sys
from collections.abc import Callable, Iterable
from typing import Final

import click

from tangle_cli.style import Look, Styled, dressed, look_of

_STEERING: Final = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # controls, escape among them; C1 begins sequences, too
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # marks of direction
    "\u2028\u2029\ufeff\U000e0000-\U000e007f"  # line ends to some, and what is never seen
    "\ud800-\udfff"  # bytes of a name that is not UTF-8
)
_CONTROL: Final = re.compile(f"[{_STEERING}]")
_CONTROL_OR_LINE_END: Final = re.compile(f"[{_STEERING}\n]")
_REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"
_LOG_COMMAND: Final = re.compile(r"^\s*(?=::)|#(?=#\[)")
"""Where GitHub's runner sees a command: `::` after blanks, the older `##[` anywhere in a line."""


_before_output: Final[list[Callable[[], None]]] = []


def before_output(action: Callable[[], None]) -> None:
    """Have something done once, before the command prints for the first time.

    Args:
        action: to do; it may be called though it was called already.
    """
    _before_output.append(action)


def _begin_output() -> None:
    while _before_output:
        _before_output.pop()()


def one_line(text: str) -> str:
    """Replace the characters that a terminal obeys, line ends included."""
    return _CONTROL_OR_LINE_END.sub(_REPLACEMENT, text)


def printable(text: str) -> str:
    """Return a name from the notes with a mark for each character that cannot be seen."""
    return "".join(char if char.isprintable() else _REPLACEMENT for char in text)


def steers(text: str) -> bool:
    """Whether a text contains characters that control a terminal."""
    return _CONTROL_OR_LINE_END.search(text) is not None


def print_lines(lines: Iterable[str], *, err: bool = False) -> None:
    """Print lines; each stays one line, and none is a command.

    Args:
        lines: without line ends.
        err: print to standard error.
    """
    look = look_of(sys.stderr if err else sys.stdout)
    _echo((painted(line, look) for line in lines), err=err)


def print_commands(lines: Iterable[str]) -> None:
    """Print lines that GitHub shall obey."""
    _echo(map(one_line, lines))


def print_text(text: str) -> None:
    """Print a text unchanged for other programs, but inert to a terminal or a log."""
    if sys.stdout.isatty() or (_in_actions() and not _is_file()):
        print_lines(text.removesuffix("\n").split("\n"))
    else:
        _begin_output()
        click.echo(text, nl=False, color=True)  # else click takes escape sequences out


def print_json(document: object, *, indent: int | None = 2) -> None:
    """Print a document as readable JSON.

    Args:
        document: what `json` accepts.
        indent: blanks per level; None for a single line.
    """
    import json

    text = json.dumps(document, ensure_ascii=False, indent=indent)
    text = _CONTROL.sub(lambda found: json.dumps(found[0])[1:-1], text)
    _begin_output()
    # In JSON `##[` can only be in a string.
    click.echo(text.replace("##[", "#\\u0023["))


def _echo(lines: Iterable[str], *, err: bool = False) -> None:
    if shown := list(lines):
        _begin_output()
        # `color`: click would take escape sequences out, and none is left but ours.
        click.echo("\n".join(shown), err=err, color=True)


def painted(line: str, look: Look) -> str:
    """Return a line that neither a terminal nor GitHub obeys, but for its own colours and links.

    Args:
        line: to print.
        look: of the stream.
    """
    if not isinstance(line, Styled) or look == Look():
        return inert(line)
    return "".join(dressed(inert(span.text), span, look) for span in line.spans)


def inert(line: str) -> str:
    """Return a line that neither a terminal nor GitHub obeys."""
    shown = one_line(line)
    return _LOG_COMMAND.sub(r"\g<0>\\", shown) if _in_actions() else shown


def _in_actions() -> bool:
    return os.environ.get("GITHUB_ACTIONS") == "true"


def _is_file() -> bool:
    """Whether standard output is a file, which no log shows."""
    try:
        return stat.S_ISREG(os.fstat(sys.stdout.fileno()).st_mode)
    except (OSError, ValueError):  # it is closed, or a test's
        return False
