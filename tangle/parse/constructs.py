"""What can stand at the start of a line, and how far each of it reaches.

One function a construct: it gets the offset of the construct's first character (white space before
it skipped) and says what it found, or None where the opener is only text. The order of the
alternatives in `OPENER` is Logseq's (logseq-spec.md 2).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal, NamedTuple

from .html import Html, environment_end, formula_end
from .lists import Line, ListReader, read_quote
from .source import WHITE, Source

Kind = Literal["properties", "directive", "drawer", "fence", "begin", "list", "quote", "raw"]

PROPERTY = rb"[^ \t\f\x1a\r\n:]{1,200}+::(?=[ \t\f\x1a\r\n]|\Z)"
"""A key and its colons; a longer word is no key, so that a long line is not read twice over."""
LIST = rb"(?:[+*]|\d++\.)" + WHITE
OPENER = PROPERTY + rb"|#\+|```|~~~|>|\$\$|<[?!A-Za-z]|\[:[A-Za-z]|\\[Bb]|:[^\s:]|" + LIST
"""What may open a construct; on a line that begins otherwise there is none."""

_PROPERTY_LINE = re.compile(
    WHITE
    + rb"*+([^ \t\f\x1a\r\n:]{1,200}+)::(?:"
    + WHITE
    + rb"++([^\r\n]*+)|(?=[\r\n]|\Z))(?:\r?\n)?"
)
_DRAWER = re.compile(rb":([^ \t\f\x1a\r\n:]++):\r?\n")
_PROPERTIES_DRAWER = re.compile(WHITE + rb"*+:properties:\r?\n", re.IGNORECASE)
_DRAWER_PROPERTY = re.compile(rb"[ \t\f]*+:([^:\r\n]++):[ \t]*+([^\r\n]*+)\r?\n")
_DIRECTIVE = re.compile(rb"#\+(?!begin_)([^:\r\n]++):[ \t\f\x1a]*+([^\r\n]*+)", re.IGNORECASE)
_DIRECTIVE_IN_RUN = re.compile(
    rb"[\r\n]*+" + WHITE + rb"*+" + _DIRECTIVE.pattern + rb"[\r\n]*+", re.IGNORECASE
)
_BEGIN = re.compile(rb"#\+begin_([^ \t\f\x1a\r\n]++)[ \t\f\x1a]*+([^\r\n]*+)\r?\n", re.IGNORECASE)


class Pair(NamedTuple):
    """A key and a value as they are written, and the line that they stand on."""

    key: bytes
    value: bytes
    start: int
    end: int


class Found(NamedTuple):
    """One construct.

    Attributes:
        start: where its line or the rest of its line begins, white space included.
        body: the lines between opener and closer.
        name: the word after `#+BEGIN_`, in lower case; the words after a fence.
    """

    kind: Kind
    start: int
    opener: int
    end: int
    body: tuple[int, int] = (0, 0)
    name: bytes = b""
    label: bytes = b""
    pairs: tuple[Pair, ...] = ()
    items: tuple[tuple[Line, ...], ...] = ()


class Constructs:
    """Recognises the constructs of one page.

    Attributes:
        unclosed: offsets of fences that no later line closes.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._html = Html(source)
        self._lists = ListReader(source)
        self.unclosed: list[int] = []
        self._no_drawer_before = -1
        self._by_byte: dict[int, Callable[[int, int], Found | None]] = {
            **dict.fromkeys(b"`~", self._fence),
            **dict.fromkeys(b"<[$\\", self._raw),
            **dict.fromkeys(b"*+0123456789", self._list),
            ord(">"): self._quote,
            ord("#"): self._hash,
            ord(":"): self._drawer,
        }

    def at(self, start: int, opener: int) -> Found | None:
        """The construct that opens at `opener`, its white space starting at `start`."""
        if (properties := self._properties(start, opener)) is not None:
            return properties
        recognise = self._by_byte.get(self._source.data[opener])
        return recognise(start, opener) if recognise is not None else None

    def _properties(self, start: int, opener: int) -> Found | None:
        """A run of `key:: value` lines.

        A `:PROPERTIES:` drawer and `#+KEY:` lines right after it belong to the run.
        """
        data, end = self._source.data, opener
        pairs: list[Pair] = []
        while True:
            if (match := _PROPERTY_LINE.match(data, end)) is not None:
                pairs.append(Pair(match[1], match[2] or b"", end, match.end()))
                end = match.end()
            elif (drawer := self._properties_drawer(end)) is not None:
                pairs += drawer[0]
                end = drawer[1]
            elif pairs and (match := _DIRECTIVE_IN_RUN.match(data, end)) is not None:
                pairs.append(Pair(match[1], match[2], end, match.end()))
                end = match.end()
            else:
                break
        if end == opener:
            return None
        return Found("properties", start, opener, end, pairs=tuple(pairs))

    def _properties_drawer(self, start: int) -> tuple[list[Pair], int] | None:
        data = self._source.data
        opener = _PROPERTIES_DRAWER.match(data, start)
        if opener is None or start < self._no_drawer_before:
            return None
        pairs: list[Pair] = []
        position = opener.end()
        while (match := _DRAWER_PROPERTY.match(data, position)) is not None:
            if match[1].upper() == b"END" and not match[2].strip():
                return pairs, match.end()
            pairs.append(Pair(match[1], match[2], position, match.end()))
            position = match.end()
        self._no_drawer_before = position  # from any line up to here, reading ends here too
        return None

    def _drawer(self, start: int, opener: int) -> Found | None:
        match = _DRAWER.match(self._source.data, opener)
        if match is None:
            return None
        closer = self._source.drawer_closer(match.end())
        if closer < 0 or self._source.void(opener, closer):
            return None
        return Found("drawer", start, opener, self._source.next_line(closer))

    def _fence(self, start: int, opener: int) -> Found | None:
        source = self._source
        body = source.next_line(opener)
        closer = source.fence_closer(body)
        if closer < 0 or source.void(opener, closer):
            self.unclosed.append(opener)
            return None
        label = source.data[opener + 3 : body].strip(b"\r\n").lstrip(b" \t\f\x1a")
        end = source.next_line(closer)
        return Found("fence", start, opener, end, body=(body, closer), label=label)

    def _hash(self, start: int, opener: int) -> Found | None:
        match = _DIRECTIVE.match(self._source.data, opener)
        if match is None:
            return self._begin(start, opener)
        pair = Pair(match[1], match[2], opener, match.end())
        end = self._source.next_line(match.end())
        return Found("directive", start, opener, end, pairs=(pair,))

    def _begin(self, start: int, opener: int) -> Found | None:
        source = self._source
        match = _BEGIN.match(source.data, opener)
        if match is None:
            return None
        closer = source.begin_closer(match[1], match.end())
        if closer < 0 or source.void(opener, closer):
            return None
        return Found(
            "begin",
            start,
            opener,
            source.next_line(closer),
            body=(match.end(), closer),
            name=match[1].lower(),
            label=match[2],
        )

    def _list(self, start: int, opener: int) -> Found | None:
        found = self._lists.read(start)
        if found is None:
            return None
        items = tuple(tuple(item) for item in found[1])
        return Found("list", start, opener, found[0], items=items)

    def _quote(self, start: int, opener: int) -> Found | None:
        found = read_quote(self._source, opener)
        if found is None:
            return None
        return Found("quote", start, opener, found[0], items=(tuple(found[1]),))

    def _raw(self, start: int, opener: int) -> Found | None:
        match self._source.data[opener : opener + 1]:
            case b"$":
                end = formula_end(self._source, opener)
            case b"\\":
                end = environment_end(self._source, opener)
            case b"[":
                end = self._html.hiccup_end(opener)
            case _:
                end = self._html.markup_end(opener)
        return None if end < 0 else Found("raw", start, opener, end)
