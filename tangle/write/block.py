"""The text of an output block, which Logseq reads as one block whatever it contains."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote

from msgspec import Struct
from msgspec.structs import replace

from tangle.write.markup import (
    ZERO_WIDTH,
    has_list,
    markdown_lines,
    math_line,
    sentence,
    unlike_property,
)
from tangle.write.parts import Piece
from tangle.write.terminal import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

PROPERTY = "tangle.output"
"""The property that makes a block an output block."""

CHUNK_PROPERTY = "tangle.chunk"
"""The property that says which of several chunks of a block an output is of."""

CHUNK_GONE = "00000000"
"""The second digest of an output that was emptied because its chunk is gone."""

COLLAPSED = "collapsed:: true"
"""The property of a long block when it is new; whether it stays collapsed is up to its reader."""

MOST_OPEN_LINES = 20
"""Lines of a block that is not collapsed."""

# Any of these characters may be trimmed before Logseq looks for a fence, in OCaml or JavaScript.
_FENCE = re.compile(r"^([\s\ufeff]*)(?=```|~~~)")
_OF_FRAME = re.compile(r"(?m)(?<=\]\] line )[0-9]+.*$")
_END_BLOCK = re.compile(r"#(\+end_)", re.IGNORECASE)
# What ends a construct that a page left open somewhere above (logseq-spec.md, sections 2, 3, 5).
_CLOSERS = re.compile(
    r"#(?=\+)|:(?=end:)|-(?=-)|\$(?=\$)|<(?=/)|[/?](?=>)|\](?=\])|\\(?=end)", re.IGNORECASE
)
_RULE = re.compile(r"\|-{2,}(?=\|)")
_UNSAFE_TARGET = re.compile(r"[^\w/.\-~+=@]+")
_UNSAFE_LABEL = re.compile(r"[^\w .,;+=/&%'\-\u3000-\u303f\uff00-\uffef]+")


class ChunkOutput(Struct, frozen=True, kw_only=True):
    """What a chunk printed and showed, in order; without pieces it has no output block.

    Attributes:
        digest: of the code that the output depends on, in hex; its first 12 digits are kept.
        failure: lines that say why the chunk failed; none where it passed.
    """

    digest: str
    pieces: tuple[Piece, ...]  # no default: records of earlier versions have other fields
    failure: tuple[str, ...] = ()

    @property
    def value(self) -> str:
        """The digest as it stands in the notes."""
        return self.digest[:12]

    def with_targets(self, targets: Iterable[str]) -> ChunkOutput:
        """Return the output with other targets of its files.

        Args:
            targets: one for each file, in order.
        """
        others = iter(targets)
        pieces = (replace(p, target=next(others)) if p.target else p for p in self.pieces)
        return replace(self, pieces=tuple(pieces))


class Unwritten(Struct, frozen=True, kw_only=True):
    """Stands for a chunk whose output stays as it is.

    Attributes:
        digest: as in `ChunkOutput`.
    """

    digest: str

    @property
    def value(self) -> str:
        """The digest as it stands in the notes."""
        return self.digest[:12]


class Style(Struct, frozen=True, kw_only=True):
    """How text is protected from being read as Logseq's syntax.

    Attributes:
        wrapper: a fence, `#+BEGIN_EXAMPLE`, or whichever of the two needs no change of the text.
        defused: whether what could close a construct left open above is broken up by zero-width
            spaces.
        plain: whether Markdown stands as text, where nothing else would do.
    """

    wrapper: Literal["auto", "fence", "example"] = "auto"
    defused: bool = False
    plain: bool = False


STYLES = (
    Style(),
    Style(defused=True),
    Style(defused=True, plain=True),
    Style(wrapper="example", defused=True, plain=True),
    Style(wrapper="fence", defused=True, plain=True),
)
"""The ways to write a block, the plainest first."""


def body_lines(output: ChunkOutput, style: Style) -> tuple[str, ...]:
    """Return the lines of a block below its property, unindented; none if nothing is shown.

    Args:
        output: what the chunk showed.
        style: how its text is protected.
    """
    found: list[str] = []
    before = None
    for piece in output.pieces:
        lines = _piece_lines(piece, style)
        if not any(map(str.strip, lines)):
            continue
        if before in ("markdown", "table") and piece.kind != "sentence":
            found.append("")  # or a list or a table would go on
        found += lines
        before = piece.kind
        if before == "markdown" and not style.plain and has_list(lines):
            # A fence behind a list belongs to the list, and takes in the next block as well.
            style = replace(style, wrapper="example")
    failure = _wrapped(list(output.failure), style) if output.failure else []
    return (*found, *failure)


def _piece_lines(piece: Piece, style: Style) -> list[str]:
    match piece.kind:
        case "image":
            return [_image(piece)]
        case "link":
            return [_image(piece).removeprefix("!")]
        case "text":
            text = shown(piece.text)
            return _wrapped(text.split("\n"), style) if text else []
        case _:
            lines = list(canonical(_markup(piece)))
            if style.plain:
                return _wrapped(lines, style)
            if not style.defused:
                return lines
            # One dash names a table's columns as well, and closes no front matter.
            return [_defused(_RULE.sub("|-", line)) for line in lines]


def _markup(piece: Piece) -> list[str]:
    match piece.kind:
        case "markdown":
            return markdown_lines(piece.text)
        case "math":
            return [math_line(piece.text)]
        case "sentence":
            return [sentence(piece.text)]
        case _:
            return piece.text.split("\n")


def _defused(line: str) -> str:
    return _CLOSERS.sub(lambda found: found[0] + ZERO_WIDTH, line)


def piece_size(piece: Piece) -> int:
    """Return how many characters a piece takes at most in a block, as Logseq counts them.

    Args:
        piece: the piece.
    """
    lines = _piece_lines(piece, STYLES[2])
    return sum(len(line.encode("utf-16-le", "replace")) // 2 + 1 for line in lines)


def _wrapped(lines: list[str], style: Style) -> list[str]:
    """Return lines between an opener and a closer that none of them resembles."""
    lines = [unlike_property(line) if "::" in line else line for line in lines]
    if style.defused:
        lines = [_defused(line) for line in lines]
    fenced = any(_FENCE.match(line) for line in lines)
    ends = any(_END_BLOCK.search(line) for line in lines)
    in_example = style.wrapper == "example" or (style.wrapper == "auto" and fenced and not ends)
    if style.defused or not in_example:
        lines = [_FENCE.sub(rf"\g<1>{ZERO_WIDTH}", line) for line in lines]
    if style.defused or in_example:
        lines = [_END_BLOCK.sub(rf"#{ZERO_WIDTH}\g<1>", line) for line in lines]
    if in_example:
        return ["#+BEGIN_EXAMPLE", *lines, "#+END_EXAMPLE"]
    return ["```text", *lines, "```"]


def _image(piece: Piece) -> str:
    label = re.sub("-{2,}", "-", _UNSAFE_LABEL.sub(" ", piece.text))
    target = _UNSAFE_TARGET.sub(lambda found: quote(found[0], errors="replace"), piece.target)
    return f"![{' '.join(label.split())}]({target})"


def canonical(lines: Iterable[str]) -> tuple[str, ...]:
    """Return lines for comparison and digests, without trailing white space and blank lines around.

    Logseq re-indents a page, trims blocks and changes line ends when it saves; none of that counts.
    """
    trimmed = [line.rstrip() for line in lines]
    while trimmed and not trimmed[-1]:
        trimmed.pop()
    start = next((index for index, line in enumerate(trimmed) if line), 0)
    return tuple(trimmed[start:])


def output_digest(lines: Iterable[str], *, failed: bool = False) -> str:
    """Return the digest of an output block's lines, 8 hex digits.

    That of a failure differs from that of an output with the same lines, so that a failure is
    recognised by its block alone, whatever code prints. The lines of code that it names do not
    count: who replaces a word all over the page has not edited the failure.

    Args:
        lines: of the block, below its properties.
        failed: whether the block says why its chunk failed.
    """
    text = "\n".join(canonical(lines))
    if failed:
        text = "failed\n\n" + _OF_FRAME.sub("", text)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def head(indent: bytes, value: str) -> bytes:
    """Return the first line of an output block.

    Args:
        indent: of its bullet.
        value: of its property.
    """
    return indent + f"- {PROPERTY}:: {value}".encode()


def chunk_line(number: int) -> str:
    """Return the line that says which chunk of its block an output is of.

    Args:
        number: of the chunk in the block, from 1.
    """
    return f"{CHUNK_PROPERTY}:: {number}"


def joined(first: bytes, indent: bytes, lines: Sequence[str], eol: bytes) -> bytes:
    """Join a block's bytes: its first lines unchanged, the others indented below the bullet.

    Args:
        first: its first lines.
        indent: of its bullet.
        lines: the others, unindented.
        eol: the line end of the page.
    """
    return eol.join([first, *(indent + b"  " + line.encode() for line in lines)])
