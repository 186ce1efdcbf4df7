"""What a block says, in plain values: the text that is Markdown, with its code cut out."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tangle.model import Block, BlockKind, Fence, Page
from tangle.weave.urls import anchors

HOLE: Final = "\x03"
"""Encloses the number of a fence, on the fence's line in the text."""

_WHITE: Final = " \t\f"
_CONTROLS: Final = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_START: Final = re.compile(r"[ \t\f]*(?:-(?:[ \t\f]+|$))?(?:#+(?:[ \t\f]+|$))?")
_MARKER: Final = re.compile(
    r"(TODO|DOING|DONE|NOW|LATER|WAITING|WAIT|STARTED|IN-PROGRESS|CANCELED|CANCELLED)(?:[ \t\f]+|$)"
)
_PRIORITY: Final = re.compile(r"\[#([A-C])\](?:[ \t\f]+|$)")
_FRONT_MATTER: Final = re.compile(r"\A\ufeff?---[ \t]*\n.*?---[ \t]*(?:\n|\Z)", re.DOTALL)
_DIRECTIVE: Final = re.compile(r"^[ \t]*#\+(?!BEGIN_|END_)[\w-]+:.*$", re.IGNORECASE | re.MULTILINE)
_PREFIX: Final = re.compile(rb"[ \t\f>]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """A fence of a block.

    Attributes:
        order: which fence of the page it is, from 0.
        text: what Logseq shows.
    """

    order: int
    language: str
    text: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockText:
    """One block.

    Attributes:
        depth: 0 for the outermost that are shown.
        heading: size of its heading marks, 0 without; also from `heading::`.
        marker: of a task, in upper case; empty without one.
        priority: `A`, `B` or `C`; empty without one.
        text: Markdown, without bullet, properties and code: `HOLE`, a number and `HOLE` on a line
            of their own stand for a fence.
        properties: key in Logseq's form, name and value.
        line: in the note; 0 where the block is shown on another page.
    """

    index: int
    depth: int
    kind: BlockKind
    anchor: str
    heading: int = 0
    marker: str = ""
    priority: str = ""
    text: str = ""
    codes: tuple[Code, ...] = ()
    properties: tuple[tuple[str, str, str], ...] = ()
    line: int = 0

    def value(self, key: str) -> str:
        """The value of a property; empty without it."""
        return next((value for found, _, value in reversed(self.properties) if found == key), "")


def block_texts(page: Page) -> tuple[BlockText, ...]:
    """What the blocks of a page say, in order; outlines of templates too."""
    codes: defaultdict[int, list[tuple[int, Fence]]] = defaultdict(list)
    for order, fence in enumerate(page.fences):
        codes[fence.block].append((order, fence))
    named = anchors(page)
    return tuple(
        _block_text(page, index, codes.get(index, ()), named[index])
        for index in range(len(page.blocks))
    )


def subtree(blocks: Sequence[BlockText], index: int) -> tuple[BlockText, ...]:
    """A block and all below it."""
    top = blocks[index].depth
    end = index + 1
    while end < len(blocks) and blocks[end].depth > top:
        end += 1
    return tuple(blocks[index:end])


def without_controls(text: str) -> str:
    """A text without the characters that HTML cannot hold, or that fragments use themselves."""
    return _CONTROLS.sub("\ufffd", text)


def _block_text(
    page: Page, index: int, codes: Sequence[tuple[int, Fence]], anchor: str
) -> BlockText:
    block = page.blocks[index]
    text = _without_margin(_cut(page, block, codes), block)
    marker = priority = ""
    if block.kind == "pre":
        text = _FRONT_MATTER.sub("", text)
    else:
        text = text[_end(_START, text) :]
        marker, text = _taken(_MARKER, text)
        priority, text = _taken(_PRIORITY, text)
    if "#+" in text:
        text = _DIRECTIVE.sub("", text)
    properties = tuple(
        (entry.key, without_controls(entry.name), without_controls(entry.value))
        for entry in block.properties
    )
    return BlockText(
        index=index,
        depth=block.level - 1,
        kind=block.kind,
        anchor=anchor,
        heading=block.heading or _heading(block),
        marker=marker,
        priority=priority,
        text=text.strip("\n \t"),
        codes=tuple(
            Code(
                order=order,
                language=without_controls(fence.language),
                text=without_controls(fence.text),
                line=fence.line,
            )
            for order, fence in codes
        ),
        properties=properties,
        line=block.line,
    )


def _heading(block: Block) -> int:
    """The size that the property `heading` gives: a number, or `true` for one by depth."""
    for entry in reversed(block.properties):
        if entry.key == "heading":
            if entry.value.isascii() and entry.value.isdigit():
                return min(int(entry.value[:2]), 6)
            return min(block.level, 6) if entry.value == "true" else 0
    return 0


def _end(pattern: re.Pattern[str], text: str) -> int:
    match = pattern.match(text)
    return 0 if match is None else match.end()


def _taken(pattern: re.Pattern[str], text: str) -> tuple[str, str]:
    match = pattern.match(text)
    return ("", text) if match is None else (match[1], text[match.end() :])


def _cut(page: Page, block: Block, codes: Sequence[tuple[int, Fence]]) -> str:
    """The text of a block, a line for each fence in its place, properties left out."""
    data = page.data
    cuts = [(p.span.start, p.span.end, "") for p in (*block.properties, *block.ignored)]
    for number, (_, fence) in enumerate(codes):
        cuts.append((fence.span.start, fence.span.end, _hole(data, fence, number)))
    parts: list[str] = []
    position = block.span.start
    for start, end, instead in sorted(cuts):
        if start < position:
            continue
        parts += (_decoded(data[position:start]), instead)
        position = max(position, min(end, block.span.end))
    parts.append(_decoded(data[position : block.span.end]))
    return "".join(parts)


def _hole(data: bytes, fence: Fence, number: int) -> str:
    """The line that stands for a fence, with what makes it part of a list or a quote."""
    prefix = _PREFIX.match(data, fence.span.start, fence.span.end)
    before = "" if prefix is None else prefix[0].decode()
    end = "\n" if data[fence.span.end - 1 : fence.span.end] == b"\n" else ""
    return f"{before}{HOLE}{number}{HOLE}{end}"


def _decoded(data: bytes) -> str:
    text = data.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
    return without_controls(text)


def _without_margin(text: str, block: Block) -> str:
    """A block's lines as Logseq shows them: each but the first less the block's indentation."""
    if block.kind == "pre":
        return text
    width = block.indent + 2
    first, *rest = text.split("\n")
    return "\n".join([first, *(_shown(line, width) for line in rest)])


def _shown(line: str, width: int) -> str:
    return line[width:] if not line[:width].strip(_WHITE) else line.lstrip(_WHITE)
