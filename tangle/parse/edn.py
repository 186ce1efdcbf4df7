"""Read EDN with the place of each form, so that a configuration can be edited by span.

Follows Clojure's own reader where Logseq depends on it: what that reader refuses, this one does.
The text is never written back from the forms.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, Literal

from msgspec import Struct, field

EdnKind = Literal["map", "set", "vector", "list", "string", "keyword", "atom", "tagged"]

# White space is JavaScript's: Logseq's reader asks a regular expression.
_BLANK: Final = (
    ",\\t\\n\\v\\f\\r \\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff"
)
_SKIPPED: Final = re.compile(f"(?:[{_BLANK}]|;[^\\n]*)+")
_TOKEN: Final = re.compile(f'[^{_BLANK};"(){{}}\\[\\]\\\\^]+')
_ESCAPE: Final = r'\\(?:[trn\\"bf]|u[0-9a-fA-F]{4}|[0-7]{1,3})'
_STRING: Final = re.compile(f'"[^"\\\\]*(?:{_ESCAPE}[^"\\\\]*)*"')
_CHARACTER: Final = re.compile(f'\\\\[^\\n][^{_BLANK};"(){{}}\\[\\]\\\\^]*')
_NUMBER: Final = re.compile(
    r"[+-]?(?:0[xX][0-9a-fA-F]+|[0-9]+/0*[1-9][0-9]*|[0-9]+[rR][0-9a-zA-Z]+"
    r"|[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?)[NM]?"
)
_NUMERIC: Final = re.compile(r"[+-]?[0-9]")
_CONTROLS: Final = {"t": "\t", "r": "\r", "n": "\n", "b": "\b", "f": "\f"}
_DATE: Final = r"\d{4}(?:-\d\d(?:-\d\d(?:T[\d:.]+(?:Z|[-+]\d\d:\d\d)?)?)?)?"
_UUID: Final = "-".join(f"[0-9a-fA-F]{{{count}}}" for count in (8, 4, 4, 4, 12))
_TAGGED: Final = {
    "#inst": re.compile(f'"{_DATE}"'),
    "#uuid": re.compile(f'"{_UUID}"'),
    "#queue": re.compile(""),
    "#js": re.compile(""),
}
"""ClojureScript's tags, and the form of the string that stands behind each, if one does."""

_OPENERS: Final[dict[str, tuple[EdnKind, str]]] = {
    "{": ("map", "}"),
    "#{": ("set", "}"),
    "[": ("vector", "]"),
    "(": ("list", ")"),
}
_CLOSERS: Final = frozenset(")]}")
_LEAVES: Final[dict[str, EdnKind]] = {'"': "string", ":": "keyword"}


class BadEdn(ValueError):
    """The text is not EDN.

    Attributes:
        line: where it stops being EDN, from 1.
        reason: what is wrong there.
    """

    def __init__(self, text: str, offset: int, reason: str) -> None:
        """Say what is wrong at an offset of a text."""
        self.line = text.count("\n", 0, offset) + 1
        self.reason = reason
        super().__init__(f"line {self.line}: {reason}")


class EdnForm(Struct, frozen=True, kw_only=True):
    """One form, with its place in the text.

    Attributes:
        kind: `atom` is a number, symbol, character, `nil`, `true` or `false`.
        start, end: offsets in characters, `end` exclusive, delimiters included.
        text: of a form without parts, as it is written.
        items: what stands in a collection, without comments and discarded forms; of a map, keys
            and values in turn; of a tagged form, the form behind the tag.
    """

    kind: EdnKind
    start: int
    end: int
    text: str = ""
    items: tuple[EdnForm, ...] = ()

    @property
    def value(self) -> str:
        """The text of a string without quotes and escapes; of a keyword, without its colon."""
        if self.kind != "string":
            return self.text.removeprefix(":")
        return re.sub(_ESCAPE, _unescaped, self.text[1:-1])

    def entries(self) -> Iterator[tuple[EdnForm, EdnForm]]:
        """Yield the keys and values of a map."""
        return zip(self.items[::2], self.items[1::2], strict=True)


def _unescaped(match: re.Match[str]) -> str:
    mark = match[0][1:]
    if mark[0] == "u":
        return chr(int(mark[1:], 16))
    return chr(int(mark, 8)) if mark.isdigit() else _CONTROLS.get(mark, mark)


def read_edn(text: str) -> EdnForm | None:
    """Return the first form of a text, as Logseq reads no more; None where there is none.

    Args:
        text: such as the content of a `config.edn`.

    Raises:
        BadEdn: what Clojure's reader would refuse.
    """
    return _Reader(text).first()


