"""The parts of what a chunk shows, in the order in which it showed them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from msgspec import Struct

from tangle.model import MimeType

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


PieceKind = Literal["text", "markdown", "math", "table", "sentence", "image", "link"]


class Piece(Struct, frozen=True, kw_only=True):
    """A part of what a chunk shows, as the lines of an output block are made from it.

    Attributes:
        kind: `text` for lines as a terminal shows them, `math` for LaTeX without dollars, `table`
            for the lines of a Markdown table, `sentence` for words of tangle's, `image` for a file
            that the note shows, `link` for one that it leads to.
        text: the text; of a file what stands for it or leads to it.
        plain: of a table, what a terminal shows.
        target: of a file, where it is, relative to the page's folder.
    """

    kind: PieceKind
    text: str = ""
    plain: str = ""
    target: str = ""


class File(Struct, frozen=True, kw_only=True):
    """The content of something that a note shows from a file, such as a figure.

    Attributes:
        shows: what can be seen, in words; empty where it does not say.
        link: the words that lead to it; empty where the note shows it itself.
    """

    mime: MimeType
    data: bytes
    shows: str = ""
    link: str = ""


Part = Piece | File
"""A file is a piece once it has its place."""


class Rendered(Struct, frozen=True, kw_only=True):
    """A chunk's outputs in the form that a note can contain, in order of appearance."""

    parts: tuple[Part, ...]

    @property
    def text(self) -> str:
        """All text, with line feeds between the parts; empty where nothing was written."""
        pieces = (part for part in self.parts if isinstance(part, Piece))
        return "\n".join(p.plain if p.kind == "table" else p.text for p in pieces)

    @property
    def files(self) -> tuple[File, ...]:
        """What is shown from files, in order."""
        return tuple(part for part in self.parts if isinstance(part, File))


class Figure(Struct, frozen=True, kw_only=True):
    """A figure's file: its name in `assets/tangle/`, and its content."""

    name: str
    data: bytes


def placed(file: File, label: str, target: str) -> Piece:
    """Return a file as an output block shows it.

    Args:
        file: what is shown.
        label: what stands for it where it cannot be shown.
        target: where it is, relative to the page's folder.
    """
    return Piece(kind="link" if file.link else "image", text=file.link or label, target=target)
