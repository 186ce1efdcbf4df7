"""Measure how readable the documentation is: `python tools/readability.py` prints a table.

A sentence ends at a full stop, a colon, a question mark or an exclamation mark, and at the end of
a paragraph or of a point of a list. Code, tables and headings do not count.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import mean
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]

_FENCE: Final = re.compile(r"^(`{3,}).*?^\1 *$", re.MULTILINE | re.DOTALL)
_LEFT_OUT: Final = re.compile(r"^(?:#|\||    |<!--|!\[).*$", re.MULTILINE)
_POINT: Final = re.compile(r"^\s*(?:[-*]|\d+\.)\s+", re.MULTILINE)
_CODE: Final = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)", re.DOTALL)
_LINK: Final = re.compile(r"!?\[([^]]*)\]\([^)]*\)")
_END: Final = re.compile(
    r"(?<=[.!?:])[)\"*_]*\s+(?=[\"(*_]*(?:[A-Z0-9\[]|tangle|git|pytest|mldoc))"
)
_WORD: Final = re.compile(r"[A-Za-z0-9][\w'’-]*")


def paragraphs(page: str) -> Iterator[str]:
    """The paragraphs and points of a page in plain words.

    Args:
        page: its Markdown; in it, code counts as one word.
    """
    text = _LEFT_OUT.sub("\n", _FENCE.sub("\n", page))
    text = _POINT.sub("\n\n", text)
    for paragraph in re.split(r"\n\s*\n", text):
        words = _LINK.sub(r"\1", _CODE.sub("Code", paragraph))
        if words.strip():
            yield " ".join(words.split())


def sentences(page: str) -> list[str]:
    """The sentences of a page."""
    return [
        sentence
        for paragraph in paragraphs(page)
        for sentence in _END.split(paragraph)
        if len(_WORD.findall(sentence)) > 1
    ]


def length(sentence: str) -> int:
    """The number of words in a sentence."""
    return len(_WORD.findall(sentence))


def main() -> None:
    """Print the mean and the longest sentence of each page."""
    sys.stdout.write("sentences  mean  longest  page\n")
    for path in sorted(ROOT.glob("docs/**/*.md")):
        lengths = [length(each) for each in sentences(path.read_text(encoding="utf-8"))]
        name = path.relative_to(ROOT)
        sys.stdout.write(
            f"{len(lengths):9}  {mean(lengths or [0]):4.1f}  {max(lengths, default=0):7}  {name}\n"
        )


if __name__ == "__main__":
    main()
