"""Write an outline of blocks as nested lists: what each says, its properties, folds and embeds."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from tangle.link import SOLUTION
from tangle.model import PagePath
from tangle.weave.block_text import HOLE, BlockText
from tangle.weave.html import Writer
from tangle.weave.inline import name_end
from tangle.weave.line_html import BLOCK_ID
from tangle.weave.lookups import Here, Site
from tangle.weave.markdown import inline_tokens, tokens_of
from tangle.weave.plain_words import escaped, plain_text
from tangle.weave.views import TocEntry

_EMBEDS_DEEP: Final = 6
"""How deep embeds are shown in embeds."""
_EMBEDDED: Final = 5000
_ROOM: Final = 3_000_000
"""Blocks of other places that a page shows, and characters of HTML; the rest has a link."""
_LEVELS: Final = 60

HIDDEN: Final = frozenset(
    {
        *("id", "custom-id", "collapsed", "title", "heading", "background-color", "icon", "public"),
        *("template", "template-including-parent", "exclude-from-graph-view", "filters"),
        *("created-at", "updated-at", "file", "file-path", "query-table", "query-properties"),
        *("query-sort-by", "query-sort-desc", "ls-type", "hl-type", "hl-page", "hl-color"),
        *("hl-stamp", "card-last-interval", "card-repeats", "card-ease-factor"),
        *("card-next-schedule", "card-last-reviewed", "card-last-score"),
        *("todo", "doing", "done", "now", "later"),
    }
)
"""Properties that Logseq does not show, or that the page shows elsewhere."""
_HIDDEN_PREFIXES: Final = ("logseq.", "tangle.")
_LINKED: Final = frozenset({"tags", "alias"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Blocks that another place shows.

    Attributes:
        name: what is shown: an id, or the address of a page.
        title: of the page that they are on.
        href: where they are.
    """

    name: str
    title: str = ""
    href: str
    page: PagePath
    blocks: tuple[BlockText, ...]


class Outlines(Site, Protocol):
    """What an outline can show of other places."""

    def embedded_block(self, uuid: str) -> Shown | None:
        """A block and all below it."""

    def embedded_page(self, title: str) -> Shown | None:
        """The blocks of a page."""

    def output(self, page: PagePath, block: BlockText) -> str | None:
        """What an output block shows, as HTML; None for other blocks."""


