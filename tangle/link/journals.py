"""Journal pages: recognise names that are dates, and format their titles."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import cache
from typing import Final

DEFAULT_FORMAT: Final = "MMM do, yyyy"

_ALWAYS_READ: Final = (DEFAULT_FORMAT, "yyyy-MM-dd", "yyyy_MM_dd")
"""Formats in which a name is a date whatever the configuration says."""

_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_SHORT: Final = 3

_TOKEN: Final = re.compile(r"yyyy|yy|MMMM|MMM|MM|M|do|dd|d|EEEE|EEE|EE|E")


def _either(names: Sequence[str], length: int | None = None) -> str:
    return "|".join(name[:length] for name in names)


_READ: Final[Mapping[str, str]] = {
    "yyyy": r"(?P<year>[0-9]{4})",
    "yy": r"(?P<short_year>[0-9]{2})",
    "MMMM": rf"(?P<month_name>{_either(_MONTHS)})",
    "MMM": rf"(?P<month_name>{_either(_MONTHS, _SHORT)})",
    "MM": r"(?P<month>[0-9]{2})",
    "M": r"(?P<month>[0-9]{1,2})",
    "do": r"(?P<day>[0-9]{1,2})(?:st|nd|rd|th)",
    "dd": r"(?P<day>[0-9]{2})",
    "d": r"(?P<day>[0-9]{1,2})",
    "EEEE": f"(?:{_either(_DAYS)})",
} | dict.fromkeys(("EEE", "EE", "E"), f"(?:{_either(_DAYS, _SHORT)})")
"""How each token of a format is read."""

_WRITE: Final[Mapping[str, Callable[[date], str]]] = {
    "yyyy": lambda day: f"{day.year:04}",
    "yy": lambda day: f"{day.year % 100:02}",
    "MMMM": lambda day: _MONTHS[day.month - 1],
    "MMM": lambda day: _MONTHS[day.month - 1][:_SHORT],
    "MM": lambda day: f"{day.month:02}",
    "M": lambda day: str(day.month),
    "do": lambda day: f"{day.day}{_ordinal(day.day)}",
    "dd": lambda day: f"{day.day:02}",
    "d": lambda day: str(day.day),
    "EEEE": lambda day: _DAYS[day.weekday()],
} | dict.fromkeys(("EEE", "EE", "E"), lambda day: _DAYS[day.weekday()][:_SHORT])
"""How each token of a format is written."""


def journal_day(name: str, title_format: str = DEFAULT_FORMAT) -> date | None:
    """Return the day that a page's name denotes; None if it is not a date.

    Source: logseq-spec.md section 1: such a page is a journal in any folder.

    Args:
        name: of the page.
        title_format: `:journal/page-title-format`.
    """
    if not any("0" <= character <= "9" for character in name):
        return None
    for layout in dict.fromkeys((title_format, *_ALWAYS_READ)):
        reader = _reader(layout)
        match = reader.fullmatch(name) if reader is not None else None
        if match is not None and (day := _day(match.groupdict())) is not None:
            return day
    return None


def journal_title(day: date, title_format: str = DEFAULT_FORMAT) -> str:
    """Return the title of a journal page: `Jul 1st, 2023`.

    Args:
        day: of the page.
        title_format: `:journal/page-title-format`.
    """
    return _TOKEN.sub(lambda token: _WRITE[token[0]](day), title_format)


@cache
def _reader(layout: str) -> re.Pattern[str] | None:
    """What matches a date in a format; None where the format does not say which day."""
    parts: list[str] = []
    at = 0
    for token in _TOKEN.finditer(layout):
        parts += [re.escape(layout[at : token.start()]), _READ[token[0]]]
        at = token.end()
    parts.append(re.escape(layout[at:]))
    try:
        reader = re.compile("".join(parts), re.ASCII | re.IGNORECASE)
    except re.error:  # a field that stands twice in the format
        return None
    groups = "".join(reader.groupindex)
    return reader if all(field in groups for field in ("year", "month", "day")) else None


def _day(fields: Mapping[str, str]) -> date | None:
    named = fields.get("month_name")
    short = [month[:_SHORT].lower() for month in _MONTHS]
    month = short.index(named[:_SHORT].lower()) + 1 if named else int(fields["month"])
    year = int(fields["year"]) if "year" in fields else 2000 + int(fields["short_year"])
    try:
        return date(year, month, int(fields["day"]))
    except ValueError:  # a thirteenth month, a thirtieth of February
        return None


def _ordinal(day: int) -> str:
    if day // 10 == 1:
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
