"""Colour and links: what a line may carry beside its text, and which streams get it."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple, Self, TextIO

from tangle import CI_IS_OFF

_CODES: Final = {
    "bold": "1",
    "dim": "2",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "blue": "34",
    "cyan": "36",
    "error": "1;31",
}
"""The names of styles, with the arguments of the escape sequence that begins them (ECMA-48)."""

_NO_CURSOR: Final = ("dumb", "unknown", "")
"""Values of `TERM` of terminals that obey no escape sequences."""

_WITH_LINKS: Final = ("xterm-kitty", "xterm-ghostty", "alacritty", "foot", "foot-extra")
_PROGRAMS_WITH_LINKS: Final = ("iTerm.app", "WezTerm", "ghostty", "Hyper", "rio")
"""Values of `TERM` and of `TERM_PROGRAM` of terminals that are known to show OSC 8 links.

The one in VS Code is left out: it follows `path:line:column` to the line, a link only to the file.
"""


class Span(NamedTuple):
    """A part of a line.

    Attributes:
        text: as it comes; it may be from the notes.
        style: a name of `_CODES`, or nothing.
        link: the absolute path of the file that a click opens, or nothing.
    """

    text: str
    style: str = ""
    link: str = ""


class Styled(str):
    """A line as plain text, which knows the styles of its parts."""

    __slots__ = ("spans",)
    spans: tuple[Span, ...]

    @classmethod
    def of(cls, *spans: Span | str) -> Self:
        """Return the line of these parts."""
        parts = tuple(Span(span) if isinstance(span, str) else span for span in spans)
        line = cls("".join(part.text for part in parts))
        line.spans = parts
        return line


class Look(NamedTuple):
    """What a stream shows beside plain text."""

    colour: bool = False
    links: bool = False


def look_of(stream: TextIO) -> Look:
    """Return what a stream shows: colour and links on a terminal, unless variables differ."""
    terminal = moves_cursor(stream)
    return Look(colour=_has_colour(terminal), links=terminal and _has_links())


def moves_cursor(stream: TextIO) -> bool:
    """Whether a stream is a terminal that obeys escape sequences."""
    return stream.isatty() and os.environ.get("TERM", "") not in _NO_CURSOR


def same_terminal(first: TextIO, second: TextIO) -> bool:
    """Return whether two streams go to one terminal.

    Args:
        first: a stream.
        second: another one.
    """
    if not (first.isatty() and second.isatty()):
        return False
    return os.fstat(first.fileno()).st_rdev == os.fstat(second.fileno()).st_rdev


def in_ci() -> bool:
    """Whether this is a CI job, whose log is no screen even if it looks like a terminal."""
    return os.environ.get("CI", "").lower() not in CI_IS_OFF


def _has_colour(terminal: bool) -> bool:
    if os.environ.get("NO_COLOR"):
        return False
    forced = os.environ.get("FORCE_COLOR")
    return terminal if not forced else forced.lower() not in CI_IS_OFF


def _has_links() -> bool:
    environment = os.environ
    forced = environment.get("FORCE_HYPERLINK")
    if forced:
        return forced.lower() not in CI_IS_OFF
    if "TMUX" in environment:
        return _version("TERM_PROGRAM_VERSION") >= (3, 4)
    return (
        environment.get("TERM") in _WITH_LINKS
        or environment.get("TERM_PROGRAM") in _PROGRAMS_WITH_LINKS
        or _version("VTE_VERSION") >= (5000,)
        or not {"KITTY_WINDOW_ID", "KONSOLE_VERSION", "WT_SESSION"}.isdisjoint(environment)
    )


def _version(name: str) -> tuple[int, ...]:
    """Return a version from the environment as numbers: `3.5a` is 3 and 5."""
    parts = os.environ.get(name, "").split(".")
    numbers = ("".join(c for c in part if c.isascii() and c.isdigit()) for part in parts)
    return tuple(int(number[:9]) for number in numbers if number)


def dressed(text: str, span: Span, look: Look) -> str:
    """Return a part of a line with its escape sequences.

    Args:
        text: its text, without characters that a terminal obeys.
        span: its style and link.
        look: of the stream.
    """
    if look.colour and span.style and text:
        text = f"\x1b[{_CODES[span.style]}m{text}\x1b[0m"
    if look.links and span.link and text:
        text = f"\x1b]8;;{_address(span.link)}\x1b\\{text}\x1b]8;;\x1b\\"
    return text


@lru_cache(maxsize=256)
def _address(path: str) -> str:
    """Return the address of a file; the host's name says that it is not one of another machine."""
    return Path(path).as_uri().replace("file://", f"file://{os.uname().nodename}", 1)
