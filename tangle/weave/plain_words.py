"""Plain words: of tokens, of blocks, and as text in HTML."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from tangle.weave.block_text import HOLE, BlockText, without_controls
from tangle.weave.inline import Token

_CLEAN: Final = re.compile(r"[^&<>\"]*")
_LINES: Final = frozenset(
    {"paragraph", "block_text", "list_item", "task_list_item", "table_cell", "footnote"}
)
"""Tokens whose words are separate from those behind them."""


def escaped(text: str) -> str:
    """Text as HTML, in elements and in attributes."""
    if _CLEAN.fullmatch(text):
        return text
    return (
        text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    )


def first_line(block: BlockText) -> str:
    """The first line of a block that has words; empty if there is none."""
    return next((line for line in block.text.split("\n") if line.strip() and HOLE not in line), "")


def unescaped(text: str) -> str:
    """Text whose entities are the characters that they stand for."""
    if "&" not in text:
        return text
    from mistune.util import unescape

    return without_controls(unescape(text))


def page_words(title: str) -> str:
    """The name of a page as it is shown: without the brackets of names in it."""
    return title.replace("[[", "").replace("]]", "")


def code_words(block: BlockText) -> str:
    """What a reference to a block of mere code says: its first line."""
    lines = (line for code in block.codes for line in code.text.split("\n"))
    return next((line for line in lines if line.strip()), "")


def plain_text(tokens: Iterable[Token]) -> str:
    """The words of tokens."""
    return "".join(_words(tokens))


def _words(tokens: Iterable[Token]) -> Iterator[str]:
    for token in tokens:
        kind = token["type"]
        if kind in ("page", "tag") and "label" not in token:
            yield page_words(token["title"])
        elif kind in ("text", "codespan"):
            yield unescaped(token["raw"])
        elif kind == "formula":
            yield token["tex"]
        elif kind in ("softbreak", "linebreak"):
            yield " "
        else:
            yield from _words(token.get("label") or token.get("children", ()))
            if kind in _LINES:
                yield " "
