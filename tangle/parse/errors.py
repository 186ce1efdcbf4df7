"""The way in which reading a page can fail."""

from __future__ import annotations

from tangle.errors import TangleError
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
