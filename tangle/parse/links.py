"""Links, names of pages, macros and bare addresses in text: where they end, and what they mean."""

from __future__ import annotations

import re
from typing import NamedTuple

from .emphasis import CODE

NAME = rb"\[\[(?:\\[^\r\n]|[^\]\\\r\n]|\](?!\]))+\]\]"
"""The name of a page in its brackets."""
UUID = rb"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
REACH = 4_000
"""Bytes that a link, a macro or a formula may be long: a page full of openers is read fast."""

_S = rb"[ \t\f\x1a]"
_NAME = re.compile(NAME)
_ID = re.compile(UUID)
_ID_OR_REFERENCE = re.compile(rb"(\(\()?(" + UUID + rb")(?(1)\)\))")
_REFERENCE = re.compile(rb"\(\((" + UUID + rb")\)\)")
_LABEL_TEXT = re.compile(rb"(?:\\[\[\]]|\\[^\r\n`\[\]]|\\(?=[\r\n`])|\\\Z|[^\\\r\n`\[\]])+")
_IN_BRACKETS = re.compile(rb"(?:\\(?s:.)|\\\Z|[^\\\[\]])+")
_IN_PARENTHESES = re.compile(rb"(?:\\[^\r\n]|\\(?=[\r\n])|\\\Z|[^\\()\r\n])+")
_IN_ADDRESS = re.compile(rb"(?:[^ \t\f\x1a\r\n()\[\],;.!?]|[,;.!?](?=[^ \t\f\x1a\r\n]))+")
_METADATA = re.compile(rb"\{[^}\r\n]*+\}")
_DATA = re.compile(rb"data:[^)]++\)")
_TARGET = re.compile(
    rb"(?:\(\((?P<block>[^)]++)\)\)|(?P<page>"
    + NAME
    + rb")|<(?P<angle>(?:\\[<>]|\\(?![<>])|[^<>\\])+)>"
    rb"|(?!\(\([^)]++\)\)|<)(?P<other>[^ \t\f\x1a\r\n\[]++))"
    + _S
    + rb"*+(?:\"(?:\\(?s:.)|[^\"\\])+\")?"
)
_PROTOCOL = re.compile(rb"([^:]*+)://([^\n]*+)")
_ADDRESS = re.compile(rb"([A-Za-z0-9]++)://([^ \t\f\x1a/?#\[\]<>{}()\r\n]++)")
_MACRO = re.compile(rb"\{\{\{(?P<long>[^}\r\n]++)\}\}\}|\{\{(?P<text>[^}\r\n]++)\}\}")
_MACRO_SHORT = re.compile(rb"\{\{(?P<text>[^}\r\n]++)\}\}")
_MACRO_NAME = re.compile(rb"[^}( ]++")
_ARGUMENT = re.compile(NAME + rb"|\(\([^)]++\)\)|\"(?:\\(?s:.)|[^\"\\])+\"|[^,]++")
_SPACES = re.compile(_S + rb"*+")


class Link(NamedTuple):
    """A link that was found: where it ends, and the id of a block that it leads to."""

    end: int
    target: bytes | None


class Macro(NamedTuple):
    """A macro that was found: where it ends, its name, and where its first argument stands."""

    end: int
    name: bytes
    argument: tuple[int, int] | None


def id_in(data: bytes, start: int, end: int) -> bytes | None:
    """The id that a range of bytes is."""
    return data[start:end] if _ID.fullmatch(data, start, end) else None


def reference_in(data: bytes, start: int, end: int) -> bytes | None:
    """The id in a range of bytes that is `((id))`."""
    match = _REFERENCE.fullmatch(data, start, end)
    return None if match is None else match[1]


def nested_name_end(data: bytes, start: int, end: int) -> int:
    """The end of `[[a [[b]]]]`, a name that holds another, -1 where there is none."""
    stop = _pair_end(data, start, end)
    position, parts = start + 2, 0
    while 0 <= position < stop - 2:
        if data[position] != 0x5B:
            position = data.find(b"[", position, stop - 2)
            position = stop - 2 if position < 0 else position
        elif data.startswith(b"[[", position):
            position = _pair_end(data, position, stop - 2)
        else:
            return -1
        parts += 1
    return stop if position == stop - 2 and parts > 1 else -1


def _pair_end(data: bytes, start: int, end: int) -> int:
    """The end of the `]]` that closes the `[[` at an offset."""
    level, position = 1, start + 2
    while level > 0:
        close = data.find(b"]]", position, end)
        if close < 0:
            return -1
        level += data.count(b"[[", position, close) - 1
        position = close + 2
    return position


def name_end(data: bytes, start: int, end: int) -> int:
    """The end of `[[name]]`, -1 where there is none."""
    match = _NAME.match(data, start, end)
    return -1 if match is None else match.end()


