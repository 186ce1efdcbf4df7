"""Pages of plain words, recognised by their bytes: they need not be parsed."""

from __future__ import annotations

import re
from typing import Final

from tangle.link import (
    TITLE,
    GraphConfig,
    PageFacts,
    PageNumbers,
    journal_day,
    journal_title,
    section_number,
    title_from_path,
    title_key,
)
from tangle.model import PagePath

_MORE: Final = re.compile(
    rb"```|~~~|\(\(|\{\{|::|#\+|---|<<<<<<< "
    # A number that may begin a line's words: small letters and other scripts are words already.
    rb"|(?:^|[\n\r\f\v])[^a-z0-9\x80-\xff\n]*[0-9]"
)
"""What code, references, properties, front matter, numbered sections and conflicts have."""


def is_plain(data: bytes) -> bool:
    """Whether a page has nothing but words; where that is not sure, it counts as more."""
    if _MORE.search(data) is not None:
        return False
    if data.isascii():
        return True
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def is_prose(data: bytes) -> bool:
    """Whether a page has no code and shows no other page, most likely, but is no plain page."""
    return b"```" not in data and b"((" not in data and b"{{" not in data and not is_plain(data)


def plain_facts(path: PagePath, config: GraphConfig) -> PageFacts:
    """The facts of a page of plain words."""
    named = title_from_path(path, config.name_format)
    day = journal_day(named, config.journal_format)
    title = named if day is None else journal_title(day, config.journal_format)
    numbered = section_number(title, heading=True) if day is None else None
    return PageFacts(
        title=title,
        others=(title_key(named),),
        quiet=True,
        numbers=PageNumbers(numbers=((numbered[0], TITLE),)) if numbered else None,
    )
