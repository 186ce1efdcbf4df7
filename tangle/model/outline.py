"""A page as it was read: blocks, code blocks, references, each with its bytes."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from tangle.model.basic import PagePath, Problem, Span, Uuid

BlockKind = Literal["pre", "bullet", "heading"]
ReferenceKind = Literal["ref", "labelled", "embed"]


class Property(Struct, frozen=True, kw_only=True):
    """One `key:: value` line.

    Attributes:
        key: as Logseq files it: lower case, `-` for blanks and `_`.
        name: the key as it is written.
        value: trimmed.
    """

    key: str
    name: str
    value: str
    span: Span
    line: int


class Block(Struct, frozen=True, kw_only=True):
    """One block of the outline, from its start to the start of the next.

    Attributes:
        kind: `pre` is the text before the first bullet (at most one, the first); `heading` is a
            heading line without a bullet.
        indent: white-space characters before the bullet.
        level: depth after nesting, 1 at the top.
        parent: index into `Page.blocks`, -1 at the top.
        title: the first line without bullet, heading marks and task marker; empty where the bullet
            is followed by a construct of the body (a fence, a property).
        heading: size of the heading marks on the first line, 0 without.
        properties: those that Logseq obeys: the first run.
        ignored: property lines that Logseq takes for text because a run came before.
        line: line of the block's first character.
        content: end of the block's last line that is not blank, without its line end; what is
            inserted there belongs directly under the block's own text.
    """

    kind: BlockKind
    span: Span
    indent: int
    level: int
    parent: int
    title: str
    heading: int
    id: Uuid | None
    properties: tuple[Property, ...]
    ignored: tuple[Property, ...]
    line: int
    content: int


class Fence(Struct, frozen=True, kw_only=True):
    """A code block as Logseq reads it: a fence of either kind, or `#+BEGIN_SRC`.

    Attributes:
        block: index of the block that holds it.
        language: first word after the opener, its case kept; empty without one.
        options: the other words of the opener.
        span: from the opener (with its indentation) to the end of the closing line.
        body: the lines between opener and closer.
        text: what Logseq shows, every line ended by one line feed.
        code: `text`, dedented by the white space common to its lines.
        line: line of the opener; line `i` of the code (from 0) is at `line + 1 + i`.
        margins: per line of `code`, how many characters of the file's line come before it.
        nested: set where the fence is in a list or a quote, whose lines Logseq trims.
    """

    block: int
    language: str
    options: tuple[str, ...]
    span: Span
    body: Span
    text: str
    code: str
    line: int
    margins: tuple[int, ...]
    nested: Literal["list", "quote"] | None


class Reference(Struct, frozen=True, kw_only=True):
    """A block reference: `((id))`, `[label](((id)))` or `{{embed ((id))}}`.

    Attributes:
        alone: whether the block says nothing else (its properties aside).
    """

    kind: ReferenceKind
    target: Uuid
    block: int
    span: Span
    line: int
    column: int
    alone: bool


class PageEmbed(Struct, frozen=True, kw_only=True):
    """A page that is shown where it is named: `{{embed [[title]]}}`."""

    title: str
    block: int
    line: int
    column: int


class Page(Struct, frozen=True, kw_only=True):
    """One page as it was read; `data` is the file, and every byte of it belongs to one block.

    Attributes:
        title: the `title` page property, else None (the file's name decides, see `link`).
        links: titles named in `[[...]]` and tags, in order, repeated as they are.
        link_spans: where each of these titles is, brackets and `#` aside.
        problems: what a person should know about the page's own text.
        embeds: the pages that it shows.
        templates: the blocks that are text to copy: those with `template::` and all below them.
    """

    path: PagePath
    data: bytes
    blocks: tuple[Block, ...]
    fences: tuple[Fence, ...]
    references: tuple[Reference, ...]
    links: tuple[str, ...]
    title: str | None
    problems: tuple[Problem, ...]
    embeds: tuple[PageEmbed, ...] = ()
    templates: frozenset[int] = frozenset()
    link_spans: tuple[Span, ...] = ()
