"""Recognise constructs at the start of a line, and find their ends.

One function a construct: it gets the offset of the construct's first character (white space before
it skipped) and says what it found, or None where the opener is only text. The order of the
alternatives in `OPENER` is Logseq's (logseq-spec.md 2).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import ClassVar, Literal, NamedTuple

from .html import Html, environment_end, formula_end
from .lists import Line, ListReader, read_quote
from .source import WHITE, Source

Kind = Literal[
    "properties", "directive", "drawer", "fence", "begin", "list", "quote", "raw", "text"
]

PROPERTY = rb"[^ \t\f\x1a\r\n:]{1,200}+::(?= |" + WHITE + rb"*+(?:[\r\n]|\Z))"
"""A key and its colons; a longer word is no key, so that a long line is not read twice over.

A blank stands behind the colons, or nothing: behind a tab Logseq sees text.
"""
LIST = rb"(?:[+*]|\d++\.)" + WHITE
OPENER = PROPERTY + rb"|#\+|```|~~~|>|\$\$|<[?!A-Za-z]|\[:[A-Za-z]|\[\^|\\[Bb]|:[^:\r\n]|" + LIST
"""What may open a construct; on a line that begins otherwise there is none."""

_PROPERTY_LINE = re.compile(
    WHITE
    + rb"*+([^ \t\f\x1a\r\n:]{1,200}+)::(?: "
    + WHITE
    + rb"*+([^\r\n]*+)|"
    + WHITE
    + rb"*+(?=[\r\n]|\Z))(?:\r?\n)?"
)
_DRAWER = re.compile(rb":([^ \t\f\x1a\r\n:]++):\r?\n")
_PROPERTIES_DRAWER = re.compile(WHITE + rb"*+:properties:\r?\n", re.IGNORECASE)
_DRAWER_PROPERTY = re.compile(rb"[ \t\f]*+:([^: \t\f\x1a\r\n]++):[ \t]*+([^\r\n]*+)(?:\r?\n|\Z)")
_DIRECTIVE = re.compile(rb"#\+(?!begin_)([^:\r\n]++):[ \t\f\x1a]*+([^\r\n]*+)", re.IGNORECASE)
_DIRECTIVE_IN_RUN = re.compile(
    rb"[\r\n]*+" + WHITE + rb"*+" + _DIRECTIVE.pattern + rb"[\r\n]*+", re.IGNORECASE
)
_BEGIN = re.compile(rb"#\+begin_([^ \t\f\x1a\r\n]++)[ \t\f\x1a]*+([^\r\n]*+)\r?\n", re.IGNORECASE)
_FOOTNOTE = re.compile(rb"\[\^[^\s\]]++\]:" + WHITE + rb"++")
_NOTE_LINE = re.compile(WHITE + rb"*+[^ \t\f\x1a\r\n\-*#\[][^\r\n]++(?:\r?\n|\Z)")
_DEFINITION = re.compile(WHITE + rb"*+:" + WHITE + rb"++")
_DEFINITION_LINE = re.compile(WHITE + rb"*+[^ \t\f\x1a\r\n:#][^\r\n]++(?:\r?\n|\Z)")
_TERM = re.compile(
    rb"(?:```|~~~|\$\$|#\+begin_)[^\n]*+\n" + _DEFINITION.pattern + rb"[^ \t\f\x1a\r\n:#]",
    re.IGNORECASE,
)
_TABLE_ROW = re.compile(WHITE + rb"*+\|[^\r\n]*\|" + WHITE + rb"*+\r?\n")
_BLANK = b" \t\f\x1a\r\n"


class Pair(NamedTuple):
    """A key and a value as they are written, and the line that they stand on."""

    key: bytes
    value: bytes
    start: int
    end: int


class Found(NamedTuple):
    """One construct.

    Attributes:
        kind: `raw` is shown as it is, `text` is read as text (a footnote, definitions).
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
        limit: where lists and quotes end at the latest.
        in_item: whether the text is that of a list's item, in which no list, footnote or `#+KEY:`
            opens.
        text_from: where the text begins that stands before the next candidate.
    """

    def __init__(self, source: Source, *, in_item: bool = False) -> None:
        self._source = source
        self.in_item = in_item
        self._html = Html(source)
        self._lists = ListReader(source)
        self.unclosed: list[int] = []
        self.text_from = 0
        self.limit = len(source.data)
        self._no_drawer_before = -1

    def at(self, start: int, opener: int) -> Found | None:
        """The construct that opens at `opener`, its white space starting at `start`."""
        found = self._properties(start, opener)
        if found is None:
            recognise = self._by_byte.get(self._source.data[opener])
            found = recognise(self, start, opener) if recognise is not None else None
        if found is not None:
            self.text_from = found.end
        return found

    def is_term(self, opener: int, end: int) -> bool:
        """Whether a construct within another is only a term, as its next line defines it."""
        return not self.in_item and _TERM.match(self._source.data, opener, end) is not None

    def _properties(self, start: int, opener: int) -> Found | None:
        """A run of `key:: value` lines.

        A `:PROPERTIES:` drawer and `#+KEY:` lines right after it belong to the run.
        """
        data, end = self._source.data, opener
        pairs: list[Pair] = []
        match = self._property(opener)
        if match is None and data[opener] != 0x3A:  # nor is it a drawer
            return None
        while True:
            if match is not None:
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
            match = self._property(end)
        if end == opener:
            return None
        return Found("properties", start, opener, end, pairs=tuple(pairs))

    def _property(self, start: int) -> re.Match[bytes] | None:
        """A property line, which no lone carriage return ends."""
        match = _PROPERTY_LINE.match(self._source.data, start)
        return None if match is not None and self._source.void(start, match.end()) else match

    def _properties_drawer(self, start: int) -> tuple[list[Pair], int] | None:
        data = self._source.data
        opener = _PROPERTIES_DRAWER.match(data, start)
        if opener is None or start < self._no_drawer_before:
            return None
        if self._source.void(start, opener.end()):
            return None
        pairs: list[Pair] = []
        position = opener.end()
        while (match := _DRAWER_PROPERTY.match(data, position)) is not None:
            if self._source.void(position, match.end()):
                break
            if match[1].upper() == b"END" and not match[2].strip():
                return pairs, match.end()
            pairs.append(Pair(match[1], match[2], position, match.end()))
            position = match.end()
        self._no_drawer_before = position  # from any line up to here, reading ends here too
        return None

    def _drawer(self, start: int, opener: int) -> Found | None:
        match = _DRAWER.match(self._source.data, opener)
        if match is None:
            return self._definitions(start, opener)
        closer = self._source.drawer_closer(match.end())
        if closer < 0 or self._source.void(opener, closer):
            return None
        return Found("drawer", start, opener, self._source.next_line(closer))

    def _definitions(self, start: int, opener: int) -> Found | None:
        """`: ` lines below a line of text, the term, with the lines that go on from each."""
        data = self._source.data
        term = data.rfind(b"\n", 0, start - 1) + 1
        if term < self.text_from or data[start - 1 : start] != b"\n":
            return None
        if not data[term:start].strip(_BLANK) or _TABLE_ROW.match(data, term):
            return None
        end = opener
        while (match := _DEFINITION.match(data, end)) is not None:
            after = self._lines(_DEFINITION_LINE, match.end())
            if after == match.end():
                break
            end = after
        return Found("text", start, opener, end) if end > opener else None

    def _footnote(self, start: int, opener: int) -> Found | None:
        """`[^1]: ` and the lines that follow."""
        match = None if self.in_item else _FOOTNOTE.match(self._source.data, opener)
        end = self._lines(_NOTE_LINE, match.end()) if match is not None else -1
        if match is None or end == match.end():
            return None
        return Found("text", start, opener, end)

    def _lines(self, line: re.Pattern[bytes], position: int) -> int:
        """The end of the lines of one form from an offset on; a lone carriage return ends none."""
        while (match := line.match(self._source.data, position)) is not None:
            if self._source.void(position, match.end()):
                break
            position = match.end()
        return position

    def _fence(self, start: int, opener: int) -> Found | None:
        source = self._source
        if not source.data.startswith((b"```", b"~~~"), opener):  # a key that is none after all
            return None
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
        if match is None or self.in_item:
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
        found = None if self.in_item else self._lists.read(start, self.limit)
        if found is None:
            return None
        items = tuple(tuple(item) for item in found[1])
        return Found("list", start, opener, found[0], items=items)

    def _quote(self, start: int, opener: int) -> Found | None:
        found = read_quote(self._source, opener, self.limit)
        if found is None:
            return None
        return Found("quote", start, opener, found[0], items=(tuple(found[1]),))

    def _raw(self, start: int, opener: int) -> Found | None:
        match self._source.data[opener : opener + 1]:
            case b"$":
                is_formula = self._source.data.startswith(b"$$", opener)
                end = formula_end(self._source, opener) if is_formula else -1
            case b"\\":
                end = environment_end(self._source, opener)
            case b"[" if self._source.data.startswith(b"[^", opener):
                return self._footnote(start, opener)
            case b"[":
                end = self._html.hiccup_end(opener)
            case _:
                end = self._html.markup_end(opener)
        return None if end < 0 else Found("raw", start, opener, end)

    _by_byte: ClassVar[dict[int, Callable[[Constructs, int, int], Found | None]]] = {
        **dict.fromkeys(b"`~", _fence),
        **dict.fromkeys(b"<[$\\", _raw),
        **dict.fromkeys(b"*+0123456789", _list),
        ord(">"): _quote,
        ord("#"): _hash,
        ord(":"): _drawer,
    }
