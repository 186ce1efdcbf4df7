"""Causes without a certain repair: code of a newer Python, text that is not code."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from tangle.analyse.repair.lexer import bare

_NEWER: Final = (
    ((3, 12), re.compile(r"[ \t]*type[ \t]+[^\W\d]\w*[ \t]*(?:\[.*\])?[ \t]*=(?!=)")),
    ((3, 12), re.compile(r"[ \t]*(?:async[ \t]+)?(?:def|class)[ \t]+[^\W\d]\w*[ \t]*\[")),
    ((3, 14), re.compile(r"(?:.*[^\w])?[tT][rR]?['\"]")),
    ((3, 12), re.compile(r".*\b[rR]?[fF][rR]?(['\"]).*\{[^}]*\1")),
)
_SHELL_WORDS: Final = """
apt apt-get brew cat cd chmod chown conda cp curl dir docker echo export find git grep head kill ls
make mamba mkdir mv node npm npx pip pip3 poetry pwd python python3 rm rmdir rsync sed source ssh
sudo tail tar touch unzip uv wget which zip
"""
_SHELL: Final = re.compile(
    rf"[ \t]*(?:\$ ?)?(?:{'|'.join(_SHELL_WORDS.split())})"
    r"(?:[ \t]+(?![=,:)\]}+*/%&|^<>]\s|=)\S.*)?$"
)
"""A line that begins with the name of a program, and goes on as no expression does."""
_WORDS: Final = re.compile(r"[\u3400-\u9fff\u3040-\u30ff\uac00-\ud7a3]{2}")
_CODE: Final = re.compile(r"[=(\[{;$@<>+*/]")
_SENTENCE: Final = re.compile(r"[ \t]*(?:[^\W\d_]+[ ,]+){3,}[^\W\d_]+[.:!?]?[ \t]*$")


class Cause(Struct, frozen=True, kw_only=True):
    """Why a line does not parse, and what to do."""

    words: str
    hint: str


def shell_command(line: str) -> Cause | None:
    """Return the cause of a line that looks like a shell command; None for any other line."""
    if not _SHELL.match(line):
        return None
    command = line.strip().removeprefix("$").strip()
    return Cause(
        words="this line looks like a shell command",
        hint=f"to have it run, write `!{command}`; else give the code its own language, such as sh",
    )


def told_by_python(lines: Sequence[str], row: int) -> Cause | None:
    """Return the cause that the line at which Python gave up suggests; None if none.

    Args:
        lines: of the chunk.
        row: where Python gave up, from 0.
    """
    if not lines:
        return None
    line = lines[row]
    for version, pattern in _NEWER:
        if sys.version_info < version and pattern.match(line):
            name = ".".join(map(str, version))
            here = ".".join(map(str, sys.version_info[:2]))
            return Cause(
                words=f"this line is Python {name}, and this is {here}",
                hint=f"run tangle with Python {name} or newer, or write it as {here} knows it",
            )
    if (shell := shell_command(line)) is not None:
        return shell
    code = bare(lines)[row]
    if (_WORDS.search(code) and not _CODE.search(code)) or _SENTENCE.match(code):
        return Cause(
            words="this line is prose, not code",
            hint="put it into the block's text, or a # in front of it",
        )
    return None
