"""Shorten what a chunk shows to what a note should hold; the whole goes into a file."""

from __future__ import annotations

import base64
import html
from itertools import takewhile
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from tangle.write.block import piece_size
from tangle.write.parts import (
    HTML,
    PLAIN,
    File,
    Part,
    Piece,
    Rendered,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_LINES: Final = 30
"""Lines of text in an output block, with those that say how many were left out."""

USUAL_LIMIT: Final = 10_000
"""Characters of a block from which on Logseq does not let it be edited, unless its settings have
another number. tangle fills four fifths: the rest is for properties, sizes of images, and what
protects the text."""

_LEAST_LIMIT: Final = 2_000
_FILE_CHARACTERS: Final = 200  # a line with a link, its label and its target
_MOST_FILES: Final = 20
_FEW: Final = 200


def shortened_for_note(seen: Rendered, limit: int = USUAL_LIMIT) -> Rendered:
    """Return what of the outputs stands in a note: no more than a person wants to read there.

    Text keeps its first and its last lines; of very many figures and tables the first stay. What
    is left out is named, and a link leads to a file with all of it.

    Args:
        seen: the outputs.
        limit: characters that Logseq allows in a block; more than usual are not used.
    """
    room = max(min(limit, USUAL_LIMIT), _LEAST_LIMIT) * 4 // 5
    parts = tuple(map(_briefly_described, seen.parts))
    return Rendered(parts=_few_parts(_short_texts(parts, room // 2), room))


def _briefly_described(part: Part) -> Part:
    """A file whose alternative text is no longer than a label."""
    if not isinstance(part, File) or len(part.shows) <= _FEW:
        return part
    return replace(part, shows=f"{part.shows[: _FEW - 1]}\u2026")


# --- text -----------------------------------------------------------------------------------------


def _short_texts(parts: tuple[Part, ...], room: int) -> tuple[Part, ...]:
    written = [_words(part) for part in parts]
    lines = [words.split("\n") if words is not None else [] for words in written]
    total = sum(map(len, lines))
    if total <= MOST_LINES and sum(_size(part) for part in parts if _is_text(part)) <= room:
        return parts
    first, last = _ends(lines, room)
    found: list[Part] = []
    cut = False
    at = 0
    for part, own in zip(parts, lines, strict=True):
        if not own:
            found.append(part)
            continue
        head = own[: max(0, first - at)]
        tail = own[max(len(head), len(own) - max(0, at + len(own) - (total - last))) :]
        at += len(own)
        left = len(own) - len(head) - len(tail)
        if not left and not any(len(line) > _FEW for line in own):
            found.append(part)
            continue
        cut = True
        found += _with_gap(
            part, [_brief(x, room) for x in head], [_brief(x, room) for x in tail], left
        )
    if not cut:
        return parts
    whole = "\n".join(words for words in written if words is not None).encode("utf-8", "replace")
    return (*found, File(mime=PLAIN, data=whole + b"\n", link=_all(total)))


def _all(lines: int) -> str:
    return f"all {lines:,} lines" if lines > 1 else "all of the line"


def _ends(lines: Sequence[Sequence[str]], room: int) -> tuple[int, int]:
    """How many lines at the start and at the end are kept, by number and by length."""
    everything = [line for own in lines for line in own]
    if len(everything) <= MOST_LINES:
        first, last = len(everything), 0
    else:
        first, last = MOST_LINES // 2, MOST_LINES - 1 - MOST_LINES // 2
    while first + last > 1 and _cost(everything, (first, last), room) > room:
        first, last = (first - 1, last) if first > last else (first, last - 1)
    return first, last


def _cost(lines: Sequence[str], ends: tuple[int, int], room: int) -> int:
    first, last = ends
    kept = [*lines[:first], *(lines[-last:] if last else ())]
    return sum(_size(Piece(kind="text", text=line[:room])) for line in kept)


def _with_gap(part: Part, head: list[str], tail: list[str], left: int) -> list[Part]:
    gap = [f"\u2026 {_count(left, 'line')} left out"] if left else []
    if _kind(part) == "text":
        return [Piece(kind="text", text="\n".join([*head, *gap, *tail]))]
    parts: list[Part] = []
    if gap:
        tail = [*_table_head(head), *tail] if tail and _is_row(tail[0]) else tail
    for some, words in ((head, ""), ([], gap[0] if gap else ""), (tail, "")):
        if words:
            parts.append(Piece(kind="sentence", text=words))
        elif some:
            parts.append(Piece(kind="markdown", text="\n".join(some)))
    return parts


def _table_head(lines: Sequence[str]) -> Sequence[str]:
    """The names of the columns of a table that goes on below the last of some lines."""
    rows = list(takewhile(_is_row, reversed(lines)))[::-1]
    return rows[:2] if len(rows) > 1 else ()


def _is_row(line: str) -> bool:
    return line.lstrip().startswith("|")


def _brief(line: str, room: int) -> str:
    if _size(Piece(kind="text", text=line)) <= room // 2:
        return line
    kept = line[: room // 4]
    return f"{kept}\u2026 {len(line) - len(kept)} characters left out"


# --- parts ----------------------------------------------------------------------------------------


def _few_parts(parts: tuple[Part, ...], most: int) -> tuple[Part, ...]:
    """The parts that fit into a block; the others as a page of HTML, with a link."""
    room = most - 2 * _FILE_CHARACTERS
    kept: list[Part] = []
    for at, part in enumerate(parts):
        files = sum(isinstance(known, File) for known in kept)
        room -= _size(part)
        if room < 0 or (files >= _MOST_FILES and len(parts) - at > 1 and isinstance(part, File)):
            left = parts[at:]
            words = f"\u2026 {_count(len(left), 'more part')} left out"
            return (*kept, Piece(kind="sentence", text=words), _gallery(parts))
        kept.append(part)
    return parts


def _gallery(parts: Sequence[Part]) -> File:
    """All parts on a page of HTML."""
    body = "\n".join(_as_html(part) for part in parts)
    page = f'<!DOCTYPE html>\n<meta charset="utf-8">\n<title>output</title>\n{body}\n'
    return File(mime=HTML, data=page.encode("utf-8", "replace"), link="all of it, as HTML")


def _as_html(part: Part) -> str:
    if not isinstance(part, File):
        said = part.plain if part.kind == "table" else part.text
        return f"<pre>{html.escape(said)}</pre>"
    source = f"data:{part.mime};base64,{base64.b64encode(part.data).decode('ascii')}"
    kind = part.mime.partition("/")[0]
    if kind == "image":
        return f'<p><img alt="{html.escape(part.shows)}" src="{source}"></p>'
    if kind in ("video", "audio"):
        return f'<p><{kind} controls src="{source}"></{kind}></p>'
    return f'<p><a href="{source}">{html.escape(part.link)}</a></p>'


def _is_text(part: Part) -> bool:
    return _kind(part) in ("text", "markdown")


def _words(part: Part) -> str | None:
    return part.text if isinstance(part, Piece) and _is_text(part) else None


def _kind(part: Part) -> str:
    return part.kind if isinstance(part, Piece) else "file"


def _size(part: Part) -> int:
    """Characters that a part takes in a block at most, as Logseq counts them."""
    if isinstance(part, File):
        return _FILE_CHARACTERS + len(part.shows)
    if part.kind == "math" and len(part.text) > USUAL_LIMIT:
        return len(part.text)
    return piece_size(part)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
