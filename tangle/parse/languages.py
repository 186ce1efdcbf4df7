"""Read the info string of a fence."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, Literal, NamedTuple

Kind = Literal["program", "session"]

PROGRAMS: Final = frozenset({"python", "python3", "py", "py3", "ipython", "ipython3"})
SESSIONS: Final = frozenset({"pycon", "python-repl", "doctest"})

_WORD: Final = re.compile(r"[ \t]*(?:\{[ \t]*\.?)?([^\s,:{}]*)")
_NOT_RUN: Final = re.compile(r"\beval[ \t]*=[ \t]*['\"]?(?:no|false)\b", re.IGNORECASE)
_OTHERS: Final = frozenset({"cython", "jython", "bython", "rpython", "python2"})
"""Languages that are one letter off and not meant to be Python 3."""


class Info(NamedTuple):
    """What an info string says.

    Attributes:
        word: the language, in lower case; empty where it names none.
        kind: how its code is read; None for code in another language.
        runs: False where an attribute says that the code is not to be run (`eval=no`).
    """

    word: str
    kind: Kind | None
    runs: bool


@lru_cache(maxsize=256)
def info_of(text: str) -> Info:
    """Read an info string: the first word counts, up to a blank, comma, colon or brace.

    Of the attributes behind it only `eval` means anything here.
    """
    match = _WORD.match(text)
    word = match[1].lower() if match is not None else ""
    kind = kind_of(word)
    runs = kind is None or "=" not in text or _NOT_RUN.search(text) is None
    return Info(word=word, kind=kind, runs=runs)


def kind_of(word: str) -> Kind | None:
    """Return how code in a language is read; `word` is in lower case."""
    if word in PROGRAMS:
        return "program"
    return "session" if word in SESSIONS else None


_FENCES: Final = re.compile(rb"(?:`{3,}|~{3,}|#\+begin_src\b)([^\r\n]+)", re.IGNORECASE)


def names_python(data: bytes) -> bool:
    """Whether a fence of a page, one that is not closed or cannot be read too, names Python."""
    return any(is_python(match[1].decode("utf-8", "replace")) for match in _FENCES.finditer(data))


def is_python(text: str) -> bool:
    """Whether code with this info string is tangled."""
    return info_of(text).kind is not None


@lru_cache(maxsize=256)
def misspelt(word: str) -> str | None:
    """Return the language that a word differs from by one letter; None if there is none."""
    if word in _OTHERS or kind_of(word) is not None:
        return None
    names = ("python", "python3", "ipython", "pycon", "doctest")
    return next((name for name in names if _one_letter_off(word, name)), None)


def _one_letter_off(one: str, other: str) -> bool:
    """Whether a letter was left out, added, changed, or put elsewhere."""
    if abs(len(one) - len(other)) > 1 or one == other:
        return False
    if sorted(one) == sorted(other):
        return True
    start = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), None)
    if start is None:
        return True  # one letter more at the end
    rest, its = one[start:], other[start:]
    if len(one) != len(other):
        return rest[1:] == its or rest == its[1:]
    return rest[1:] == its[1:]
