"""Pair the tags of HTML that is in a line of a note, so that each element is whole."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from tangle.weave.inline import Token

_TAG: Final = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9-]*)[^>]*?(/?)>", re.DOTALL)
_VOID: Final = frozenset({"br", "hr", "img", "wbr"})
_MARK: Final = "tangle-marks-this-place"
_DEPTH: Final = 40


@dataclass(slots=True)
class Element:
    """An element of HTML in the notes.

    Attributes:
        start: its start tag, as it is written.
    """

    name: str
    start: str
    children: list[Token]


def paired(tokens: Iterable[Token]) -> list[Token]:
    """Return tokens in which start and end tags are one `element` with what is between them.

    A tag without its other half is text.
    """
    found: list[Token] = []
    open_: list[Element] = []
    for token in tokens:
        into = _innermost(open_, found)
        if token["type"] != "inline_html":
            into.append(token)
            continue
        raw = token["raw"]
        match = _TAG.fullmatch(raw)
        if match is not None:
            _tag(match, into, open_, found)
        elif not raw.startswith("<!--"):
            into.append(_text(raw))
    while open_:
        _give_up(open_, found)
    return found


def _tag(match: re.Match[str], into: list[Token], open_: list[Element], found: list[Token]) -> None:
    """Take in a tag: one that opens or closes an element, or is one by itself."""
    name, raw = match[2].lower(), match[0]
    if name in _VOID:
        into.append({"type": "void", "name": name, "raw": raw})
    elif match[1]:
        _close(name, raw, open_, found)
    elif match[3] or len(open_) >= _DEPTH:
        into.append(_text(raw))
    else:
        open_.append(Element(name, raw, []))


def _close(name: str, raw: str, open_: list[Element], found: list[Token]) -> None:
    if not any(element.name == name for element in open_):
        _innermost(open_, found).append(_text(raw))
        return
    while open_[-1].name != name:
        _give_up(open_, found)
    element = open_.pop()
    _innermost(open_, found).append({"type": "element", "element": element})


def _give_up(open_: list[Element], found: list[Token]) -> None:
    """Take a start tag without an end for text."""
    element = open_.pop()
    into = _innermost(open_, found)
    into.append(_text(element.start))
    into.extend(element.children)


def _innermost(open_: list[Element], found: list[Token]) -> list[Token]:
    """What the next token belongs to: the innermost open element, or the line itself."""
    return open_[-1].children if open_ else found


def _text(raw: str) -> Token:
    return {"type": "text", "raw": raw}


def wrapped(element: Element, text: str, clean: Callable[[str], str]) -> str:
    """HTML in an element of the notes, as far as cleaning leaves that there.

    Args:
        element: the element.
        text: what is in it, as HTML that can be trusted.
        clean: removes from HTML whatever could run.
    """
    around = clean(f"{element.start}{_MARK}</{element.name}>")
    before, mark, after = around.partition(_MARK)
    return f"{before}{text}{after}" if mark and _MARK not in after else text
