"""The parts of what a chunk shows, in the order in which it showed them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from tangle.model import MimeType
from tangle.write.block import Piece, PieceKind

if TYPE_CHECKING:
    from collections.abc import Mapping

HTML: Final = MimeType("text/html")
JSON: Final = MimeType("application/json")
PLAIN: Final = MimeType("text/plain")

EXTENSIONS: Final[Mapping[MimeType, str]] = {
    MimeType("image/svg+xml"): "svg",
    MimeType("image/png"): "png",
    MimeType("image/jpeg"): "jpg",
    MimeType("image/gif"): "gif",
    MimeType("image/webp"): "webp",
    MimeType("image/bmp"): "bmp",
    MimeType("video/mp4"): "mp4",
    MimeType("video/webm"): "webm",
    MimeType("video/ogg"): "ogv",
    MimeType("audio/wav"): "wav",
    MimeType("audio/mpeg"): "mp3",
    MimeType("audio/ogg"): "ogg",
    MimeType("audio/flac"): "flac",
    MimeType("application/pdf"): "pdf",
    HTML: "html",
    JSON: "json",
    PLAIN: "txt",
}
"""The files that a note shows or leads to, the best first, with the ending of their names.

None may end in `.md`: Logseq takes that for a page, wherever it stands.
"""


class Text(Struct, frozen=True, kw_only=True):
    """Text as a terminal shows it: lines with line feeds between them."""

    text: str


class Markdown(Struct, frozen=True, kw_only=True):
    """Text that is shown as Markdown."""

    text: str


class Math(Struct, frozen=True, kw_only=True):
    """A formula in LaTeX, without dollars."""

    text: str


class Table(Struct, frozen=True, kw_only=True):
    """A table.

    Attributes:
        text: as a terminal shows it.
        lines: as Markdown.
    """

    text: str
    lines: tuple[str, ...]


class Sentence(Struct, frozen=True, kw_only=True):
    """Words of tangle's own about what is shown."""

    text: str


class File(Struct, frozen=True, kw_only=True):
    """Something that a note shows from a file of its own, such as a figure.

    Attributes:
        shows: what can be seen, in words; empty where it does not say.
        link: the words that lead to it; empty where the note shows it itself.
    """

    mime: MimeType
    data: bytes
    shows: str = ""
    link: str = ""


_KINDS: Final[Mapping[type, PieceKind]] = {
    Text: "text",
    Markdown: "markdown",
    Math: "math",
    Sentence: "sentence",
}

Part = Text | Markdown | Math | Table | Sentence | File


class Rendered(Struct, frozen=True, kw_only=True):
    """A chunk's outputs in the form that a note can contain, in order of appearance."""

    parts: tuple[Part, ...]

    @property
    def text(self) -> str:
        """All text, with line feeds between the parts; empty where nothing was written."""
        return "\n".join(part.text for part in self.parts if not isinstance(part, File))

    @property
    def files(self) -> tuple[File, ...]:
        """What is shown from files, in order."""
        return tuple(part for part in self.parts if isinstance(part, File))


class Figure(Struct, frozen=True, kw_only=True):
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
        case File(link=link):
            words = link or label
            return Piece(kind="link" if link else "image", text=words, target=target)
        case Table(lines=lines):
            return Piece(kind="table", text="\n".join(lines))
        case _:
            return Piece(kind=_KINDS[type(part)], text=part.text)
