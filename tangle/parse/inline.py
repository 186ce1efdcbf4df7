r"""References in a stretch of text, by the rules of Logseq's inline grammar.

Logseq reads text from its start, element by element: `((id))` counts only where an element begins.
So it does not count behind a letter or a quotation mark, and not within code, a formula, emphasis,
a tag, an address or the name of a page (logseq-spec.md 5).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import ClassVar, NamedTuple

from tangle.model import ReferenceKind

from .emphasis import BORDER, CODE, EmphasisReader
from .html import Html
from .links import (
    NAME,
    REACH,
    address_at,
    data_image_end,
    id_in,
    link_at,
    macro_at,
    name_end,
    nested_name_end,
    reference_in,
)
from .source import Source

_DEPTH = 40
"""How deep emphasis is followed into emphasis."""
_S = rb"[ \t\f\x1a]"
_PLAIN = re.compile(rb"[^\\_^\[*~`=$# \t\n\r\f]++|[ \t\f\x1a]++|\\[!-/:-@\[-`{-~]|(?s:.)")
_HARD_BREAK = re.compile(_S + rb"{2,}+\r?\n")
_REFERENCE = re.compile(rb"\(\(([^)]++)\)\)")
_TAG = re.compile(rb"#(?:" + NAME + rb"|[^ \t\f\x1a\r\n,!?'\":#.;]|[.;]++(?=[^ \t\f\x1a\r\n]))+")
_FORMULA = re.compile(rb"\$(?:\$[^$\r\n]*+\$\$|[^ $](?:[^$\r\n]*[^$\r\n (\[{])?\$)")
_LATEX = re.compile(rb"\\(?:\[(?s:.*?)\\\]|\((?s:.*?)\\\))")
_ENTITY = re.compile(rb"\\[A-Za-z]++(?:\{\})?")
_SCRIPT = re.compile(rb"[_^]\{[^}\r\n]++\}")
_FOOTNOTE = re.compile(rb"\[\^[^\] \t\f\x1a\r\n]++\]")
_COOKIE = re.compile(rb"\[(?:\d++/\d|\d++%)[\d/%]*+\]")
_SNIPPET = re.compile(rb"@@[^: \t\f\x1a\r\n]++: [^@\r\n]++@@")
_QUICK = re.compile(rb"<([A-Za-z0-9]++):(?://|(?!//))([^> \t\f\x1a\r\n]++)>")
_EMAIL = re.compile(rb"<[^<>@, \r\n\t]++@[^<>@, \r\n\t'\"]++>?")


def _date(opener: bytes, closer: bytes) -> bytes:
    word = rb"[^" + closer + rb" \t\f\x1a]"
    number = rb"[+-]?\d[\d_]*+"
    date = number + b"-" + number + b"-" + number + word + b"*+"
    return opener + date + _S + rb"[A-Za-z]++(?:" + _S + word + rb"++){0,2}" + closer


_NAMED = rb"(?:(?i:scheduled:|deadline:)|[Cc](?:LOS(?i:ed:)|LOC(?i:k:)))" + _S + rb"++"
_STAMP = rb"(?:" + _NAMED + rb")?(?:" + _date(rb"<", rb">") + rb"|" + _date(rb"\[", rb"\]") + rb")"
_TIMESTAMP = re.compile(
    rb"(?:[A-Za-z]++:)?" + _S + rb"*+" + _STAMP + rb"--" + _S + rb"*+" + _STAMP + rb"|" + _STAMP
)


class Hit(NamedTuple):
    """A reference to a block in a text."""

    start: int
    end: int
    kind: ReferenceKind
    target: bytes


class Embed(NamedTuple):
    """A page that is shown in a text, and where its name stands."""

    start: int
    name: tuple[int, int]


class InlineReader:
    """Reads one text.

    Attributes:
        hits: the references to blocks that it has.
        embeds: the pages that it shows.
        is_date: whether its first or second element is a date: then Logseq takes the paragraph for
            one that says when, and no reference in it counts.
    """

    def __init__(self, data: bytes, *, in_value: bool = False) -> None:
        self._data = data
        self._end = len(data)
        self._in_value = in_value
        self._emphasis = EmphasisReader(data)
        self._html: Html | None = None
        self._last = 0x20
        self._dates: set[int] = set()
        self.hits: list[Hit] = []
        self.embeds: list[Embed] = []
        self.is_date = False

    def read(self) -> None:
        """Read the text from its start to its end."""
        data, position, elements, was_plain = self._data, 0, 0, False
        while position < self._end:
            recognise = self._by_byte.get(data[position], InlineReader._address)
            after = recognise(self, position)
            is_plain = after < 0
            elements += not (is_plain and was_plain)
            if is_plain:
                after = self._plain(position)
            elif elements <= 2 and position in self._dates:
                self.is_date = True
            position, was_plain = after, is_plain

    def _plain(self, start: int) -> int:
        """Text that is nothing else."""
        match = _PLAIN.match(self._data, start)
        end = start + 1 if match is None else match.end()
        self._last = self._data[end - 1]
        return end

    def _match(self, pattern: re.Pattern[bytes], start: int) -> int:
        match = pattern.match(self._data, start, min(self._end, start + REACH))
        return -1 if match is None else match.end()

    def _limit(self, start: int, end: int | None = None) -> int:
        return min(self._end if end is None else end, start + REACH)

    def _hit(self, start: int, end: int, kind: ReferenceKind, target: bytes | None) -> int:
        if target is not None:
            self.hits.append(Hit(start, end, kind, target))
        return end

    def _address(self, start: int) -> int:
        found = address_at(self._data, start, self._limit(start))
        return -1 if found is None else self._hit(start, found.end, "ref", found.target)

    def _line_end(self, start: int) -> int:
        return start + 1

    def _space(self, start: int) -> int:
        return self._match(_HARD_BREAK, start)

    def _reference(self, start: int) -> int:
        end = self._match(_REFERENCE, start)
        return (
            end if end < 0 else self._hit(start, end, "ref", reference_in(self._data, start, end))
        )

    def _tag(self, start: int) -> int:
        end = self._match(_TAG, start)
        position = start
        while (position := self._data.find(b"[", position, max(end, start))) >= 0:
            after = self._link(position, end)
            position = after if after > 0 else position + 1
        return end

    def _macro(self, start: int) -> int:
        found = None if self._in_value else macro_at(self._data, start, self._limit(start))
        if found is None:
            return -1
        if found.name == b"embed" and found.argument is not None:
            first, last = found.argument
            self._hit(start, found.end, "embed", reference_in(self._data, first, last))
            if self._data.startswith(b"[[", first) and self._data[last - 2 : last] == b"]]":
                self.embeds.append(Embed(start, (first + 2, last - 2)))
        return found.end

    def _emphasised(self, start: int) -> int:
        end = self._marked(start, self._end, 0)
        return end if end >= 0 else self._script(start)

    def _underlined(self, start: int) -> int:
        """As emphasis, but `_` is none behind a letter."""
        return self._emphasised(start) if self._last in BORDER else self._script(start)

    def _script(self, start: int) -> int:
        return self._match(_SCRIPT, start)

    def _marked(self, start: int, end: int, depth: int) -> int:
        """Emphasis: what stands in it is read again, for links and for emphasis."""
        found = self._emphasis.at(start, end)
        if found is None:
            return -1
        if not self._in_value and depth < _DEPTH:
            for first, last in found.parts:
                self._part(first, last, depth + 1)
        return found.end

    def _part(self, start: int, end: int, depth: int) -> None:
        data, position = self._data, start
        while position < end:
            after = -1
            if data[position] == 0x5B:
                after = self._link(position, end)
            elif data[position] in _MARKS:
                after = self._marked(position, end, depth)
                if after < 0 and (script := _SCRIPT.match(data, position, end)) is not None:
                    after = script.end()
            if after < 0 and (plain := _PLAIN.match(data, position, end)) is not None:
                after = plain.end()
            position = max(after, position + 1)

    def _link(self, start: int, end: int | None = None) -> int:
        """The name of a page, or a link, in brackets."""
        data, limit = self._data, self._limit(start, end)
        if data.startswith(b"[[", start):
            if (after := nested_name_end(data, start, limit)) > 0:
                return after
            if (after := name_end(data, start, limit)) > 0:
                return self._hit(start, after, "ref", id_in(data, start + 2, after - 2))
        link = link_at(data, start, limit)
        return -1 if link is None else self._hit(start, link.end, "labelled", link.target)

    def _bracket(self, start: int) -> int:
        if (end := self._match(_FOOTNOTE, start)) > 0 or (end := self._link(start)) > 0:
            return end
        if (end := self._timestamp(start)) > 0 or (end := self._match(_COOKIE, start)) > 0:
            return end
        return self._html_at().hiccup_end(start)

    def _angle(self, start: int) -> int:
        quick = _QUICK.match(self._data, start, self._limit(start))
        if quick is not None:
            target = id_in(self._data, *quick.span(2)) if quick[1] == b"id" else None
            return self._hit(start, quick.end(), "ref", target)
        if (end := self._timestamp(start)) > 0 or (end := self._html_at().markup_end(start)) > 0:
            return end
        return self._match(_EMAIL, start)

    def _html_at(self) -> Html:
        if self._html is None:
            self._html = Html(Source(self._data))
        return self._html

    def _timestamp(self, start: int) -> int:
        end = self._match(_TIMESTAMP, start)
        if end > 0:
            self._dates.add(start)
        return end

    def _image(self, start: int) -> int:
        if not self._data.startswith(b"[", start + 1):
            return -1
        limit = self._limit(start)
        if (end := data_image_end(self._data, start + 1, limit)) > 0:
            return end
        link = link_at(self._data, start + 1, limit)
        return -1 if link is None else self._hit(start, link.end, "labelled", link.target)

    def _dollar(self, start: int) -> int:
        return self._match(_FORMULA, start)

    def _backslash(self, start: int) -> int:
        end = self._match(_LATEX, start)
        return end if end > 0 else self._match(_ENTITY, start)

    def _snippet(self, start: int) -> int:
        return self._match(_SNIPPET, start)

    def _code(self, start: int) -> int:
        return self._match(CODE, start)

    _by_byte: ClassVar[dict[int, Callable[[InlineReader, int], int]]] = {
        **dict.fromkeys(b"*~^=", _emphasised),
        **dict.fromkeys(b"SCDscd", _timestamp),
        ord("_"): _underlined,
        ord("\n"): _line_end,
        ord(" "): _space,
        ord("#"): _tag,
        ord("$"): _dollar,
        ord("\\"): _backslash,
        ord("["): _bracket,
        ord("<"): _angle,
        ord("{"): _macro,
        ord("!"): _image,
        ord("@"): _snippet,
        ord("`"): _code,
        ord("("): _reference,
    }


_MARKS = frozenset(b"*_~^=")
