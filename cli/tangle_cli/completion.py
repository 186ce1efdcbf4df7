"""Shell completion of section names, with blanks and special characters quoted.

click leaves quoting to the script. In bash, the script does not quote, so `Two words` becomes two
words, and a page named `$(command)` becomes a command.
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
    """Completion for bash, which inserts values into the command line unquoted."""

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
        """Return a line of the protocol between this program and the script."""
        value = str(item.value)
        return f"{item.type},{bash_quoted(value, _opening()) if item.type == 'plain' else value}"


def bash_quoted(value: str, opening: str = "") -> str:
    """Quote a word for bash.

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
    """Return the opening quote of the word being typed, or an empty string."""
    words = os.environ.get("COMP_WORDS", "").split("\n")
    at = int(os.environ.get("COMP_CWORD", "0"))
    first = words[at][:1] if at < len(words) else ""
    return first if first in {"'", '"'} else ""


class WholeFish(FishComplete):
    """Completion for fish, which quotes by itself; values may contain commas."""

    source_template: ClassVar[str] = FishComplete.source_template.replace(
        'string split ","', 'string split --max 1 ","'
    )


def register() -> None:
    """Register these classes with click for their shells."""
    for kind in (QuotingBash, WholeFish):
        add_completion_class(kind)


def section_items(names: list[tuple[str, str]]) -> list[CompletionItem]:
    """Return completion items, without sections whose names would control a terminal.

    Args:
        names: name and title of each section.
    """
    return [
        CompletionItem(name, help=None if steers(title) else title)
        for name, title in names
        if not steers(name)
    ]
