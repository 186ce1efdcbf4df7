"""Read the lines of an output block: text between its wrappers, and files."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_WRAPPERS: Final = {"```text": "```", "#+BEGIN_EXAMPLE": "#+END_EXAMPLE"}
_FILE: Final = re.compile(r"!?\[[^\]]*\]\([^)]*\)")
_ASSET: Final = re.compile(r"assets/tangle/([^\s()\[\]<>\"'\\/]+)")


class BodyLine(Struct, frozen=True, kw_only=True):
    """A line of an output block that shows something.

    Attributes:
        row: its index among the block's lines.
        text: the line.
        wrapped: whether it stands between a wrapper's opener and its closer.
    """

    row: int
    text: str
    wrapped: bool

    @property
    def file(self) -> str | None:
        """The file that the line shows, by its name in `assets/tangle/`; None of other lines."""
        if self.wrapped or not _FILE.fullmatch(self.text.strip()):
            return None
        return next(iter(asset_names(self.text)), None)


def body_of(lines: Sequence[str]) -> Iterator[BodyLine]:
    """Yield the lines of an output block without the wrappers of its texts.

    A wrapper that a person took away half of counts as text.

    Args:
        lines: below the properties, dedented.
    """
    closer, end = None, -1
    for row, line in enumerate(lines):
        if row == end:
            closer = None
        elif closer is None and (found := _WRAPPERS.get(line)) and found in lines[row + 1 :]:
            closer, end = found, lines.index(found, row + 1)
        else:
            yield BodyLine(row=row, text=line, wrapped=closer is not None)


def asset_names(text: str) -> tuple[str, ...]:
    """Return the names of all files in `assets/tangle/` that a text mentions."""
    return tuple(unquote(name) for name in _ASSET.findall(text))
