"""What a page names, with the exact place of each: pages, tags, blocks, chunks, sections."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from tangle.lsp.session import text_of
from tangle.lsp.texts import Text
from tangle.model import Page, PagePath, Property, Uuid
from tangle.notes import Core, pages, query

Kind = Literal["page", "block", "chunk", "section"]

_CHUNK: Final = re.compile(r"[ \t]*<<([^<>\n]+)>>[ \t]*\r?")
_BLOCK: Final = re.compile(r"\(\(([0-9A-Fa-f-]{36})\)\)")
_NEED: Final = re.compile(r"[^,\[\]]+|\[\[.*?\]\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """Something that a page names.

    Attributes:
        target: of a page the title as it is written, of a block its id, else the name.
        start, end: where the name stands, in characters.
        declares: whether that is where the thing gets its name.
    """

    kind: Kind
    target: str
    start: int
    end: int
    declares: bool = False


@query()
def mentions(core: Core, path: PagePath) -> tuple[Mention, ...]:
    """Return what a page names, in order; nothing where it cannot be read."""
    found = pages.reading(core, path)
    if not isinstance(found, Page):
        return ()
    text = text_of(core, path)
    every = [*_links(found, text), *_blocks(found, text), *_chunks(found, text)]
    every += _properties(found, text)
    return tuple(sorted(every, key=lambda mention: (mention.start, mention.end)))


def mention_at(core: Core, path: PagePath, offset: int) -> Mention | None:
    """Return what is named at a character of a page.

    Args:
        core: the store.
        path: of the page.
        offset: the character, or the one behind the name.
    """
    around = [m for m in mentions(core, path) if m.start <= offset <= m.end]
    return min(around, key=lambda m: (m.end - m.start, m.start), default=None)


def _links(page: Page, text: Text) -> Iterator[Mention]:
    for title, span in zip(page.links, page.link_spans, strict=True):
        start, end = text.of_byte(span.start), text.of_byte(span.end)
        yield Mention(kind="page", target=title, start=start, end=end)


def _blocks(page: Page, text: Text) -> Iterator[Mention]:
    for reference in page.references:
        start, end = text.of_byte(reference.span.start), text.of_byte(reference.span.end)
        at = text.string.lower().find(reference.target, start, end)
        if at >= 0:
            yield Mention(kind="block", target=reference.target, start=at, end=at + 36)


def _chunks(page: Page, text: Text) -> Iterator[Mention]:
    """The names of chunks in lines of code that are only a reference."""
    for fence in page.fences:
        if "<<" not in fence.code:
            continue
        for line in range(fence.line + 1, fence.line + 1 + fence.code.count("\n")):
            start, _ = text.line_span(line)
            match = _CHUNK.fullmatch(text.line(line))
            if match is None:
                continue
            block = _BLOCK.fullmatch(match[1].strip())
            lead = len(match[1]) - len(match[1].lstrip())
            at = start + match.start(1) + lead
            name = match[1].strip()
            if block is not None:
                uuid = block[1].lower()
                yield Mention(kind="block", target=uuid, start=at + 2, end=at + 38)
            else:
                yield Mention(kind="chunk", target=name, start=at, end=at + len(name))


def _properties(page: Page, text: Text) -> Iterator[Mention]:
    for block in page.blocks:
        for entry in block.properties:
            match entry.key:
                case "id" if block.id is not None:
                    start = _value(entry, text)
                    yield Mention(
                        kind="block", target=block.id, start=start, end=start + 36, declares=True
                    )
                case "tangle.name":
                    start = _value(entry, text)
                    yield Mention(
                        kind="chunk",
                        target=entry.value,
                        start=start,
                        end=start + len(entry.value),
                        declares=True,
                    )
                case "tangle.needs":
                    yield from _needs(entry, text)
                case _:
                    continue


def _needs(entry: Property, text: Text) -> Iterator[Mention]:
    """The sections that a property names; pages in brackets are links."""
    start = _value(entry, text)
    for match in _NEED.finditer(entry.value):
        name = match[0].strip()
        if name and not name.startswith("[["):
            at = start + match.start() + len(match[0]) - len(match[0].lstrip())
            yield Mention(kind="section", target=name, start=at, end=at + len(name))


def _value(entry: Property, text: Text) -> int:
    """Where the value of a property begins, in characters."""
    start, end = text.of_byte(entry.span.start), text.of_byte(entry.span.end)
    at = text.string.find("::", start, end)
    found = text.string.find(entry.value, at + 2, end) if at >= 0 else -1
    return found if found >= 0 else start


def block_of_uuid(core: Core, uuid: str) -> tuple[PagePath, int] | None:
    """Return the page and the line of the block that has an id.

    Args:
        core: the store.
        uuid: the id.
    """
    found = pages.block_of(core, Uuid(uuid))
    if found is None:
        return None
    path, facts = found
    return path, pages.page(core, path).blocks[facts.block].line


def named_chunks(core: Core, path: PagePath) -> Iterator[tuple[str, int]]:
    """Yield the names of a page's chunks, each with the line of its first fence.

    Args:
        core: the store.
        path: of the page.
    """
    for name in pages.facts(core, path).names:
        for known, line in pages.page_anchors(core, path).names:
            if known == name:
                yield name, line
