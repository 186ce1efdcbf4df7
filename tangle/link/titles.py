"""Names of pages: title, aliases, file name."""

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
    """Return the title under which Logseq shows a page; of a journal page, in the graph's format.

    Source: logseq-spec.md section 1.

    Args:
        page: as parsed.
        config: of the graph.
    """
    title = page.title or title_from_path(page.path, config.name_format)
    day = journal_day(title, config.journal_format)
    return title if day is None else journal_title(day, config.journal_format)


def other_names(page: Page, config: GraphConfig) -> Iterator[tuple[str, Property | None]]:
    """Yield a page's other names: its aliases, and the file-name date of a journal page.

    Args:
        page: as parsed.
        config: of the graph.

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
    """Return the title that Logseq derives from a file name.

    Source: logseq-spec.md section 1: in the triple-lowbar format each `%XX` is decoded by itself,
    so that bytes beyond ASCII stay as they are.

    Args:
        path: of the page.
        name_format: `:file/name-format`.
    """
    stem = PurePosixPath(path).stem
    if name_format == "legacy":
        return unquote(stem.replace(".", "/"), errors="replace")
    parts = (part for part in stem.split("___") if part)
    title = "/".join(_ESCAPE.sub(lambda match: chr(int(match[1], 16)), part) for part in parts)
    return title or stem


def title_key(title: str) -> str:
    """Return the normal form of a title: equal for titles of the same page."""
    return unicodedata.normalize("NFC", title).lower()
