"""Pictures that social networks show beside a link to a page: its title and number."""

from __future__ import annotations

import io
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont, ImageFont

SIZE: Final = (1200, 630)
FOLDER: Final = "cards"
RULES: Final = "1"
"""Part of the stamp of a picture; change it when the same words are drawn differently."""

_MARGIN: Final = 80
_SIZES: Final = (84, 68, 54, 44)
"""Of the title's letters: the largest that fits."""
_LINES: Final = 4
_PAPER: Final = (250, 249, 246)
_INK: Final = (32, 33, 36)
_ACCENT: Final = (29, 78, 137)
_PALE: Final = (110, 112, 118)
_LATIN_END: Final = "\u024f"
_MARKS: Final = frozenset("–—‘’“”„…•·×→€™")


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What a picture says.

    Attributes:
        number: of the section; empty for other pages.
        site: the site's title.
    """

    title: str
    site: str
    number: str = ""


def is_drawable(text: str, *, wide: bool) -> bool:
    """Whether a picture can show a text.

    Args:
        text: a title.
        wide: whether there is a font with Chinese, Japanese and Korean characters.
    """
    return all(c <= _LATIN_END or c in _MARKS or (wide and _is_wide(c)) for c in text)


def _is_wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in "WF" and character < "\U0001f000"


def draw(card: Card, font: str = "") -> bytes:
    """Return a picture as PNG, the same for the same words and font.

    Args:
        card: what it says.
        font: the file of a font with Chinese characters; empty for the font of Pillow, which has
            Latin letters.
    """
    from PIL import Image, ImageDraw

    image = Image.new("RGB", SIZE, _PAPER)
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, 0, 16, SIZE[1]), fill=_ACCENT)
    top = _MARGIN
    if card.number:
        pen.text((_MARGIN, top), card.number, font=_font(font, 48), fill=_ACCENT)
    top += 80
    for size in _SIZES:
        lines = _lines(card.title, _font(font, size))
        if len(lines) <= _LINES:
            break
    else:
        size = _SIZES[-1]
        lines = _lines(card.title, _font(font, size))
        lines = [*lines[: _LINES - 1], f"{lines[_LINES - 1]}…"]
    for line in lines:
        pen.text((_MARGIN, top), line, font=_font(font, size), fill=_INK)
        top += round(size * 1.3)
    site = _lines(card.site, _font(font, 36))[:1]
    pen.text((_MARGIN, SIZE[1] - _MARGIN - 36), "".join(site), font=_font(font, 36), fill=_PALE)
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=6)
    return buffer.getvalue()


@lru_cache(maxsize=16)
def _font(path: str, size: int) -> FreeTypeFont | ImageFont:
    from PIL import ImageFont

    return ImageFont.truetype(path, size) if path else ImageFont.load_default(size)


def _lines(text: str, font: FreeTypeFont | ImageFont) -> list[str]:
    """A text in lines that fit: broken at blanks, and between Chinese characters."""
    width = SIZE[0] - 2 * _MARGIN
    lines: list[str] = []
    line = ""
    for piece in _pieces(text[:400]):
        if line and font.getlength(line + piece.rstrip()) > width:
            lines.append(line.rstrip())
            line = ""
        line += piece
        while font.getlength(line.rstrip()) > width:  # a word that is longer than a line
            end = max(1, len(line) * width // int(font.getlength(line) + 1))
            lines.append(line[:end])
            line = line[end:]
    return [*lines, line.rstrip()]


def _pieces(text: str) -> list[str]:
    pieces: list[str] = []
    for character in " ".join(text.split()):
        breaks = not pieces or pieces[-1].endswith(" ") or _is_wide(pieces[-1][-1])
        if breaks or (_is_wide(character) and unicodedata.category(character)[0] != "P"):
            pieces.append(character)
        else:
            pieces[-1] += character
    return pieces
