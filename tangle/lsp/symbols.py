"""The outline of a page, what can be folded in it, and symbols of all pages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lsprotocol import types

from tangle.lsp.mentions import named_chunks
from tangle.lsp.names import names_in, saved_statements
from tangle.lsp.session import Session
from tangle.lsp.texts import Text
from tangle.model import Chunk, Fence, Page, PagePath
from tangle.notes import pages

_MOST: Final = 500
"""The most symbols that a search returns."""


def document_symbols(session: Session, path: PagePath) -> list[types.DocumentSymbol]:
    """Return headings, sections and chunks of a page as a tree.

    Args:
        session: the notes.
        path: of the page.
    """
    page = session.page(path)
    if page is None:
        return []
    sections = {e.block: e.name for e in pages.outlined(session.core, path).outline.found}
    chunks: dict[int, list[Chunk]] = {}
    for chunk in pages.chunks(session.core, path):
        chunks.setdefault(chunk.block, []).append(chunk)
    top: list[types.DocumentSymbol] = []
    around: list[tuple[int, list[types.DocumentSymbol]]] = [(0, top)]
    for index, block in enumerate(page.blocks):
        while around[-1][0] >= block.level:
            around.pop()
        if block.heading or index in sections:
            symbol = _heading(session, page, index)
            around[-1][1].append(symbol)
            inner: list[types.DocumentSymbol] = []
            symbol.children = inner
            around.append((block.level, inner))
        around[-1][1].extend(_chunk(session, page, chunk) for chunk in chunks.get(index, ()))
    return top


def _heading(session: Session, page: Page, index: int) -> types.DocumentSymbol:
    block = page.blocks[index]
    text = session.text(page.path)
    start = text.of_byte(block.span.start)
    end = text.of_byte(page.blocks[_last_below(page, index)].content)
    own = session.line_range(page.path, block.line)
    return types.DocumentSymbol(
        name=block.title.strip() or "(untitled)",
        kind=types.SymbolKind.String if block.heading else types.SymbolKind.Module,
        range=_holding(session.range(page.path, start, max(start, end)), own),
        selection_range=own,
    )


def _chunk(session: Session, page: Page, chunk: Chunk) -> types.DocumentSymbol:
    fence = next(fence for fence in page.fences if fence.line == chunk.line)
    text = session.text(page.path)
    own = session.line_range(page.path, chunk.line)
    whole = session.range(page.path, *_span(text, fence))
    first = next((line.strip() for line in fence.code.split("\n") if line.strip()), "")
    return types.DocumentSymbol(
        name=chunk.settings.name or first or "(empty chunk)",
        detail=f"chunk, line {chunk.line}",
        kind=types.SymbolKind.Function,
        range=_holding(whole, own),
        selection_range=own,
    )


def _span(text: Text, fence: Fence) -> tuple[int, int]:
    """Where a fence begins, and where its last line ends, in characters."""
    start, end = text.of_byte(fence.span.start), text.of_byte(fence.span.end)
    return start, start + len(text.string[start:end].rstrip("\r\n"))


def _holding(outer: types.Range, inner: types.Range) -> types.Range:
    """A range that holds another, as the protocol requires of a symbol's."""
    starts = sorted((outer.start, inner.start), key=_key)
    ends = sorted((outer.end, inner.end), key=_key)
    return types.Range(start=starts[0], end=ends[1])


def _key(position: types.Position) -> tuple[int, int]:
    return position.line, position.character


def _last_below(page: Page, index: int) -> int:
    last = index
    while last + 1 < len(page.blocks) and page.blocks[last + 1].level > page.blocks[index].level:
        last += 1
    return last


def folding_ranges(session: Session, path: PagePath) -> list[types.FoldingRange]:
    """Return what can be folded: blocks with what is below them, and code.

    Args:
        session: the notes.
        path: of the page.
    """
    page = session.page(path)
    if page is None:
        return []
    text = session.text(path)
    found: dict[tuple[int, int], None] = {}
    for index, block in enumerate(page.blocks):
        last = page.blocks[_last_below(page, index)]
        span = text.of_byte(block.span.start), text.of_byte(last.content)
        found[_lines(session, path, *span)] = None
    for fence in page.fences:
        found[_lines(session, path, *_span(text, fence))] = None
    return [
        types.FoldingRange(start_line=first, end_line=last) for first, last in found if last > first
    ]


def _lines(session: Session, path: PagePath, start: int, end: int) -> tuple[int, int]:
    found = session.range(path, start, end)
    return found.start.line, found.end.line


# --- all pages ------------------------------------------------------------------------------------


def workspace_symbols(session: Session, wanted: str) -> list[types.WorkspaceSymbol]:
    """Return pages, sections, named chunks and saved names that have the given letters.

    Args:
        session: the notes.
        wanted: letters in their order; without any, everything matches.
    """
    found: list[types.WorkspaceSymbol] = []
    for symbol in _symbols(session, wanted):
        found.append(symbol)
        if len(found) == _MOST:
            break
    return found


def _symbols(session: Session, wanted: str) -> Iterator[types.WorkspaceSymbol]:
    core = session.core
    for name, positions in saved_statements(core, "").items():
        if not _matches(name, wanted):
            continue
        for standing in names_in(core, positions[-1].unit):
            if standing.found.name == name and standing.position == positions[-1]:
                yield types.WorkspaceSymbol(
                    name=name,
                    kind=types.SymbolKind.Function,
                    location=session.location(standing.path, standing.start, standing.end),
                    container_name=pages.unit_at(core, standing.unit),
                )
                break
    yield from _of_pages(session, wanted)
    yield from _of_sections(session, wanted)


def _of_pages(session: Session, wanted: str) -> Iterator[types.WorkspaceSymbol]:
    core = session.core
    for path in session.paths():
        facts = pages.facts(core, path)
        if facts.unread is None and _matches(facts.title, wanted):
            yield _at_line(session, facts.title, types.SymbolKind.File, path, 1)
        for name, line in named_chunks(core, path):
            if _matches(name, wanted):
                yield _at_line(session, name, types.SymbolKind.Object, path, line)


def _of_sections(session: Session, wanted: str) -> Iterator[types.WorkspaceSymbol]:
    for unit in pages.units(session.core, "").units:
        for section in (unit.section, *unit.parts):
            label = f"{section.name} {section.title}".strip()
            if section.number and _matches(label, wanted):
                yield _at_line(session, label, types.SymbolKind.Module, section.page, section.line)


def _at_line(
    session: Session, name: str, kind: types.SymbolKind, path: PagePath, line: int
) -> types.WorkspaceSymbol:
    location = types.Location(uri=session.uri_of(path), range=session.line_range(path, line))
    return types.WorkspaceSymbol(name=name, kind=kind, location=location)


def _matches(name: str, wanted: str) -> bool:
    """Whether a name has the given letters in their order, whatever their case."""
    letters = iter(name.casefold())
    return all(letter in letters for letter in wanted.casefold() if not letter.isspace())
