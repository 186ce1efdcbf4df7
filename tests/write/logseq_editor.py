"""A model of what Logseq 0.10's editor does to the text of a block when its properties change.

Its editor does not ask its parser where properties are. A line is a property to it when its first
word, with at most one white character before it, has `::` in it; so are lines of code.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import dropwhile, groupby

UUID = "65a0b6f2-0000-4000-8000-000000000001"
HIDDEN = {"id", "collapsed", "background-color", "heading", "tangle.output"}
"""Properties that the edit box does not show: built-in ones, and `:block-hidden-properties`."""

_LIKE = re.compile(r"\s?[^ ]+::")
_PARSED = re.compile(r"\s*[^\s:]+::(?: |$)")
_NO_TITLE = re.compile(r"\s*(?:```|~~~|#\+|\||\$\$|[*+] |[0-9]+\. )")

Lines = Sequence[str]


def like_property(line: str) -> bool:
    return _LIKE.match(line) is not None


def has_title(lines: Lines) -> bool:
    """Whether the parser finds words first, and not a fence, a table, a list or properties."""
    return not (_NO_TITLE.match(lines[0]) or _PARSED.match(lines[0]))


def insert_property(lines: Lines, key: str, value: str) -> list[str]:
    """What collapsing, colouring and copying a block's reference do.

    A block without properties gets the line below its title, or else on top. In one that has some,
    the new line goes behind *every* run of lines like properties, until one has the key already.
    """
    new = f"{key}:: {value}"
    titled = has_title(lines)
    top = lines[1:2] if titled else lines[:1]
    if not (top and _PARSED.match(top[0])):
        return [lines[0], new, *lines[1:]] if titled else [new, *lines]
    result: list[str] = []
    there = False
    for like, run in groupby(lines, like_property):
        for line in run:
            name, mark, old = line.partition(":: ")
            if not (like and mark):
                result.append(line)
                continue
            there = there or name == key
            result.append(f"{name}:: {value if name == key else old.strip()}")
        if like and not there:
            result.append(new)
    return result


def remove_properties(lines: Lines) -> list[str]:
    """What is left when properties are taken out: those at the top, or right below the top line."""
    if like_property(lines[0]):
        return list(dropwhile(like_property, lines))
    return [lines[0], *dropwhile(like_property, lines[1:])]


def refer(lines: Lines) -> list[str]:
    """What a reference to a block without an id does to it."""
    return insert_property(remove_properties(lines), "id", UUID)


def edit(lines: Lines, properties: dict[str, str]) -> list[str]:
    """What any edit does to a block that has a property which the edit box does not show.

    All lines like properties are gathered below the title.
    """
    hidden = {key: value for key, value in properties.items() if key in HIDDEN}
    if not hidden:
        return list(lines)
    title, body = (lines[:1], lines[1:]) if has_title(lines) else ([], lines)
    like = [line for line in body if like_property(line)]
    written = {line.partition("::")[0].strip() for line in like}
    back = [f"{key}:: {value}" for key, value in hidden.items() if key not in written]
    return [*title, *back, *like, *(line for line in body if not like_property(line))]


def edit_in_box(lines: Lines) -> list[str]:
    """What an edit of a block's text does: the box has no hidden property, and saving adds them."""
    shown = list(lines)
    hidden = {}
    for key in sorted(HIDDEN):
        at = next((at for at, line in enumerate(shown) if line.startswith(f"{key}:: ")), None)
        if at is not None:
            hidden[key] = shown.pop(at).partition(":: ")[2]
    return edit(shown, hidden)
