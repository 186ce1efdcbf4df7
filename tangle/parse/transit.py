"""Read transit-json, the format in which Logseq's database graphs store their values."""

from __future__ import annotations

import json
from typing import Any, Final

from tangle.errors import TangleError

_BASE: Final = 44
_FIRST: Final = 48
_LONGEST_CODE: Final = 3
"""Strings that are no longer are not cached."""


class BadTransit(TangleError):
    """A text is not transit-json."""


class Keyword(str):
    """A keyword, without its colon."""

    __slots__ = ()


def read_transit(text: str) -> Any:
    """Return a document: maps as dictionaries, keywords as `Keyword`, UUIDs as text.

    Raises:
        BadTransit: it is not one.
    """
    try:
        return _Reader().value(json.loads(text))
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise BadTransit(f"not transit-json: {error}") from error


class _Reader:
    """Reads one document; strings that repeat stand for their first use."""

    def __init__(self) -> None:
        self._cache: list[Any] = []

    def value(self, found: Any, *, key: bool = False) -> Any:
        if isinstance(found, str):
            return self._text(found, key=key)
        if not isinstance(found, list):
            return found
        if found and found[0] == "^ ":
            return self._map(found[1:])
        if len(found) == 2 and isinstance(found[0], str):
            tag = self._tag(found[0])
            if tag is not None:
                return self._tagged(tag, self.value(found[1]))
        return [self.value(one) for one in found]

    def _map(self, parts: list[Any]) -> dict[Any, Any]:
        pairs = zip(parts[::2], parts[1::2], strict=True)
        found: dict[Any, Any] = {}
        for name, value in pairs:
            read = self.value(name, key=True)
            found[tuple(read) if isinstance(read, list) else read] = self.value(value)
        return found

    def _tag(self, text: str) -> str | None:
        """The name of a tag; None if a text is none, and then it was not read."""
        if text.startswith("~#"):
            return str(self._cached(text, text[2:]))
        if text.startswith("^") and len(text) > 1:
            found = self._cache[_code(text)] if _code(text) < len(self._cache) else None
            return str(found) if isinstance(found, _Tag) else None
        return None

    def _tagged(self, tag: str, value: Any) -> Any:
        if tag == "cmap":
            pairs = zip(value[::2], value[1::2], strict=True)
            return {tuple(k) if isinstance(k, list) else k: v for k, v in pairs}
        return value

    def _text(self, text: str, *, key: bool) -> Any:
        if text.startswith("^") and len(text) > 1:
            return self._cache[_code(text)]
        if not text.startswith("~"):
            value: Any = text
        elif text[1:2] in (":", "$"):
            value = Keyword(text[2:])
        elif text[1:2] in ("~", "^", "`"):
            value = text[1:]
        else:
            value = _scalar(text[1:2], text[2:])
        return self._cached(text, value) if key or isinstance(value, Keyword) else value

    def _cached(self, text: str, value: Any) -> Any:
        if len(text) > _LONGEST_CODE:
            if len(self._cache) >= _BASE * _BASE:
                self._cache.clear()
            self._cache.append(_Tag(value) if text.startswith("~#") else value)
        return value


class _Tag(str):
    """The name of a tag in the cache."""

    __slots__ = ()


def _code(text: str) -> int:
    """The place in the cache that `^...` stands for."""
    digits = [ord(char) - _FIRST for char in text[1:]]
    return digits[0] if len(digits) == 1 else digits[0] * _BASE + digits[1]


def _scalar(kind: str, rest: str) -> Any:
    if kind in ("i", "n", "m"):
        return int(rest)
    if kind in ("d", "f"):
        return float(rest)
    if kind == "?":
        return rest == "t"
    if kind == "_":
        return None
    return rest
