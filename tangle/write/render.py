"""Render a chunk's outputs for a note: text and figures in order of appearance."""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, assert_never

from tangle.model import ALTERNATIVE_TEXT, MimeBundle, MimeType, Stream
from tangle.write.parts import EXTENSIONS, File, Part, Rendered, Text
from tangle.write.terminal import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tangle.model import Output

# Forms that say more than `<IPython.core.display.Markdown object>`.
_SOURCES = (MimeType("text/markdown"), MimeType("text/latex"))
_PLAIN = MimeType("text/plain")
# `<Line2D object at 0x7f…>` differs each time and has no meaning; masked, notes stay the same.
_ADDRESS = re.compile(r"(?<= at 0x)[0-9a-f]{6,16}\b", re.IGNORECASE)
_NAMELESS = re.compile(r"<IPython\.core\.display\.\w+ object>")


def rendered(outputs: tuple[Output, ...]) -> Rendered:
    """Return what streams and results show, in order: text as a terminal has it, and figures.

    A bundle that has a figure contributes that and not its text (`<Figure size ...>`); addresses in
    memory, which differ at every run, become `0x…`.
    """
    parts: list[Part] = []
    texts: list[str] = []
    for output in outputs:
        match output:
            case Stream(text=text):
                texts.append(text)
            case MimeBundle():
                figure = _figure(output)
                if figure is None:
                    texts.append(_on_lines_of_its_own(_text(output), texts))
                else:
                    parts += _screen(texts)
                    parts.append(figure)
                    texts.clear()
            case _:
                assert_never(output)
    return Rendered(parts=(*parts, *_screen(texts)))


def _screen(texts: list[str]) -> Iterator[Text]:
    """Yield what stands on the screen after some text, if anything."""
    text = without_addresses(shown("".join(texts)))
    if text.strip():
        yield Text(text=text)


def without_addresses(text: str) -> str:
    """Return text in which addresses in memory are `0x…`."""
    return _ADDRESS.sub("…", text)


def _figure(bundle: MimeBundle) -> File | None:
    forms = dict(bundle.data)
    shows = forms.get(ALTERNATIVE_TEXT, "")
    for mime in EXTENSIONS:
        if mime not in forms:
            continue
        if mime.endswith("+xml"):
            return File(mime=mime, data=forms[mime].encode("utf-8", "replace"), shows=shows)
        try:
            data = base64.b64decode("".join(forms[mime].split()), validate=True)
        except (binascii.Error, ValueError):
            continue  # not base64: the bundle's other forms may do
        return File(mime=mime, data=data, shows=shows)
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
