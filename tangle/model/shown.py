"""What an output block of a page shows, read back."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

ShownKind = Literal["text", "markdown", "image", "link", "failure"]

OutputMark = Literal["fresh", "stale", "failed"]
"""Whether an output block matches the code above it."""


class ShownFrame(Struct, frozen=True, kw_only=True):
    """A line of the notes that a failure names.

    Attributes:
        row: the line of the failure's text that names it, from 0.
        title: of its page.
        line: in the page.
        end: how many characters of the text's line name the place.
    """

    row: int
    title: str
    line: int
    end: int


class ShownPart(Struct, frozen=True, kw_only=True):
    """A part of an output block.

    Attributes:
        kind: `image` for a file that the note shows, `link` for one that it leads to.
        lines: of text, Markdown or a failure.
        label: of a file, the words that stand for it or lead to it.
        target: the file, relative to the page's folder, as the note has it.
        frames: the places that a failure names.
    """

    kind: ShownKind
    lines: tuple[str, ...] = ()
    label: str = ""
    target: str = ""
    frames: tuple[ShownFrame, ...] = ()

    @property
    def text(self) -> str:
        """The lines with line feeds between them."""
        return "\n".join(self.lines)


class ShownOutput(Struct, frozen=True, kw_only=True):
    """An output block of a page, and its chunk.

    Attributes:
        block: its index in the page.
        host: the block of its chunk; -1 where it belongs to none.
        at: which chunk of that block, from 0.
        line: its first line in the page.
        mark: whether it matches the current code.
        edited: whether a person changed it.
    """

    block: int
    host: int
    at: int
    line: int
    mark: OutputMark
    edited: bool
    parts: tuple[ShownPart, ...]
