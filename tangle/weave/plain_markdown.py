"""Logseq's text as Markdown that any reader of Markdown shows: references as words."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

_ID: Final = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_TOKEN: Final = re.compile(
    r"(?P<kept>(?P<ticks>`+)(?!`).+?(?<!`)(?P=ticks)(?!`)"  # code
    r"|\$\$.+?\$\$|(?<!\\)\$(?!\s)[^$\n]+?(?<![\s\\])\$(?![0-9])|\\\(.+?\\\)|\\\[.+?\\\])"
    rf"|\{{\{{embed\s+\(\((?P<shown>{_ID})\)\)\s*\}}\}}"
    r"|\{\{embed\s+\[\[(?P<shown_page>.+?)\]\]\s*\}\}"
    r"|\{\{(?:video|youtube|vimeo|bilibili|tweet|twitter)\s+(?P<media>[^}\s]+)\s*\}\}"
    r"|(?P<macro>\{\{\{?[^}\n]+\}?\}\})"
    rf"|\[(?P<words_of_block>[^\]\n]+)\]\(\(\((?:{_ID})\)\)\)"
    r"|\[(?P<words_of_page>[^\]\n]+)\]\(\[\[.+?\]\]\)"
    r"|!\[(?P<alt>[^\]\n]*)\]\((?P<file>[^)\n]+)\)(?:\{[^}\n]*\})?"
    rf"|\(\((?P<block>{_ID})\)\)"
    r"|\#\[\[(?P<tag>[^\]\n]+)\]\]"
    r"|\[\[(?P<page>[^\]\n]+)\]\]"
    r"|\^\^(?P<marked>[^^\n]+)\^\^|==(?P<highlighted>[^=\s](?:[^=\n]*[^=\s])?)==",
    re.DOTALL,
)

_AROUND: Final = {
    "media": "<{}>",
    "tag": "#{}",
    "macro": "`{}`",
    "marked": "<mark>{}</mark>",
    "highlighted": "<mark>{}</mark>",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What references mean.

    Attributes:
        block: finds the text of a block by its id; None if there is no such block.
        image: finds the address of an image, by its target as the note has it.
    """

    block: Callable[[str], str | None]
    image: Callable[[str], str]


def plain_markdown(text: str, meaning: Meaning) -> str:
    """Return a block's text with references, tags, embeds and marks in plain Markdown.

    Args:
        text: of the block.
        meaning: of its references.
    """
    return _TOKEN.sub(lambda found: _token(found, meaning), text)


def _token(found: re.Match[str], meaning: Meaning) -> str:
    kind = found.lastgroup if found["kept"] is None else "kept"
    value = found[kind] if kind is not None else ""
    if kind in ("block", "shown"):
        text = meaning.block(value)
        return found[0] if text is None else text
    if kind == "file":
        return f"![{found['alt']}]({meaning.image(value)})"
    # Others are words as they are: code, formulas, names of pages, words of links.
    return _AROUND.get(kind or "", "{}").format(value)