def link_at(data: bytes, start: int, end: int) -> Link | None:
    """The link whose `[` stands at an offset."""
    label = start + 1 if data.startswith(b"[](", start, end) else _label_end(data, start, end)
    if label < 0 or not data.startswith(b"](", label, end):
        return None
    first = label + 2
    stop = _balanced(data, first, end, _IN_PARENTHESES, {0x28: 0x29})
    after = stop
    if data.startswith(b")", stop, end):
        after = stop + 1
    elif stop > first and data[stop - 1] == 0x29:
        stop -= 1
    else:
        return None
    metadata = _METADATA.match(data, after, end)
    return Link(after if metadata is None else metadata.end(), _target(data[first:stop]))


def data_image_end(data: bytes, start: int, end: int) -> int:
    """The end of `[label](data:...)`, -1 where there is none."""
    label = start + 1 if data.startswith(b"[](", start, end) else _label_end(data, start, end)
    if label < 0 or not data.startswith(b"](", label, end):
        return -1
    match = _DATA.match(data, label + 2, end)
    return -1 if match is None else match.end()


def _label_end(data: bytes, start: int, end: int) -> int:
    """Where the label ends whose `[` stands at an offset: at a `]`, or -1."""
    position = start + 1
    while position < end:
        text = _LABEL_TEXT.match(data, position, end)
        if text is not None:
            position = text.end()
            continue
        byte = data[position]
        if byte == 0x60:
            code = CODE.match(data, position, end)
            position = position + 1 if code is None else code.end()
        elif byte == 0x5B:
            name = name_end(data, position, end)
            pairs = {0x5B: 0x5D}
            position = name if name > 0 else _balanced(data, position, end, _IN_BRACKETS, pairs)
        else:
            return position if byte == 0x5D else -1
    return -1


def _balanced(
    data: bytes, start: int, end: int, text: re.Pattern[bytes], pairs: dict[int, int]
) -> int:
    """The end of text whose brackets are in pairs: at a closer without an opener, or at a break."""
    position, open_ = start, list[int]()
    while position < end:
        match = text.match(data, position, end)
        if match is not None:
            position = match.end()
            continue
        byte = data[position]
        if byte in pairs:
            open_.append(pairs[byte])
        elif byte in open_:
            while open_.pop() != byte:
                pass
        else:
            break
        position += 1
    return position


def _target(text: bytes) -> bytes | None:
    """The id of the block that the address of a link leads to."""
    match = _TARGET.fullmatch(text)
    if match is not None and (block := match["block"]) is not None:
        return id_in(block, 0, len(block))
    if match is not None and (page := match["page"]) is not None:
        return id_in(page, 2, len(page) - 2)
    address = text if match is None else match["angle"] or match["other"]
    address = address.strip(b" \t\n\r\f")
    if (protocol := _PROTOCOL.match(address)) is not None:
        rest = protocol[2].removeprefix(b"//")
        return id_in(rest, 0, len(rest)) if protocol[1] == b"id" else None
    found = _ID_OR_REFERENCE.fullmatch(address)
    return None if found is None else found[2]


def address_at(data: bytes, start: int, end: int) -> Link | None:
    """The bare address, `https://...`, that begins at an offset."""
    match = _ADDRESS.match(data, start, end)
    if match is None:
        return None
    after = match.end()
    if data[after : after + 1] in (b"/", b"?", b"#") and after < end:
        pairs = {0x28: 0x29, 0x5B: 0x5D}
        return Link(_balanced(data, after + 1, end, _IN_ADDRESS, pairs), None)
    return Link(after, id_in(data, *match.span(2)) if match[1] == b"id" else None)


def macro_at(data: bytes, start: int, end: int) -> Macro | None:
    """The macro, `{{name argument, argument}}`, that begins at an offset."""
    match = _MACRO.match(data, start, end)
    if match is None:
        return None
    found = _macro(data, match)
    if found is None and match["long"] is not None:
        match = _MACRO_SHORT.match(data, start, end)
        found = None if match is None else _macro(data, match)
    return found


def _macro(data: bytes, match: re.Match[bytes]) -> Macro | None:
    group = match.lastgroup or ""
    stop = match.end(group)
    name = _MACRO_NAME.match(data, match.start(group), stop)
    if name is None:
        return None
    position = _after_spaces(data, name.end(), stop)
    first: tuple[int, int] | None = None
    while position < stop or first is not None:
        end = _argument_end(data, position, stop)
        if end < 0:
            return None
        first = first or (position, end)
        position = _after_spaces(data, end, stop)
        if position == stop:
            break
        if data[position] != 0x2C:
            return None
        position = _after_spaces(data, position + 1, stop)
    return Macro(match.end(), name[0], first)


def _argument_end(data: bytes, start: int, end: int) -> int:
    nested = nested_name_end(data, start, end) if data.startswith(b"[[", start, end) else -1
    if nested > 0:
        return nested
    match = _ARGUMENT.match(data, start, end)
    return -1 if match is None else match.end()


def _after_spaces(data: bytes, start: int, end: int) -> int:
    match = _SPACES.match(data, start, end)
    return start if match is None else match.end()
