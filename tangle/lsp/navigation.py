"""Where things are defined, and where they are named."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from lsprotocol import types

from tangle.link import title_key
from tangle.lsp.mentions import Mention, block_of_uuid, mention_at, mentions, named_chunks
from tangle.lsp.names import (
    Standing,
    definitions,
    meaning,
    places_of,
    standing_at,
)
from tangle.lsp.session import Session
from tangle.model import PagePath, SectionName
from tangle.notes import Core, page_of_title, pages
from tangle.notes.core import listing


def definition(session: Session, path: PagePath, offset: int) -> list[types.Location]:
    """Return where what is at a character is defined.

    Args:
        session: the notes.
        path: of the page.
        offset: the character.
    """
    found = mention_at(session.core, path, offset)
    if found is not None:
        return [
            types.Location(uri=session.uri_of(at), range=session.line_range(at, line))
            for at, line in targets(session.core, found)
        ]
    locations: dict[tuple[PagePath, int], types.Location] = {}
    for standing in standing_at(session.core, path, offset):
        for place in _definitions(session.core, standing):
            at = place.path, place.start
            locations[at] = session.location(place.path, place.start, place.end)
    return list(locations.values())


def _definitions(core: Core, standing: Standing) -> list[Standing]:
    meant = meaning(core, standing)
    return [] if meant is None else definitions(core, meant, standing.position)


def targets(core: Core, mention: Mention) -> list[tuple[PagePath, int]]:
    """Return the pages and lines that a mention leads to.

    Args:
        core: the store.
        mention: in a page.
    """
    match mention.kind:
        case "page":
            page = page_of_title(core, mention.target)
            return [] if page is None else [(page, 1)]
        case "block":
            block = block_of_uuid(core, mention.target)
            return [] if block is None else [block]
        case "chunk":
            return list(_chunks(core, mention.target))
        case "section":
            return list(_sections(core, mention.target))


def _chunks(core: Core, name: str) -> Iterator[tuple[PagePath, int]]:
    for path in listing(core, ""):
        for known, line in named_chunks(core, path):
            if known == name:
                yield path, line


def _sections(core: Core, name: str) -> Iterator[tuple[PagePath, int]]:
    head = pages.head(core, SectionName(name))
    if head is not None:
        yield head.section.page, head.section.line
        return
    page = page_of_title(core, name)
    if page is not None:
        yield page, 1


# --- references -----------------------------------------------------------------------------------


def references(
    session: Session, path: PagePath, offset: int, *, declaration: bool
) -> list[types.Location]:
    """Return all places that name what is at a character.

    Args:
        session: the notes.
        path: of the page.
        offset: the character.
        declaration: whether the place counts where it is defined.
    """
    found = mention_at(session.core, path, offset)
    if found is not None:
        return [
            session.location(at, mention.start, mention.end)
            for at, mention in same_mentions(session, found)
            if declaration or not mention.declares
        ]
    places: dict[tuple[PagePath, int], types.Location] = {}
    for standing in standing_at(session.core, path, offset):
        meant = meaning(session.core, standing)
        if meant is None:
            continue
        defined = {(d.path, d.start) for d in definitions(session.core, meant)}
        for place in places_of(session.core, meant):
            if declaration or (place.path, place.start) not in defined:
                at = place.path, place.start
                places[at] = session.location(place.path, place.start, place.end)
    return [places[at] for at in sorted(places)]


def same_mentions(session: Session, wanted: Mention) -> Iterator[tuple[PagePath, Mention]]:
    """Yield all mentions of what one mention names, in order of path.

    Args:
        session: the notes.
        wanted: the mention.
    """
    core = session.core
    key = _key(core, wanted)
    words = _words(core, wanted)
    for path in session.paths():
        text = _comparable(core.data(path).decode("utf-8", "replace"))
        if any(word in text for word in words):
            for mention in mentions(core, path):
                if mention.kind == wanted.kind and _key(core, mention) == key:
                    yield path, mention


def _key(core: Core, mention: Mention) -> str:
    """What is equal for all mentions of one thing."""
    if mention.kind == "page":
        return page_of_title(core, mention.target) or title_key(mention.target)
    return mention.target


def _words(core: Core, wanted: Mention) -> set[str]:
    """Words of which one occurs in every page that names a thing."""
    words = {_comparable(wanted.target)}
    page = page_of_title(core, wanted.target) if wanted.kind == "page" else None
    if page is not None:
        names = pages.index(core, "").names
        words.update(_comparable(name) for name, path in names.items() if path == page)
    return words


def _comparable(text: str) -> str:
    return text.casefold() if text.isascii() else unicodedata.normalize("NFC", text).casefold()
