"""Errors of reading a page."""

from __future__ import annotations

import sys

from tangle.errors import Refused, TangleError
from tangle.model import PagePath


class NotUtf8(TangleError):
    """The page holds a byte that is no part of UTF-8 text.

    Attributes:
        path: the page.
        offset: of the first such byte.
        line: the line that it stands on.
    """

    def __init__(self, path: PagePath, offset: int, line: int) -> None:
        self.path = path
        self.offset = offset
        self.line = line
        super().__init__(
            f"{path}:{line}: byte {offset} is not valid UTF-8; "
            "save the page as UTF-8 in your editor and try again"
        )


class MisreadsPages(Refused):
    """This Python misreads a page whose outline is known."""

    def __init__(self) -> None:
        version = "{}.{}.{}".format(*sys.version_info)
        super().__init__(
            f"{sys.executable}: this Python ({version}) misreads pages: its module `re` matches "
            "patterns of tangle wrongly; nothing was read or written; install tangle for another "
            "Python, the newest release of 3.11 or later"
        )
