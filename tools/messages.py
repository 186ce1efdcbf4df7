"""Updates the catalogues of messages: `python tools/messages.py` (`make messages`).

It writes the template `tangle/locale/tangle.pot` from the code, adds new messages to each
`tangle.po` without a translation, removes those that are gone, and compiles each `tangle.mo`.
The exit code is 1 if a translation is missing.
"""

from __future__ import annotations

import io
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from message_templates import templates

LOCALES: Final = Path(__file__).resolve().parent.parent / "tangle" / "locale"
TEMPLATE: Final = LOCALES / "tangle.pot"
_WIDTH: Final = 100


def extracted() -> Catalog:
    """Return the template: every message, without a translation."""
    catalogue = Catalog(project="tangle", charset="utf-8")
    places: dict[str, list[str]] = {}
    plurals: dict[str, str] = {}
    for message in templates():
        places.setdefault(message.text, []).append(message.path)
        plurals.setdefault(message.text, message.plural)
    # Not by line: moved code changes nothing here.
    for text, paths in sorted(places.items(), key=lambda entry: (min(entry[1]), entry[0])):
        key = (text, plurals[text]) if plurals[text] else text
        entry = catalogue.add(key, locations=[(path, 0) for path in sorted(set(paths))])
        entry.flags.discard("python-format")  # `90% of all` is none
    return catalogue


def catalogues() -> list[Path]:
    """Return the catalogue of each language."""
    return sorted(LOCALES.glob("*/LC_MESSAGES/tangle.po"))


def read(path: Path) -> Catalog:
    """Return a catalogue.

    Args:
        path: of a `.po` or `.pot` file.
    """
    with path.open("rb") as file:
        return read_po(file, locale=path.parent.parent.name if path.suffix == ".po" else None)


def compiled(catalogue: Catalog) -> bytes:
    """Return a catalogue as gettext reads it.

    Args:
        catalogue: with its translations.
    """
    data = io.BytesIO()
    write_mo(data, catalogue)
    return data.getvalue()


def missing(catalogue: Catalog) -> list[str]:
    """Return the messages that have no translation.

    Args:
        catalogue: of a language.
    """
    return [str(entry.id) for entry in catalogue if entry.id and not all(forms(entry))]


def forms(entry: Message) -> tuple[str, ...]:
    """Return the translations of a message: one for each form of the plural, if it has one.

    Args:
        entry: of a catalogue.
    """
    return (entry.string,) if isinstance(entry.string, str) else tuple(entry.string or ("",))


def written(catalogue: Catalog) -> bytes:
    """Return a catalogue as the text of its file.

    Args:
        catalogue: of a language, or the template.
    """
    data = io.BytesIO()
    write_po(data, catalogue, width=_WIDTH, include_lineno=False, ignore_obsolete=True)
    return data.getvalue()


def main() -> int:
    """Update all files; return the exit code."""
    template = extracted()
    known = read(TEMPLATE) if TEMPLATE.exists() else None
    same = known is not None and [m.id for m in known] == [m.id for m in template]
    template.creation_date = known.creation_date if known and same else datetime.now(UTC)
    TEMPLATE.write_bytes(written(template))
    untranslated = 0
    for path in catalogues():
        catalogue = read(path)
        catalogue.update(template, no_fuzzy_matching=True)
        path.write_bytes(written(catalogue))
        path.with_suffix(".mo").write_bytes(compiled(catalogue))
        for key in missing(catalogue):
            print(f"{path}: no translation: {key}")
            untranslated += 1
    return 1 if untranslated else 0


if __name__ == "__main__":
    sys.exit(main())
