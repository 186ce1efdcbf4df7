"""The `tangle.*` properties: values, inheritance and mistakes."""

from __future__ import annotations

import math
import posixpath
import re
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import Any, Final

from msgspec.structs import replace

from tangle.model import (
    DEVICE,
    DEVICE_WORDS,
    Fence,
    Page,
    Place,
    Problem,
    ProblemKind,
    Property,
    SectionName,
    Settings,
)
from tangle.model.problems.page import BAD_PROPERTY, UNKNOWN_PROPERTY
from tangle.near_names import device_meant, nearest, question
from tangle.parse import Info, has_lost_bullet, info_of, kind_of

PREFIX: Final = "tangle."
OUTPUT: Final = "tangle.output"
WRITTEN: Final = (OUTPUT, "tangle.chunk")
"""The properties of output blocks."""
BOOK: Final = "tangle.book"
SOLUTION: Final = "tangle.solution"

_YES: Final = frozenset({"yes", "true", "on"})
_NO: Final = frozenset({"no", "false", "off"})

KNOWN: Final[Mapping[str, str]] = {
    "tangle.run": "yes or no",
    "tangle.skip": "yes or no",
    "tangle.raises": "the name of an exception, such as ValueError",
    "tangle.xfail": "the reason why the chunk is known to fail",
    "tangle.timeout": "a number of seconds above zero",
    "tangle.name": "a name without blanks at its ends",
    "tangle.device": DEVICE_WORDS,
    "tangle.needs": "sections or pages, separated by commas, such as 3.5, [[Data]]",
    "tangle.borrow": "on or off",
    "tangle.rtol": "a part of the number, such as 1e-3; 0 for no tolerance",
    "tangle.atol": "a difference, such as 0.01",
    "tangle.cache": "yes or no",
    "tangle.lang": "the language of fences that name none, such as python",
    BOOK: "the name of a book, without # and brackets",
    "tangle.reads": "files, separated by commas, such as data/x.h5, data/*.db",
    "tangle.cwd": "a folder in the graph, such as assets",
    SOLUTION: "yes or no",
    **dict.fromkeys(WRITTEN, "written by tangle itself"),
}


def reading(fence: Fence, settings: Settings) -> Info | None:
    """Return how the code of a fence is read with these settings; None if it is not a chunk.

    Args:
        fence: of the page.
        settings: that apply to its block.
    """
    if fence.nested is not None:
        return None
    info = info_of(" ".join((fence.language, *fence.options)))
    if not info.word and settings.lang is not None:
        return info._replace(kind=kind_of(settings.lang))
    return info if info.kind is not None else None


class BadValue(ValueError):
    """A property has an invalid value."""


def _switch(value: str) -> bool:
    word = value.lower()
    if word in _YES or word in _NO:
        return word in _YES
    raise BadValue


def _seconds(value: str) -> float:
    try:
        seconds = float(value)
    except ValueError:
        raise BadValue from None
    if not 0 < seconds < 1e9:
        raise BadValue
    return seconds


def _difference(value: str) -> float:
    try:
        difference = float(value)
    except ValueError:
        raise BadValue from None
    if not 0 <= difference < math.inf:
        raise BadValue
    return difference


def _matching(pattern: re.Pattern[str], value: str) -> str:
    if pattern.fullmatch(value) is None:
        raise BadValue
    return value


_NEED: Final = re.compile(r"\s*(\[\[.+?\]\](?=\s*(?:,|\Z))|[^,]*)(?:,|\Z)")
"""A page in brackets, whose title may have commas, or anything up to the next comma."""


_BOOK: Final = re.compile(r"\s*(?:\[\[)?([^\s#\[\]](?:[^#\[\]]*[^\s#\[\]])?)(?:\]\])?\s*")


def _needs(value: str) -> tuple[SectionName, ...]:
    found = (match[1].strip() for match in _NEED.finditer(value))
    names = tuple(SectionName(name) for name in found if name)
    if not names:
        raise BadValue
    return names


def _language(value: str) -> str:
    word = value.lower()
    if kind_of(word) is None:
        raise BadValue
    return word


def _patterns(value: str) -> tuple[str, ...]:
    found = tuple(part.strip() for part in value.split(",") if part.strip())
    if not found or "\0" in value:
        raise BadValue
    return found


def _folder(value: str) -> str:
    """A folder below the graph, relative to it, without `.` and `..`."""
    found = posixpath.normpath(value.strip().replace("\\", "/"))
    outside = found.startswith(("/", "~")) or found.split("/")[0] == ".." or ":" in found
    if not value.strip() or outside or "\0" in found:
        raise BadValue
    return found


