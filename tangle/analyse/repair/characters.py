"""Repair characters that word processors, input methods and web pages put into code."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from tangle.analyse.repair.lexer import parts

_PUNCTUATION: Final = {
    **{chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F) if not chr(code).isalnum()},
    **dict.fromkeys("–—−‐‑", "-"),
    "、": ",",
    "。": ".",
    "【": "[",
    "】": "]",
    "×": "*",
    "÷": "/",
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
    "…": "...",
}
_AS_ASCII: Final = {ord(mark): plain for mark, plain in _PUNCTUATION.items()}
_SPACES: Final = (0x00A0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F)
_WITHOUT_WIDTH: Final = (0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF, 0x00AD)
_WIDE: Final = "\u3000"


def plain_punctuation(lines: Sequence[str]) -> Iterator[list[str]]:
    """Convert full-width and typographic punctuation outside strings and comments to ASCII."""
    changed = list(lines)
    for part in reversed(list(parts(lines))):
        line = changed[part.row]
        text = line[part.start : part.end]
        if part.kind == "marked":
            text = part.mark + text[1:-1] + part.mark
            if part.mark in text[1:-1]:
                continue
        elif part.kind == "code":
            text = text.translate(_AS_ASCII)
        changed[part.row] = line[: part.start] + text + line[part.end :]
    yield changed


def plain_blanks(lines: Sequence[str]) -> Iterator[list[str]]:
    """Convert odd white space outside strings and comments to spaces; drop zero-width characters.

    An ideographic space in an indentation may stand for one, two or four.
    """
    for width in (1, 2, 4):
        table = {
            **dict.fromkeys(_SPACES, " "),
            **dict.fromkeys(_WITHOUT_WIDTH, ""),
            ord(_WIDE): " " * width,
        }
        changed = list(lines)
        for part in reversed(list(parts(lines))):
            if part.kind == "code":
                line = changed[part.row]
                text = line[part.start : part.end].translate(table)
                changed[part.row] = line[: part.start] + text + line[part.end :]
        yield changed
        if not any(re.match(rf"\s*{_WIDE}", line) for line in lines):
            return
