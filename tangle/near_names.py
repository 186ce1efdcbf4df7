"""Suggest known names in place of an unknown one."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final

from tangle.model import DEVICE, DEVICE_WORDS

_DEVICES: Final[dict[str, tuple[str, ...]]] = {
    **dict.fromkeys(("gpu", "nvidia", "gpu:0"), ("cuda",)),
    **dict.fromkeys(("metal", "apple"), ("mps",)),
    **dict.fromkeys(("tpu", "npu", "xpu"), ()),
}
_SHOWN: Final = 3
_MOST_EDITS: Final = 5
_FAR: Final = 2
"""Rank of a name that holds the one that was written, behind all that are nearly the same."""


def nearest(wanted: str, known: Iterable[str], *, count: int = _SHOWN) -> list[str]:
    """Return the known names nearest to one that is not known, the likeliest first.

    Names are near if few edits lead to them or to their beginnings, or if they contain all words of
    the wanted name. Case, full-width forms and blanks do not count; of names that differ in these
    alone, the first stands for all.

    Args:
        wanted: the name as it was written.
        known: the names that there are.
        count: the most to return.
    """
    key = _comparable(wanted)
    names: dict[str, str] = {}
    for name in known:
        names.setdefault(_comparable(name), name)
    ranked = []
    for place, (comparable, name) in enumerate(names.items()):
        rank = _rank(key, comparable)
        if rank is not None:
            ranked.append((*rank, place, name))
    return [name for *_, name in sorted(ranked)[:count]]


def did_you_mean(wanted: str, known: Iterable[str], *, quoted: bool = True) -> str:
    """Return a question that proposes the nearest known names, or an empty string.

    Args:
        wanted: the name as it was written.
        known: the names that there are.
        quoted: put the names into quotes, as titles need it and identifiers do not.
    """
    return question(nearest(wanted, known), quoted=quoted)


def question(names: Sequence[str], *, quoted: bool = True) -> str:
    """Return the question whether one of some names was meant; an empty string without names.

    Args:
        names: the likeliest first.
        quoted: as in `did_you_mean`.
    """
    if not names:
        return ""
    *first, last = map(repr, names) if quoted else names
    return f"did you mean {', '.join(first)} or {last}?" if first else f"did you mean {last}?"


def device_meant(wanted: str) -> str:
    """Return the question whether another device was meant; an empty string if none is near.

    Args:
        wanted: the device as it was written.
    """
    word = wanted.strip().lower()
    near = _DEVICES.get(word)
    meant = nearest(word, ("cuda", "cpu", "mps", "auto"), count=1) if near is None else near
    return question(meant, quoted=False)


def device_error(value: str) -> str | None:
    """Return what is wrong with a device, and which one may be meant; None if nothing is.

    Args:
        value: the device as it was written.
    """
    if DEVICE.fullmatch(value):
        return None
    asked = device_meant(value)
    known = f"{value!r} is not one of {DEVICE_WORDS}"
    return f"{known}; {asked}" if asked else known


def _comparable(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def _rank(key: str, name: str) -> tuple[int, int] | None:
    """How near a name is, in classes and within its class; None if it is not near."""
    limit = min(len(key) // 3 or len(key) // 2, _MOST_EDITS)
    if not key:
        return None
    if sum(char not in name for char in key) <= limit:
        whole, beginning = _distances(key, name, limit)
        if whole <= limit:
            return 0, whole
        if beginning <= limit and len(key) > _SHOWN:
            return 1, beginning
    words = key.split()
    if len(key) > 1 and all(word in name for word in words):
        return _FAR, len(name)
    return None


def _distances(key: str, name: str, limit: int) -> tuple[int, int]:
    """The edits from a key to a name, and to the beginning of the name that is nearest.

    Insertions, deletions, substitutions and exchanges of neighbours count as one each (optimal
    string alignment). A distance above the limit is only known to be above it.
    """
    width = min(len(name), len(key) + limit)
    before: list[int] = []
    row = list(range(width + 1))
    for i, char in enumerate(key, start=1):
        above, before, row = before, row, [i]
        for j in range(1, width + 1):
            other = name[j - 1]
            best = min(before[j - 1] + (char != other), before[j] + 1, row[-1] + 1)
            if i > 1 and j > 1 and char == name[j - 2] and key[i - 2] == other:
                best = min(best, above[j - 2] + 1)
            row.append(best)
        if min(row) > limit:
            return limit + 1, limit + 1
    return (row[-1] if width == len(name) else limit + 1), min(row)