_READERS: Final[Mapping[str, Callable[[str], object]]] = {
    "run": _switch,
    "skip": _switch,
    "raises": partial(_matching, re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")),
    "xfail": partial(_matching, re.compile(r"\S.*")),
    "timeout": _seconds,
    "name": partial(_matching, re.compile(r"\S(.*\S)?")),
    "device": partial(_matching, DEVICE),
    "needs": _needs,
    "borrow": _switch,
    "rtol": _difference,
    "atol": _difference,
    "cache": _switch,
    "lang": _language,
    "reads": _patterns,
    "cwd": _folder,
}
"""For each field of the settings, what makes its value of a property's text."""


def apply_property(settings: Settings, key: str, value: str) -> Settings:
    """The settings with one property applied.

    Args:
        settings: before.
        key: of the property.
        value: as written.

    Raises:
        BadValue: the property cannot have that value.
    """
    name = key.removeprefix(PREFIX)
    reader = _READERS.get(name)
    if reader is None:
        return settings
    changed: dict[str, Any] = {name: reader(value)}
    return replace(settings, **changed)


@lru_cache(maxsize=1024)
def _is_ours(key: str) -> bool:
    """Whether a property is meant for tangle: it begins so, or is one of ours but for a slip."""
    if key.startswith(PREFIX):
        return True
    if not key.startswith("ta"):
        return False
    import difflib

    return bool(difflib.get_close_matches(key, KNOWN, n=1, cutoff=0.87))


def _is_of_chunk(page: Page) -> bool:
    """Whether the text at the top of a page was a chunk's block, before Logseq saved the page."""
    first = next((fence for fence in page.fences if fence.block == 0), None)
    return first is not None and has_lost_bullet(page.data, page.blocks[0], first)


def _is_of_page(page: Page, index: int) -> bool:
    """Whether the properties of a block are the page's."""
    return page.blocks[index].kind == "pre" and not _is_of_chunk(page)


def book_of_page(page: Page) -> str | None:
    """The book that a page says it belongs to."""
    if not page.blocks or not _is_of_page(page, 0):
        return None
    values = (entry.value for entry in page.blocks[0].properties if entry.key == BOOK)
    return next((match[1] for match in map(_BOOK.fullmatch, values) if match), None)


def _values_hint(entry: Property) -> str:
    """The values that a property takes, with the one that may be meant."""
    words = KNOWN[entry.key]
    if entry.key == f"{PREFIX}device":
        return f"{device_meant(entry.value)} it takes {words}".lstrip()
    switches = words.split(" or ") if words in ("yes or no", "on or off") else ()
    asked = question(nearest(entry.value, switches, count=1), quoted=False)
    return f"{asked} it takes {words}".lstrip()


def solutions_in(page: Page) -> frozenset[int]:
    """The blocks that are solutions of exercises, and all below them; of a page, all of it."""
    found: set[int] = set()
    for index, block in enumerate(page.blocks):
        value = next((e.value for e in reversed(block.properties) if e.key == SOLUTION), "no")
        if value.lower() in _YES:
            if _is_of_page(page, index):
                return frozenset(range(len(page.blocks)))
            found.add(index)
        elif block.parent in found:
            found.add(index)
    return frozenset(found)


class PageSettings:
    """The settings that apply to each block of a page, and the problems found.

    A property holds for the chunks of its own block; on a page, a heading or a numbered section it
    holds for everything below too, except `tangle.name`.
    """

    def __init__(self, page: Page, sections: frozenset[int]) -> None:
        """Work out the settings of every block; `sections` are the indices of numbered blocks."""
        self._page = page
        self._faults: list[tuple[int, Problem]] = []
        inherited: list[Settings] = []
        own: list[Settings] = []
        base = Settings()
        for index, block in enumerate(page.blocks):
            above = inherited[block.parent] if block.parent >= 0 else base
            mine = above
            if block.properties and index not in page.templates:
                mine = self._with(above, block.properties, index)
            own.append(mine)
            of_page = _is_of_page(page, index)
            passes_on = block.heading > 0 or index in sections or of_page
            inherited.append(replace(mine, name=None) if passes_on else above)
            if of_page:
                base = inherited[-1]
        self._own = tuple(own)

    def __getitem__(self, block: int) -> Settings:
        """The settings for the chunks of a block."""
        return self._own[block]

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Return problems of unknown properties and invalid values."""
        return tuple(problem for _, problem in self._faults)

    @property
    def faults(self) -> tuple[tuple[int, Problem], ...]:
        """Return the problems, each with the block that has the property."""
        return tuple(self._faults)

    def _with(self, settings: Settings, properties: tuple[Property, ...], block: int) -> Settings:
        for entry in properties:
            if not _is_ours(entry.key):
                continue
            if entry.key not in KNOWN:
                self._faults.append((block, self._unknown(entry)))
                continue
            try:
                settings = self._applied(settings, entry, block)
            except BadValue:
                self._faults.append((block, self._bad_value(entry)))
        return settings

    def _applied(self, settings: Settings, entry: Property, block: int) -> Settings:
        if entry.key == SOLUTION:
            _switch(entry.value)
        if entry.key != BOOK:
            return apply_property(settings, entry.key, entry.value)
        if _is_of_page(self._page, block) and _BOOK.fullmatch(entry.value) is None:
            raise BadValue
        return settings

    def _unknown(self, entry: Property) -> Problem:
        names = [key.removeprefix(PREFIX) for key in KNOWN if key not in WRITTEN]
        word = re.sub(r"^ta\w+[-_/.]", "", entry.key)
        near = [f"{PREFIX}{name}" for name in nearest(word, names, count=1)]
        known = ", ".join(f"{PREFIX}{name}" for name in names)
        hint = question(near, quoted=False) or f"known are {known}"
        return self._problem(UNKNOWN_PROPERTY, entry, f"unknown property {entry.key}", hint)

    def _bad_value(self, entry: Property) -> Problem:
        message = f"{entry.key} cannot be {entry.value!r}"
        return self._problem(BAD_PROPERTY, entry, message, _values_hint(entry))

    def _problem(self, kind: ProblemKind, entry: Property, message: str, hint: str) -> Problem:
        return kind.at(Place(path=self._page.path, line=entry.line), message, hint=hint)
