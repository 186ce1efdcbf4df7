"""Parse pages of a Logseq graph: bytes to `Page`, lossless, as Logseq's own parser reads them."""

from __future__ import annotations

from functools import cache

from tangle.model import Page, PagePath

from .conflicts import may_conflict, merge_conflict
from .errors import MisreadsPages, NotUtf8
from .languages import Info, Kind, info_of, kind_of, names_python
from .property_lines import (
    has_lost_bullet,
    is_property_like,
    may_be_written,
    moved_lines,
    written_lines,
)
from .show import outline, outline_text

__all__ = [
    "Info",
    "Kind",
    "MisreadsPages",
    "NotUtf8",
    "check_python",
    "has_lost_bullet",
    "info_of",
    "is_property_like",
    "kind_of",
    "may_be_written",
    "may_conflict",
    "merge_conflict",
    "moved_lines",
    "names_python",
    "outline",
    "outline_text",
    "parse",
    "render",
    "written_lines",
]


_UNNAMED = PagePath("page.md")


def parse(data: bytes, path: PagePath = _UNNAMED, *, errors: str = "strict") -> Page:
    """Read a page.

    Args:
        data: the file, UTF-8; a byte order mark and either line end are kept as they are.
        path: named in problems and errors.
        errors: what to do about bytes that are not UTF-8, as for `bytes.decode`.

    Raises:
        MisreadsPages: this Python cannot read pages; the first call finds that out.
        NotUtf8: if `errors` is `strict` and the file is not UTF-8.
    """
    check_python()
    _check_utf8(data, path, errors)
    from .reader import read_page  # compiles a hundred patterns; a warm command parses nothing

    return read_page(data, path, errors)


@cache
def check_python() -> None:
    """Refuse a Python that cannot read pages; the first call finds that out.

    Raises:
        MisreadsPages: this one cannot.
    """
    from .probe import reads_as_known
    from .reader import read_page

    if not reads_as_known(read_page):
        raise MisreadsPages


def _check_utf8(data: bytes, path: PagePath, errors: str) -> None:
    if data.isascii():
        return
    try:
        data.decode("utf-8", errors)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise NotUtf8(path, error.start, line) from None


def render(page: Page) -> bytes:
    """The file that a page was read from: its blocks' spans, one after the other."""
    return b"".join([page.data[b.span.start : b.span.end] for b in page.blocks])
