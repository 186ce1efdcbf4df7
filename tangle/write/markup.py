"""Write Markdown so that Logseq finds no block, property or reference in it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from tangle.parse import is_property_like
from tangle.write.terminal import shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ZERO_WIDTH: Final = "\u200b"
"""What breaks up text that Logseq would read."""

PIPE: Final = "\u2502"
"""Stands for `|` in a cell of a table, which ends there however it is escaped."""

LINE_BREAK: Final = " \u23ce "
"""Stands for a line end in a cell of a table."""

_TWINS: Final = re.compile(r"\((?=\()|\{(?=\{)|\[(?=\[)|@(?=@)")
_ASSETS: Final = re.compile(r"assets/(?=tangle/)")
_TOKEN: Final = re.compile(
    r"(?P<escaped>\\[!-/:-@\[-`{-~])"
    r"|(?P<code>(?<!`)(?P<ticks>`{1,3})(?!`)[^\n]{1,500}?(?<!`)(?P=ticks)(?!`))"
    r"|(?P<math>\$[^\s$](?:[^$\n]{0,500}[^\s$])?\$)"
    r"|(?P<link>\]\((?:https?://|mailto:)[^\s()]*\))"
    r"|(?P<address>https?://[^\s()<>\[\]{}\"'`|]+)"
    r"|(?P<local>!?\[(?=[^\]\n]{0,300}\]\((?!https?://|mailto:)))"
    r"|(?P<special>[#<](?=\S)|\[(?=[\^:])|\$(?=\$)|`(?=``))"
)
_CELL: Final = re.compile(r"[\\`*#\[$]|<(?=\S)|[~^=](?=[~^=])|(?<![^\W_])_|_(?![^\W_])")
_HEADING: Final = re.compile(r"\s*#+(?:\s+(?P<title>.*?))?\s*#*\s*")
_RULE: Final = re.compile(r"\s*([-*_])(?:[ \t]*\1){2,}\s*")
_BULLET: Final = re.compile(r"^(\s*)-(?=\s|$)")
_ITEM: Final = re.compile(r"\s*(?:[*+]|[0-9]+\.)\s")
_QUOTE: Final = re.compile(r"\s*>\s?(.*)")
_OPENER: Final = re.compile(r"^(\s*)(?=:[^\s:]+:\s*$|\\(?:begin|end)\b|~~~|\[[^\]]*\]:)")
_FIRST_WORD: Final = re.compile(r" ?[^ ]+")
_COLONS: Final = re.compile(r":(?=:)")
_COMMENT: Final = re.compile(r"(?<!\\)%[^\n]*")


def markdown_lines(source: str) -> list[str]:
    """Return Markdown as lines of a block that are shown as Markdown and refer to nothing.

    Headings, which would begin a block, become bold lines; `-` becomes `*`; quotes get Logseq's
    other wrapper, for `>` would go on into the next block.

    Args:
        source: the Markdown, without fences.
    """
    found: list[str] = []
    quoted: list[str] = []
    for line in shown(source).split("\n"):
        if quote := _QUOTE.fullmatch(line):
            quoted.append(quote[1])
            continue
        found += _quotation(quoted)
        quoted = []
        found.append(_line(line))
    return [*found, *_quotation(quoted)]


def _quotation(lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield "#+BEGIN_QUOTE"
        yield from (_line(line.lstrip("> \t")) for line in lines)
        yield "#+END_QUOTE"


def _line(line: str) -> str:
    if _RULE.fullmatch(line):
        return "___"
    if heading := _HEADING.fullmatch(line):
        title = inline(heading["title"] or "").strip()
        return title if not title or "**" in title else f"**{title}**"
    text = inline(_BULLET.sub(r"\1*", line, count=1))
    return unlike_property(_OPENER.sub(rf"\1{ZERO_WIDTH}", text, count=1))


def has_list(lines: Sequence[str]) -> bool:
    """Whether lines of a block have an item of a list.

    Args:
        lines: as `markdown_lines` returns them.
    """
    return any(map(_ITEM.match, lines))


def inline(text: str) -> str:
    """Return a line of Markdown without references, tags, macros, HTML and files of the graph.

    Args:
        text: one line.
    """
    safe = _TOKEN.sub(_token, text)
    return _ASSETS.sub(f"assets/{ZERO_WIDTH}", _TWINS.sub(rf"\g<0>{ZERO_WIDTH}", safe))


def _token(found: re.Match[str]) -> str:
    match found.lastgroup:
        case "special":
            return f"\\{found[0]}"
        case "local":
            return found[0].replace("[", "\\[")
        case "math":
            return _formula(found[0])
        case _:
            return found[0]


def cell(text: str) -> str:
    r"""Return the text of a cell of a table as it is written.

    >>> cell("a|b #c `d`")
    'a│b \\#c \\`d\\`'
    """
    lines = [" ".join(line.split()) for line in shown(text.replace("|", PIPE)).split("\n")]
    safe = _CELL.sub(r"\\\g<0>", LINE_BREAK.join(filter(None, lines)))
    return _ASSETS.sub(f"assets/{ZERO_WIDTH}", _TWINS.sub(rf"\g<0>{ZERO_WIDTH}", safe))


def sentence(text: str) -> str:
    """Return text that stands in a note as a line that is shown just so."""
    safe = cell(text).replace(PIPE, "|")
    return unlike_property(f"{ZERO_WIDTH}{safe}" if re.match(r"[-+>:|]|[0-9]+[.)]", safe) else safe)


def math_line(source: str) -> str:
    """Return a formula as a line of its own.

    Args:
        source: LaTeX without the dollars.
    """
    one = " ".join(shown(_COMMENT.sub("", source)).split())
    return f"$${_formula(one.replace('$$', '$ $'))}$$"


def _formula(text: str) -> str:
    """LaTeX with blanks, which mean nothing in it, where Logseq would read something."""
    spaced = re.sub(r"\((?=\()|\{(?=\{)|\[(?=\[)|:(?=:)|<(?=\S)", r"\g<0> ", text)
    return re.sub(r"(?<!\\)#", r"\#", spaced)


def unlike_property(line: str) -> str:
    """Return a line that Logseq's editor does not take for a property, behind which it writes one.

    >>> unlike_property("test_a.py::test_one PASSED").replace(ZERO_WIDTH, "|")
    'test_a.py:|:test_one PASSED'
    """
    if not is_property_like(line):
        return line
    return _FIRST_WORD.sub(lambda word: _COLONS.sub(f":{ZERO_WIDTH}", word[0]), line, count=1)
