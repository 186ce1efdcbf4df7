"""Read a catalogue of messages, as gettext has it."""

from __future__ import annotations

import gettext
from pathlib import Path
from typing import Final, TextIO

import tangle

_FOLDER: Final = Path(tangle.__file__).parent / "locale"


class Catalogue(gettext.GNUTranslations):
    """The translations of one language, which can be listed."""

    _catalog: dict[str | tuple[str, int], str]

    def entries(self) -> dict[str, str]:
        """Return the translation of each message that has one form."""
        return {key: text for key, text in self._catalog.items() if key and isinstance(key, str)}

    def can_be_shown(self, stream: TextIO) -> bool:
        """Whether a stream's encoding has all characters of the catalogue."""
        encoding = stream.encoding or "utf-8"
        if encoding.lower().replace("-", "") == "utf8":
            return True
        try:
            "".join(set("".join(self._catalog.values()))).encode(encoding)
        except (LookupError, UnicodeEncodeError):
            return False
        return True


def read_catalogue(locale: str) -> Catalogue | None:
    """Return the catalogue of a locale such as `zh_CN`; None if there is none that can be read.

    Args:
        locale: letters, digits and underscores.
    """
    try:
        with (_FOLDER / locale / "LC_MESSAGES" / "tangle.mo").open("rb") as file:
            return Catalogue(file)
    except (OSError, ValueError):
        return None
