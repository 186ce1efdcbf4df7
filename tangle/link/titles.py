"""What a page is called: its title, from its file's name where it names none, and its aliases."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Literal
from urllib.parse import unquote

from tangle.link.config import GraphConfig
from tangle.link.journals import journal_day, journal_title
from tangle.model import Page, PagePath, Property

_ESCAPE = re.compile(r"%([0-7][0-9A-Fa-f])")
_LINK_OR_WORDS = re.compile(r"\s*\[\[(.+?)\]\]|[^,，]+")


def page_title(page: Page, config: GraphConfig) -> str:
    """The title that Logseq shows a page under; a day of the journal has it in the graph's format.

    Source: logseq-spec.md section 1.
    """
    title = page.title or title_from_path(page.path, config.name_format)
    day = journal_day(title, config.journal_format)
    return title if day is None else journal_title(day, config.journal_format)


def other_names(page: Page, config: GraphConfig) -> Iterator[tuple[str, Property | None]]:
    """What else a page may be called: its aliases, and a day as the file's name writes it.

    Yields:
        The name, and the property that says it.
    """
    # A page of no bytes has no block: an editor that is saving it may have emptied it first.
    for entry in (e for block in page.blocks[:1] if block.kind == "pre" for e in block.properties):
        if entry.key == "alias":
            for match in _LINK_OR_WORDS.finditer(entry.value):
                if name := (match[1] or match[0]).strip():
                    yield name, entry
    yield page.title or title_from_path(page.path, config.name_format), None


def title_from_path(path: PagePath, name_format: Literal["triple-lowbar", "legacy"]) -> str:
    """The title that Logseq gives the page of that file when the page itself names none.

    Source: logseq-spec.md section 1: in the triple-lowbar format each `%XX` is decoded by itself,
    so that bytes beyond ASCII stay as they are.
    """
    stem = PurePosixPath(path).stem
    if name_format == "legacy":
        return unquote(stem.replace(".", "/"), errors="replace")
    parts = (part for part in stem.split("___") if part)
    title = "/".join(_ESCAPE.sub(lambda match: chr(int(match[1], 16)), part) for part in parts)
    return title or stem


def title_key(title: str) -> str:
    """The form under which two titles are the same page."""
    return unicodedata.normalize("NFC", title).lower()
