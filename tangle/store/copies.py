"""Find copies of pages that sync tools left beside the originals."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from tangle.model import PagePath

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_QUICK: Final = re.compile(r"[)]\.\w+\Z| [0-9]{1,2}\.\w+\Z|onflict|-(?:DESKTOP|LAPTOP)-")
"""What each such name has: ten thousand pages are asked for it."""
_SURE: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        # Dropbox, Nextcloud, Seafile, in the languages of their users: x (Jo's conflicted copy …)
        r"(.+?) ?\([^()]*(?:confli[ct]|konflikt|конфл[иі]кт|çakış|冲突|衝突|競合|충돌)[^()]*\)",
        r"(.+)\.sync-conflict-[0-9]{8}-[0-9]{6}(?:-[0-9a-z]+)?",  # Syncthing
        r"(.+)[._-]conflict(?:[._-][0-9][0-9._-]*)?",  # ownCloud, Resilio
    )
)
"""Names that no person gives a page; group 1 is the original's."""
_LIKELY: Final = tuple(
    re.compile(pattern)
    for pattern in (
        r"(.+) (?:[2-9]|[1-9][0-9])",  # iCloud
        r"(.+?) ?\([1-9][0-9]?\)",  # Google Drive, browsers
        r"(.+)-(?:DESKTOP|LAPTOP)-[0-9A-Z]{5,}",  # OneDrive
    )
)
"""Names that a page may have by right: "Lecture 2" beside "Lecture"."""
_SHARE: Final = 0.5
"""More than this part of its lines a copy by such a name shares with the original."""


def sync_copies(pages: Mapping[PagePath, bytes]) -> dict[PagePath, PagePath]:
    """Return the pages that are a sync tool's copies, each with its original.

    A copy stands beside the original and has a name that the tool makes of the original's. Where a
    person may have given that name, most of its lines must be the original's as well.

    Args:
        pages: the content of every page.
    """
    return {
        path: original
        for path in pages
        if _QUICK.search(path) is not None and (original := _original(path, pages)) is not None
    }


def _original(path: PagePath, pages: Mapping[PagePath, bytes]) -> PagePath | None:
    for original in _named(path, _SURE):
        if original in pages:
            return original
    for original in _named(path, _LIKELY):
        if original in pages and _mostly_same(pages[path], pages[original]):
            return original
    return None


def _named(path: PagePath, patterns: tuple[re.Pattern[str], ...]) -> Iterator[PagePath]:
    """The originals that a page's name may be made of, in the same folder."""
    stem, dot, suffix = path.rpartition(".")
    folder, slash, name = stem.rpartition("/")
    for pattern in patterns:
        if (match := pattern.fullmatch(name)) is not None:
            yield PagePath(f"{folder}{slash}{match[1]}{dot}{suffix}")


def _mostly_same(data: bytes, original: bytes) -> bool:
    lines, others = _lines(data), _lines(original)
    return len(lines & others) > _SHARE * len(lines) or not lines


def _lines(data: bytes) -> set[bytes]:
    return {stripped for line in data.split(b"\n") if (stripped := line.strip())}
