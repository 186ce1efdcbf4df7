"""Render a chunk's outputs for a note: text and figures in order of appearance."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, assert_never

from tangle.model import MimeBundle, Stream
from tangle.write.bundles import bundle_parts
from tangle.write.parts import Part, Piece, Rendered
from tangle.write.terminal import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tangle.model import Output

# `<Line2D object at 0x7f…>` differs each time and has no meaning; masked, notes stay the same.
_ADDRESS = re.compile(r"(?<= at 0x)[0-9a-f]{6,16}\b", re.IGNORECASE)


def rendered(outputs: tuple[Output, ...]) -> Rendered:
    """Return what streams and results show, in order: text as a terminal has it, and the rest.

    Of a bundle that form counts that says most (`tangle.write.bundles`); addresses in memory, which
    differ at every run, become `0x…`.
    """
    parts: list[Part] = []
    texts: list[str] = []
    for output in outputs:
        match output:
            case Stream(text=text):
                texts.append(text)
            case MimeBundle():
                for part in bundle_parts(output):
                    if isinstance(part, Piece) and part.kind == "text":
                        texts.append(_on_lines_of_its_own(part.text, texts))
                    else:
                        parts += _screen(texts)
                        parts.append(part)
                        texts.clear()
            case _:
                assert_never(output)
    return Rendered(parts=(*parts, *_screen(texts)))


def _screen(texts: list[str]) -> Iterator[Piece]:
    """Yield what stands on the screen after some text, if anything."""
    text = without_addresses(shown("".join(texts)))
    if text.strip():
        yield Piece(kind="text", text=text)


def without_addresses(text: str) -> str:
    """Return text in which addresses in memory are `0x…`."""
    return _ADDRESS.sub("…", text)


def _on_lines_of_its_own(text: str, before: list[str]) -> str:
    """Return a value so that it begins on a new line and ends one, whatever `print` left open."""
    if not text:
        return ""
    last = next((earlier for earlier in reversed(before) if earlier), "\n")
    start = "" if last.endswith("\n") else "\n"
    end = "" if text.endswith("\n") else "\n"
    return f"{start}{text}{end}"
