"""What is known of a name, a page, a block or a chunk, shown where it is."""

from __future__ import annotations

from typing import Final

from lsprotocol import types

from tangle.analyse import ChunkCode
from tangle.link import KNOWN
from tangle.lsp.mentions import Mention, mention_at
from tangle.lsp.names import (
    Standing,
    chunk_of,
    definitions,
    meaning,
    standing_at,
    statement_of,
)
from tangle.lsp.navigation import targets
from tangle.lsp.session import Session
from tangle.model import Page, PagePath, SectionName
from tangle.notes import pages, units
from tangle.write import stored_outputs

_CODE_LINES: Final = 12
_OUTPUT_LINES: Final = 20
_SHOWN_LINES: Final = 8


def hover(session: Session, path: PagePath, offset: int) -> types.Hover | None:
    """Return what is known of what is at a character.

    Args:
        session: the notes.
        path: of the page.
        offset: the character.
    """
    named = mention_at(session.core, path, offset)
    if named is not None:
        text, span = _of_mention(session, named), (named.start, named.end)
    else:
        found = standing_at(session.core, path, offset)
        parts = dict.fromkeys(filter(None, (_of_name(session, standing) for standing in found)))
        text = "\n\n---\n\n".join(parts)
        span = (found[0].start, found[0].end) if found else (offset, offset)
        if not text:
            text, span = _of_property(session, path, offset)
    if not text:
        return None
    content = types.MarkupContent(kind=types.MarkupKind.Markdown, value=text)
    return types.Hover(contents=content, range=session.range(path, *span))


# --- names ----------------------------------------------------------------------------------------


def _of_name(session: Session, standing: Standing) -> str:
    core = session.core
    meant = meaning(core, standing)
    if meant is None:
        return _of_supplied(session, standing)
    places = definitions(core, meant, standing.position)
    if not places:
        return ""
    place = places[0]
    section = chunk_of(core, place).occurrence.section
    at = f"{session.project.shown(place.path)}:{place.found.place.line}"
    how = "defined in"
    if meant.borrowed is not None:
        how = "borrowed from"
    elif meant.unit != standing.unit:
        how = "saved in"
    parts = [f"**{meant.name}**: {how} {section} ({at})", _code(session, place)]
    output = _output(session, chunk_of(core, place))
    if output:
        parts.append(f"Last output:\n\n{output}")
    return "\n\n".join(parts)


def _of_supplied(session: Session, standing: Standing) -> str:
    """The import that is supplied for a name which nothing defines."""
    if standing.found.kind != "uses":
        return ""
    for entry in units.session(session.core, standing.unit).prelude:
        if entry.kind == "supplied" and standing.found.name in entry.names:
            return f"**{standing.found.name}**: supplied import\n\n{_fenced(entry.text)}"
    return ""


def _code(session: Session, place: Standing) -> str:
    chunk = chunk_of(session.core, place)
    lines = [line.text for line in chunk.lines(statement_of(session.core, place))]
    if len(lines) > _CODE_LINES:
        lines = [*lines[:_CODE_LINES], "..."]
    return _fenced("\n".join(lines))


def _fenced(text: str, language: str = "python") -> str:
    ticks = "```"
    while ticks in text:
        ticks += "`"
    return f"{ticks}{language}\n{text}\n{ticks}"


def _output(session: Session, chunk: ChunkCode) -> str:
    """The output of a chunk as it is in the notes."""
    page = session.page(chunk.occurrence.page)
    if page is None:
        return ""
    lines = [
        line
        for stored in stored_outputs(page)
        if stored.host == chunk.occurrence.host and not stored.chunk_gone
        for line in stored.lines
        if not line.startswith("```")
    ]
    if not any(line.strip() for line in lines):
        return ""
    if len(lines) > _OUTPUT_LINES:
        lines = [*lines[:_OUTPUT_LINES], "..."]
    return _fenced("\n".join(lines), "text")


# --- what pages name ------------------------------------------------------------------------------


def _of_mention(session: Session, named: Mention) -> str:
    found = targets(session.core, named)
    if not found:
        return ""
    path, line = found[0]
    at = f"{session.project.shown(path)}:{line}"
    page = session.page(path)
    if page is None:
        return ""
    match named.kind:
        case "chunk":
            chunks = [c for c in pages.chunks(session.core, path) if c.line == line]
            code = "\n".join(chunks[0].code.split("\n")[:_CODE_LINES]) if chunks else ""
            return f"**<<{named.target}>>** ({at})\n\n{_fenced(code)}"
        case "section":
            title = pages.section_title(session.core, SectionName(named.target))
            return f"**{named.target}** {title} ({at})"
        case "page":
            return f"**{pages.facts(session.core, path).title}** ({at})\n\n{_first(page, line)}"
        case "block":
            return f"{_first(page, line)}\n\n({at})"


def _first(page: Page, line: int) -> str:
    """The first lines of a page from a line on."""
    text = page.data.decode("utf-8-sig", "replace").split("\n")
    return "\n".join(text[line - 1 : line - 1 + _SHOWN_LINES]).rstrip()


def _of_property(session: Session, path: PagePath, offset: int) -> tuple[str, tuple[int, int]]:
    """What a property of tangle takes, where its key is at a character."""
    page, text = session.page(path), session.text(path)
    line = text.line_of(offset)
    start, _ = text.line_span(line)
    for block in page.blocks if page is not None else ():
        for entry in block.properties:
            if entry.line == line and entry.key in KNOWN:
                at = text.string.find(entry.name, start)
                if at <= offset <= at + len(entry.name):
                    words = f"**{entry.key}**: {KNOWN[entry.key]}"
                    return words, (at, at + len(entry.name))
    return "", (offset, offset)