class _Open(Struct):
    """A collection whose end has not been reached, or the text itself.

    Attributes:
        prefixes: what waits for the next form: `#_`, `^` or a tag, with its offset.
    """

    kind: EdnKind
    start: int
    closer: str
    items: list[EdnForm] = field(default_factory=list)
    prefixes: list[tuple[str, int]] = field(default_factory=list)


class _Reader:
    """Reads without recursion, so that no depth is too deep."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._open = [_Open("list", 0, "")]

    def first(self) -> EdnForm | None:
        while self._skip():
            self._step()
            if len(self._open) == 1 and self._open[0].items:
                return self._open[0].items[0]
        inner = self._open[-1]
        if len(self._open) > 1:
            raise self._error(f"no {inner.closer!r} closes what begins here", inner.start)
        if inner.prefixes:
            raise self._error("nothing follows", inner.prefixes[-1][1])
        return None

    def _skip(self) -> bool:
        if (blank := _SKIPPED.match(self._text, self._at)) is not None:
            self._at = blank.end()
        return self._at < len(self._text)

    def _step(self) -> None:
        """Read one delimiter, prefix or form that has no parts."""
        mark = self._text[self._at]
        opener = self._text[self._at : self._at + 2] if mark == "#" else mark
        if opener in _OPENERS:
            kind, closer = _OPENERS[opener]
            self._open.append(_Open(kind, self._at, closer))
            self._at += len(opener)
        elif mark in _CLOSERS:
            self._close(mark)
        elif opener == "#_" or mark == "^":
            self._prefix(opener)
        elif mark == "#" and opener != "##":
            self._prefix(self._tag())
        else:
            self._leaf(mark)

    def _close(self, mark: str) -> None:
        inner = self._open[-1]
        if mark != inner.closer:
            raise self._error(f"{mark!r} closes nothing", self._at)
        if inner.prefixes:
            raise self._error("nothing follows", inner.prefixes[-1][1])
        self._at += 1
        self._open.pop()
        self._check(inner)
        items = tuple(inner.items)
        self._add(EdnForm(kind=inner.kind, start=inner.start, end=self._at, items=items))

    def _check(self, inner: _Open) -> None:
        """See that a map has a value for each key, and that no key or element stands twice."""
        if inner.kind == "map" and len(inner.items) % 2:
            raise self._error("a key of this map has no value", inner.start)
        if inner.kind not in ("map", "set"):
            return
        seen: set[str] = set()
        for item in inner.items[:: 2 if inner.kind == "map" else 1]:
            if item.kind in ("keyword", "string", "atom"):
                if item.text in seen:
                    raise self._error(f"{item.text} stands here a second time", item.start)
                seen.add(item.text)

    def _prefix(self, mark: str) -> None:
        self._open[-1].prefixes.append((mark, self._at))
        self._at += len(mark)

    def _tag(self) -> str:
        found = _TOKEN.match(self._text, self._at + 1)
        tag = "#" + (found[0] if found else "")
        if tag not in _TAGGED and not tag.startswith("#:"):
            raise self._error(f"{tag} is no tag of EDN's", self._at)
        return tag

    def _leaf(self, mark: str) -> None:
        start = self._at
        pattern = {'"': _STRING, "\\": _CHARACTER}.get(mark, _TOKEN)
        found = pattern.match(self._text, start)
        if found is None:
            raise self._error("this string has no end, or an unknown escape", start)
        self._at = found.end()
        kind = _LEAVES.get(mark, "atom")
        if kind == "keyword" and (found[0] == ":" or found[0].endswith((":", "/"))):
            raise self._error(f"{found[0]} is no keyword", start)
        if _NUMERIC.match(found[0]) and not _NUMBER.fullmatch(found[0]):
            raise self._error(f"{found[0]} is no number", start)
        self._add(EdnForm(kind=kind, start=start, end=self._at, text=found[0]))

    def _add(self, form: EdnForm) -> None:
        """Add a form to what is open, unless a prefix discards it."""
        inner = self._open[-1]
        while inner.prefixes:
            prefix, start = inner.prefixes.pop()
            if prefix in ("#_", "^"):
                return
            pattern = _TAGGED.get(prefix)
            if not (form.kind == "map" if pattern is None else pattern.fullmatch(form.text)):
                raise self._error(f"this cannot stand behind {prefix}", form.start)
            form = EdnForm(kind="tagged", start=start, end=form.end, items=(form,))
        inner.items.append(form)

    def _error(self, reason: str, offset: int) -> BadEdn:
        return BadEdn(self._text, offset, reason)
