"""The language of what the command line prints, and the translation of messages.

Only this package translates, when it prints. Below it everything is English: what is stored, what
other programs read, and what is kept in the notes is the same in every language.

    print_lines([_(f"{path}: up to date")])

In English, `_` returns its text. In another language it finds the template from which the text
was made (`recognition`) and renders its translation from the catalogue `tangle/locale/`.
"""

from __future__ import annotations

import os
import sys
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from gettext import GNUTranslations

    from tangle_cli.recognition import Recognizer

_VARIABLES: Final = ("TANGLE_LANG", "LC_ALL", "LC_MESSAGES", "LANG")
"""Environment variables that name the language; the first that is not empty counts."""

_ENGLISH: Final = ("", "en", "c", "posix")
_SHORT: Final = {"zh": "zh_CN", "zh_SG": "zh_CN", "zh_HANS": "zh_CN"}
"""Locales whose readers know the language of another one."""


def _(text: str) -> str:
    """Return a message in the language of the person who reads it.

    Args:
        text: the message in English.
    """
    catalogue = _catalogue(language())
    return text if catalogue is None else catalogue.messages.translated(text)


def plural(number: int, one: str, many: str, **values: str) -> str:
    """Return a text with a number in the language of the person who reads it.

    Args:
        number: how many there are.
        one: the template in English for one, with the placeholder `{number}`.
        many: the template for any other number.
        values: of the other placeholders.
    """
    catalogue = _catalogue(language())
    if catalogue is None:
        template = one if number == 1 else many
    else:
        template = catalogue.texts.ngettext(one, many, number)
    return template.format(number=number, **values)


def is_english() -> bool:
    """Whether messages are printed as they are."""
    return _catalogue(language()) is None


def language() -> str:
    """Return the locale that the environment asks for, such as `zh_CN`; empty for English."""
    environment = os.environ
    asked = next((value for name in _VARIABLES if (value := environment.get(name))), "")
    name = asked.partition(".")[0].partition("@")[0].replace("-", "_")
    first, _dash, rest = name.partition("_")
    if first.lower() in _ENGLISH:
        return ""
    locale = "_".join(filter(None, (first.lower(), rest.upper())))
    return _SHORT.get(locale) or _SHORT.get("_".join(locale.split("_")[:2]), locale)


class _Catalogue:
    """A language: its texts, and the templates in them."""

    def __init__(self, texts: GNUTranslations, messages: Recognizer) -> None:
        """Keep them."""
        self.texts = texts
        self.messages = messages


@lru_cache(maxsize=2)
def _catalogue(locale: str) -> _Catalogue | None:
    """Read the catalogue of a language; None for English, or if there is none."""
    if not locale or not locale.replace("_", "").isalnum():
        return None
    from tangle_cli.catalogue import read_catalogue

    found = read_catalogue(locale)
    if found is None or not all(map(found.can_be_shown, (sys.stdout, sys.stderr))):
        return None
    from tangle_cli.recognition import Recognizer

    return _Catalogue(found, Recognizer(found.entries()))
