"""Names of files in `assets/tangle/`, readable and safe on every file system."""

from __future__ import annotations

import hashlib
import re
import unicodedata

from tangle.model import PagePath, SectionName

ASSET_FOLDER = "assets/tangle"
"""Where they stand, relative to the graph's folder."""

_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)*", re.ASCII)
_NAMED = re.compile(r".+-[0-9]+-([0-9a-f]{8})\.[^.]+", re.ASCII | re.DOTALL)
_MOST_CHARACTERS = 80
_MOST_BYTES = 160  # of the 255 that file systems allow, the digest and the ending still to come


def asset_name(section: str, number: int, data: bytes, extension: str) -> str:
    """Return the file name of what a section shows: `3.6.7-1-9c0f3a51.svg`.

    Another content has another name: Logseq goes on showing the old content of a file whose name
    stays. A section without a number gives letters and digits of its title, with `-` for the rest;
    where that is not the whole title, or where case alone might tell two titles apart, a digest
    keeps the names apart.

    Args:
        section: the section's name.
        number: of the file, from 1, in its section.
        data: the file's content.
        extension: `svg`, `png`, ...
    """
    return f"{_slug(section)}-{number}-{_digest(data)}.{extension}"


def is_content_name(name: str) -> bool:
    """Return whether a file's name says what its content is."""
    return _NAMED.fullmatch(name) is not None


def is_named_after(name: str, data: bytes) -> bool | None:
    """Return whether a file has the content that it is named after; None if it is named otherwise.

    git may have changed the line ends of a text.

    Args:
        name: of a file in `assets/tangle/`.
        data: its content.
    """
    found = _NAMED.fullmatch(name)
    if found is None:
        return None
    return found[1] in (_digest(data), _digest(data.replace(b"\r\n", b"\n")))


def asset_target(page: PagePath, name: str) -> str:
    """Return the target of a page's image link: `../assets/tangle/3.6.7-1.svg`.

    Args:
        page: that shows the figure.
        name: of its file.
    """
    return "../" * page.count("/") + f"{ASSET_FOLDER}/{name}"


def figure_label(section: SectionName, number: int, shows: str = "") -> str:
    """Return the alternative text of a figure: `3.6.7 figure 1, Loss`.

    Args:
        section: that draws it.
        number: of the figure in its section, from 1.
        shows: its titles and labels, if any.
    """
    name = (
        section if len(section) <= _MOST_CHARACTERS else f"{section[: _MOST_CHARACTERS - 1]}\u2026"
    )
    return ", ".join(filter(None, (f"{name} figure {number}", shows)))


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:8]


def _slug(section: str) -> str:
    if _NUMBER.fullmatch(section) and len(section) <= _MOST_CHARACTERS:
        return section
    title = unicodedata.normalize("NFC", section)
    slug = "".join(character if _is_word(character) else "-" for character in title)
    slug = re.sub(r"-+", "-", slug)[:_MOST_CHARACTERS]
    slug = slug.encode()[:_MOST_BYTES].decode(errors="ignore").strip("-")
    if slug and slug == title and slug == slug.casefold() and not _NUMBER.fullmatch(slug):
        return slug
    digest = hashlib.sha256(title.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{slug}-{digest}" if slug else digest


def _is_word(character: str) -> bool:
    """Whether a character is a letter, a mark on one, or a digit, of any script."""
    return unicodedata.category(character)[0] in "LMN"