class OutlineWriter:
    """Writes the blocks of one page.

    Attributes:
        writer: writes what each block says.
        toc: the headings so far.
        untitled: the block of the page whose heading says no more than the page's own.
    """

    def __init__(self, writer: Writer, site: Outlines, hidden: Collection[str] = ()) -> None:
        """Begin a page.

        Args:
            writer: writes what each block says.
            site: what blocks can refer to.
            hidden: properties of the graph that readers do not see.
        """
        self.writer = writer
        self.toc: list[TocEntry] = []
        self.untitled: int | None = None
        self._site = site
        self._hidden = HIDDEN.union(hidden)
        self._shown: list[str] = []
        self._headings: list[int] = []
        self._blocks_left = _EMBEDDED
        self._room_left = _ROOM
        writer.embed = self._embed

    def page(self, shown: Shown) -> str:
        """The blocks of a page, or of a part of it."""
        self._shown.append(shown.name)
        try:
            blocks = [b for b in shown.blocks if b.kind != "pre" or b.text or b.codes]
            return self._list(shown.page, blocks, 0)
        finally:
            self._shown.pop()

    def _list(self, path: PagePath, blocks: Sequence[BlockText], level: int) -> str:
        """Blocks of one level with what is below them; runs of numbered ones are lists apart."""
        parts: list[str] = []
        numbered: bool | None = None
        at = 0
        for end in _ends(blocks):
            block = blocks[at]
            counts = block.value("logseq.order-list-type") == "number"
            if counts is not numbered:
                parts.append("" if numbered is None else _LIST_END[numbered])
                parts.append('<ol class="blocks numbered">' if counts else '<ul class="blocks">')
                numbered = counts
            parts.append(self._item(path, block, blocks[at + 1 : end], level))
            at = end
        if numbered is not None:
            parts.append(_LIST_END[numbered])
        return "".join(parts)

    def _item(
        self, path: PagePath, block: BlockText, below: Sequence[BlockText], level: int
    ) -> str:
        output = self._site.output(path, block)
        within = self._text(path, block) if output is None else output
        if below and level < _LEVELS:
            within += self._below(path, block, below, level)
        elif below:
            # No browser shows lists as deep as this: what is deeper is shown side by side.
            flat = [replace(b, depth=0) for b in below]
            within += self._list(path, flat, level)
        if block.value(SOLUTION).lower() in ("yes", "true", "on"):
            word = escaped(self.writer.words.solution)
            within = f'<details class="fold solution"><summary>{word}</summary>{within}</details>'
        kinds = ["block"]
        if block.heading:
            kinds.append("heading")
        elif level == 0 and not below:
            kinds.append("prose")
        if output is not None:
            kinds.append("output-block")
        return f'<li class="{" ".join(kinds)}"{self._place(block)}>{within}</li>'

    def _below(
        self, path: PagePath, block: BlockText, below: Sequence[BlockText], level: int
    ) -> str:
        listed = self._list(path, below, level + 1)
        if block.value("collapsed") != "true":
            return listed
        count = len(list(_ends(below)))
        word = escaped(self.writer.words.fold)
        # A heading that is folded in the editor begins a part that readers came for.
        open_ = " open" if block.heading else ""
        return f'<details class="fold"{open_}><summary>{word} ({count})</summary>{listed}</details>'

    def _place(self, block: BlockText) -> str:
        """The anchor of a block and its line; a block of another place has none here."""
        if len(self._shown) > 1:
            return ""
        line = f' data-line="{block.line}"' if block.line else ""
        return f' id="{block.anchor}"{line}'

    def _text(self, path: PagePath, block: BlockText) -> str:
        here = Here(path, block)
        head, rest = self._head(block, here)
        properties = "" if block.kind == "pre" else self._properties(block, here)
        # The head is in the first paragraph, where there is one.
        body = self._standing_for(block)
        if body is None:
            body = self.writer.tokens(tokens_of(rest), here)
        if head and not block.heading:
            body = f"<p>{head}{body[3:]}" if body.startswith("<p>") else f"<p>{head}</p>{body}"
        elif block.heading:
            body = head + body
        return f'<div class="block-text">{body}{properties}</div>'

    def _standing_for(self, block: BlockText) -> str | None:
        """What a block shows that is nothing but a reference to one with code; None for others."""
        match = BLOCK_ID.fullmatch(block.text)
        said = self._site.block(match[1].lower()) if match is not None else None
        if match is None or said is None or not said.text.codes:
            return None
        found = Shown(name=match[1].lower(), href=said.href, page=said.page, blocks=(said.text,))
        return self._embedded(found)

    def _head(self, block: BlockText, here: Here) -> tuple[str, str]:
        """Marker and priority, in a heading with its words; and the text that is left."""
        head = ""
        if block.marker:
            state = escaped(block.marker.lower())
            head += f'<span class="task" data-state="{state}">{escaped(block.marker)}</span> '
        if block.priority:
            head += f'<span class="priority">{block.priority}</span> '
        first, _, rest = block.text.partition("\n")
        if not block.heading or not first or HOLE in first:
            return head, block.text
        if len(self._shown) == 1:
            if block.index == self.untitled:
                return "", rest.strip("\n")
            text = plain_text(inline_tokens(first)).strip()
            self.toc.append(TocEntry(anchor=block.anchor, text=text, level=block.heading))
        name = f"h{self._rank(block.heading)}"
        return f"<{name}>{head}{self.writer.line(first, here)}</{name}>", rest.strip("\n")

    def _rank(self, heading: int) -> int:
        """The level of a heading on the page, below those of the headings above it."""
        while self._headings and self._headings[-1] >= heading:
            self._headings.pop()
        self._headings.append(heading)
        return min(len(self._headings) + 1, 6)

    # --- properties -------------------------------------------------------------------------------

    def visible(self, block: BlockText, here: Here) -> Iterator[tuple[str, str]]:
        """The properties that readers see: name, and value as HTML."""
        for key, name, value in block.properties:
            if key not in self._hidden and not key.startswith(_HIDDEN_PREFIXES):
                yield name, self._value(key, value, here)

    def _value(self, key: str, value: str, here: Here) -> str:
        if key not in _LINKED:
            return self.writer.line(value, here)
        links = [
            self.writer.inline([{"type": "page", "title": name}], here) for name in names_in(value)
        ]
        return ", ".join(links)

    def _properties(self, block: BlockText, here: Here) -> str:
        rows = [
            f"<div><dt>{escaped(name)}</dt><dd>{value}</dd></div>"
            for name, value in self.visible(block, here)
        ]
        return f'<dl class="properties">{"".join(rows)}</dl>' if rows else ""

    # --- embeds -----------------------------------------------------------------------------------

    def _embed(self, rest: str) -> str | None:
        """What `{{embed ...}}` shows; None if it shows nothing, and is a link at most."""
        match = BLOCK_ID.fullmatch(rest)
        if match is not None:
            found = self._site.embedded_block(match[1].lower())
        elif rest.startswith("[[") and name_end(rest, 0) == len(rest):
            found = self._site.embedded_page(rest[2:-2])
        else:
            return None
        return None if found is None else self._embedded(found)

    def _embedded(self, found: Shown) -> str:
        words = self.writer.words
        if found.name in self._shown:
            return self._instead(found, words.circle)
        self._blocks_left -= len(found.blocks)
        if len(self._shown) > _EMBEDS_DEEP or self._blocks_left < 0 or self._room_left < 0:
            return self._instead(found, words.too_much)
        top = min((block.depth for block in found.blocks), default=0)
        blocks = tuple(replace(block, depth=block.depth - top) for block in found.blocks)
        text = self.page(replace(found, blocks=blocks))
        self._room_left -= len(text)
        source = _source(found, escaped(f"{found.title} ↗".strip()))
        return f'<blockquote class="embed">{text}{source}</blockquote>'

    def _instead(self, found: Shown, why: str) -> str:
        link = _source(found, escaped(why))
        return f'<blockquote class="embed left-out">{link or escaped(why)}</blockquote>'


def names_in(value: str) -> Iterator[str]:
    """The names of pages in a property that lists some, with brackets or without."""
    for match in _NAME.finditer(value):
        name = (match["linked"] or match["plain"]).strip().removeprefix("#")
        if name:
            yield name


_NAME: Final = re.compile(r"#?\[\[(?P<linked>[^\[\]]+)\]\]|(?P<plain>[^,，\[\]]+)")
_LIST_END: Final = {False: "</ul>", True: "</ol>"}


def _source(found: Shown, text: str) -> str:
    if not found.href:
        return ""
    return f'<a class="embed-source" href="{escaped(found.href)}">{text}</a>'


def _ends(blocks: Sequence[BlockText]) -> Iterator[int]:
    """Where each block of the outermost level ends, with what is below it."""
    top = blocks[0].depth if blocks else 0
    for number in range(1, len(blocks)):
        if blocks[number].depth <= top:
            top = blocks[number].depth
            yield number
    if blocks:
        yield len(blocks)
