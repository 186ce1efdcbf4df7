"""Files of the graph that a site copies: their names there, and their cleaned content."""

from __future__ import annotations

from typing import Final

from tangle.weave.svg import BadSvg, clean_svg

RULES: Final = "1"
"""Part of the stamp of a cleaned file; change it when cleaning gives another result."""

_NOTHING: Final = (
    b'<svg xmlns="http://www.w3.org/2000/svg" width="120" height="40">'
    b'<rect width="120" height="40" fill="none" stroke="#b33" stroke-dasharray="4"/>'
    b'<text x="60" y="25" text-anchor="middle" font-family="sans-serif" font-size="14" '
    b'fill="#b33">SVG ?</text></svg>'
)
"""Replaces a picture that cannot be read, so that readers see that something is missing."""


def is_cleaned(path: str) -> bool:
    """Whether a file is copied as `cleaned` makes it, not as it is."""
    return path.lower().endswith(".svg")


def cleaned(data: bytes) -> tuple[bytes, str]:
    """Return what the site has of an SVG file, and what is wrong with it; empty if nothing.

    Args:
        data: the file's content.
    """
    try:
        return clean_svg(data), ""
    except BadSvg as error:
        return _NOTHING, f"it is not well-formed SVG ({error}), and is left out"
