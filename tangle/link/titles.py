"""Page titles from file names, in both of Logseq's formats."""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePosixPath
from typing import Literal
from urllib.parse import unquote

from tangle.model import PagePath

_ESCAPE = re.compile(r"%([0-7][0-9A-Fa-f])")


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
