"""The parts of what a chunk shows, in the order in which it showed them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tangle.model import MimeType
from tangle.write.block import Piece

if TYPE_CHECKING:
    from collections.abc import Mapping

EXTENSIONS: Final[Mapping[MimeType, str]] = {
    MimeType("image/svg+xml"): "svg",
    MimeType("image/png"): "png",
    MimeType("image/jpeg"): "jpg",
}
"""The figures that notes can show, the best first, with the ending of their files' names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """Text as a terminal shows it: lines with line feeds between them."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """Something that a note shows from a file of its own, such as a figure.

    Attributes:
        shows: what can be seen, in words; empty where it does not say.
    """

    mime: MimeType
    data: bytes
    shows: str = ""


Part = Text | File


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A chunk's outputs in the form that a note can contain, in order of appearance."""

    parts: tuple[Part, ...]

    @property
    def text(self) -> str:
        """All text, with line feeds between the parts; empty where nothing was written."""
        return "\n".join(part.text for part in self.parts if isinstance(part, Text))

    @property
    def files(self) -> tuple[File, ...]:
        """What is shown from files, in order."""
        return tuple(part for part in self.parts if isinstance(part, File))


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A figure's file: its name in `assets/tangle/`, and its content."""

    name: str
    data: bytes


def piece(part: Part, *, label: str = "", target: str = "") -> Piece:
    """Return a part as an output block holds it.

    Args:
        part: what is shown.
        label: of a file, what stands for it where it cannot be shown.
        target: of a file, relative to the page's folder.
    """
    match part:
        case Text(text=text):
            return Piece(kind="text", text=text)
        case File():
            return Piece(kind="image", text=label, target=target)
