"""Render a chunk's outputs for a note: plain text, and figures."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, assert_never

from tangle.model import ALTERNATIVE_TEXT, MimeBundle, MimeType, Stream
from tangle.write.terminal import shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tangle.model import Output

EXTENSIONS: Mapping[MimeType, str] = {
    MimeType("image/svg+xml"): "svg",
    MimeType("image/png"): "png",
    MimeType("image/jpeg"): "jpg",
}
"""The figures that notes can show, the best first, with the ending of their files' names."""

# Forms that say more than `<IPython.core.display.Markdown object>`.
_SOURCES = (MimeType("text/markdown"), MimeType("text/latex"))
_PLAIN = MimeType("text/plain")
# `<Line2D object at 0x7f…>` differs each time and has no meaning; masked, notes stay the same.
_ADDRESS = re.compile(r"(?<= at 0x)[0-9a-f]{6,16}\b", re.IGNORECASE)
_NAMELESS = re.compile(r"<IPython\.core\.display\.\w+ object>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A chunk's outputs in the form that a note can contain.

    Attributes:
        text: lines with line feeds between them; empty where nothing was written.
        figures: MIME type and content, in order.
        alternatives: for each figure what it shows, in words; empty where it does not say.
    """

    text: str
    figures: tuple[tuple[MimeType, bytes], ...]
    alternatives: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A figure's file: its name in `assets/tangle/`, and its content."""

    name: str
    data: bytes


def rendered(outputs: tuple[Output, ...]) -> Rendered:
    """Return the text of streams and results, as a terminal shows it, and the figures.

    A bundle that has a figure contributes that and not its text (`<Figure size ...>`); addresses in
    memory, which differ at every run, become `0x…`.
    """
    texts: list[str] = []
    figures: list[tuple[MimeType, bytes]] = []
    alternatives: list[str] = []
    for output in outputs:
        match output:
            case Stream(text=text):
                texts.append(text)
            case MimeBundle():
                figure = _figure(output)
                if figure is not None:
                    figures.append(figure)
                    alternatives.append(dict(output.data).get(ALTERNATIVE_TEXT, ""))
                else:
                    texts.append(_on_lines_of_its_own(_text(output), texts))
            case _:
                assert_never(output)
    text = _ADDRESS.sub("…", shown("".join(texts)))
    return Rendered(text=text, figures=tuple(figures), alternatives=tuple(alternatives))


def _figure(bundle: MimeBundle) -> tuple[MimeType, bytes] | None:
    forms = dict(bundle.data)
    for mime in EXTENSIONS:
        if mime not in forms:
            continue
        if mime.endswith("+xml"):
            return mime, forms[mime].encode("utf-8", "replace")
        try:
            return mime, base64.b64decode("".join(forms[mime].split()), validate=True)
        except (binascii.Error, ValueError):
            continue  # not base64: the bundle's other forms may do
    return None


def _text(bundle: MimeBundle) -> str:
    forms = dict(bundle.data)
    plain = forms.get(_PLAIN)
    if plain is None or _NAMELESS.fullmatch(plain.strip()):
        for mime in _SOURCES:
            if mime in forms:
                return forms[mime]
    return plain or ""


def _on_lines_of_its_own(text: str, before: list[str]) -> str:
    """Return a value so that it begins on a new line and ends one, whatever `print` left open."""
    if not text:
        return ""
    last = next((earlier for earlier in reversed(before) if earlier), "\n")
    start = "" if last.endswith("\n") else "\n"
    end = "" if text.endswith("\n") else "\n"
    return f"{start}{text}{end}"
