"""Completion: names of sections as a shell takes them, blanks and other signs quoted.

click leaves quoting to the script. In bash, the script does not do it, so `Two words` becomes two
words, and a page called `$(command)` becomes a command.
"""

from __future__ import annotations

import os
import re
from typing import Any, ClassVar, Final

from click.shell_completion import (
    BashComplete,
    CompletionItem,
    FishComplete,
    add_completion_class,
)

from tangle_cli.printing import steers

_PLAIN: Final = re.compile(r"[^\w@%+=:,./-]")
_IN_QUOTES: Final = re.compile(r'["\\$`]')


class QuotingBash(BashComplete):
    """Completion for bash, whose values stand on the command line as they are given."""

    source_template: ClassVar[str] = """\
%(complete_func)s() {
    local IFS=$'\\n'
    local response type value

    response=$(env COMP_WORDS="${COMP_WORDS[*]}" COMP_CWORD=$COMP_CWORD \
%(complete_var)s=bash_complete $1)

    while IFS=',' read -r type value; do
        if [[ $type == 'dir' ]]; then
            COMPREPLY=()
            compopt -o dirnames
        elif [[ $type == 'file' ]]; then
            COMPREPLY=()
            compopt -o default
        elif [[ $type == 'plain' ]]; then
            COMPREPLY+=("$value")
        fi
    done <<< "$response"

    return 0
}

%(complete_func)s_setup() {
    complete -o nosort -F %(complete_func)s %(prog_name)s
}

%(complete_func)s_setup;
"""

    def format_completion(self, item: CompletionItem[Any]) -> str:
        """A line of the protocol between this program and the script."""
        value = str(item.value)
        return f"{item.type},{bash_quoted(value, _opening()) if item.type == 'plain' else value}"


def bash_quoted(value: str, opening: str = "") -> str:
    """A word as bash reads it back.

    Args:
        value: the word.
        opening: the quote that was typed before it, if one was.
    """
    if opening == "'":
        return value.replace("'", "'\\''")
    if opening == '"':
        # History expansion happens in double quotes, and a backslash before it stays.
        return _IN_QUOTES.sub(r"\\\g<0>", value).replace("!", "\"'!'\"")
    return _PLAIN.sub(r"\\\g<0>", value)


def _opening() -> str:
    """The quote with which the word begins that is being typed; empty where it has none."""
    words = os.environ.get("COMP_WORDS", "").split("\n")
    at = int(os.environ.get("COMP_CWORD", "0"))
    first = words[at][:1] if at < len(words) else ""
    return first if first in {"'", '"'} else ""


class WholeFish(FishComplete):
    """Completion for fish, which quotes by itself; a value may have commas."""

    source_template: ClassVar[str] = FishComplete.source_template.replace(
        'string split ","', 'string split --max 1 ","'
    )


def register() -> None:
    """Have click use these classes for their shells."""
    for kind in (QuotingBash, WholeFish):
        add_completion_class(kind)


def section_items(names: list[tuple[str, str]]) -> list[CompletionItem]:
    """Sections to choose from, without those whose names would steer a terminal.

    Args:
        names: of each its name and its title.
    """
    return [
        CompletionItem(name, help=None if steers(title) else title)
        for name, title in names
        if not steers(name)
    ]
