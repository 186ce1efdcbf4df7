"""Rename Python names and chunks over all pages, whole or not at all."""

from __future__ import annotations

import ast
import builtins
import keyword
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from lsprotocol import types

from tangle.lsp.mentions import Mention, mention_at
from tangle.lsp.names import (
    Meaning,
    Standing,
    meaning,
    meaning_in,
    places_of,
    saved_statements,
    standing_at,
    statement_of,
)
from tangle.lsp.navigation import same_mentions
from tangle.lsp.session import Session
from tangle.model import PagePath, Place
from tangle.notes import pages, units

_CHUNK_NAME: Final = re.compile(r"[^<>\n\s](?:[^<>\n]*[^<>\n\s])?")


class CannotRename(Exception):
    """Nothing is renamed; the message says why, and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A place whose text a rename replaces, in characters."""

    path: PagePath
    start: int
    end: int


def prepare(session: Session, path: PagePath, offset: int) -> types.Range:
    """Return the place of the name that would be renamed.

    Args:
        session: the notes.
        path: of the page.
        offset: a character of the name.

    Raises:
        CannotRename: it cannot be renamed.
    """
    named = mention_at(session.core, path, offset)
    if named is not None:
        _check_kind(named)
        return session.range(path, named.start, named.end)
    _, standing = _meant(session, path, offset)
    return session.range(path, standing.start, standing.end)


def rename(session: Session, path: PagePath, offset: int, name: str) -> types.WorkspaceEdit:
    """Return the edits that rename what is at a character.

    Args:
        session: the notes.
        path: of the page.
        offset: a character of the name.
        name: the new one.

    Raises:
        CannotRename: nothing can be renamed safely.
    """
    named = mention_at(session.core, path, offset)
    if named is not None:
        spots = _chunk_spots(session, named, name)
    else:
        meant, _ = _meant(session, path, offset)
        spots = _name_spots(session, meant, name)
    _check_files(session, {spot.path for spot in spots})
    return _edit(session, spots, name)


def _edit(session: Session, spots: Iterable[Spot], name: str) -> types.WorkspaceEdit:
    by_page: dict[PagePath, list[types.TextEdit]] = {}
    for spot in spots:
        edit = types.TextEdit(range=session.range(spot.path, spot.start, spot.end), new_text=name)
        by_page.setdefault(spot.path, []).append(edit)
    changes = [session.document_edit(path, edits) for path, edits in by_page.items()]
    return types.WorkspaceEdit(document_changes=[*changes])


def _check_files(session: Session, paths: Iterable[PagePath]) -> None:
    for path in sorted(paths):
        if session.changed_on_disk(path):
            shown = session.project.shown(path)
            raise CannotRename(
                f"{shown} was changed on disk; nothing is renamed: reload it and try again"
            )


# --- chunks ---------------------------------------------------------------------------------------


def _check_kind(named: Mention) -> None:
    if named.kind != "chunk":
        what = {"page": "pages", "block": "block ids", "section": "sections"}[named.kind]
        raise CannotRename(f"{what} are not renamed here; rename them in Logseq")


def _chunk_spots(session: Session, named: Mention, name: str) -> list[Spot]:
    _check_kind(named)
    if _CHUNK_NAME.fullmatch(name) is None:
        raise CannotRename(
            f"{name!r} cannot be a chunk's name; use one without < and >, and without blanks "
            "around it"
        )
    found = list(same_mentions(session, named))
    if len([mention for _, mention in found if mention.declares]) != 1:
        raise CannotRename(f"not exactly one block is named {named.target!r}; see `tangle check`")
    other = Mention(kind="chunk", target=name, start=0, end=0)
    if any(True for _ in same_mentions(session, other)):
        raise CannotRename(f"a chunk is named {name!r} already; choose another name")
    return [Spot(path=path, start=mention.start, end=mention.end) for path, mention in found]


# --- Python names ---------------------------------------------------------------------------------


def _meant(session: Session, path: PagePath, offset: int) -> tuple[Meaning, Standing]:
    """What the name at a character means, and where it occurs."""
    standings = standing_at(session.core, path, offset)
    for standing in standings:
        meant = meaning(session.core, standing)
        if meant is not None and meant.name == standing.found.name:
            return meant, standing
    if standings:
        name = standings[0].found.name
        raise CannotRename(f"{name} is not defined in the notes, so it is not renamed")
    raise CannotRename("there is no name of the notes here; local names are not renamed")


def _name_spots(session: Session, meant: Meaning, name: str) -> list[Spot]:
    core = session.core
    _check_name(name)
    if name == meant.name:
        return []
    places = list(places_of(core, meant))
    _check_definition(session, meant, places)
    for standing in places:
        if not standing.found.exact:
            raise CannotRename(
                f"{_at(session, standing.found.place)}: {meant.name} is written in another way "
                "here; nothing is renamed"
            )
    _check_free(session, meant, places, name)
    return [Spot(path=s.path, start=s.start, end=s.end) for s in places]


def _check_name(name: str) -> None:
    if not name.isidentifier() or keyword.iskeyword(name):
        raise CannotRename(f"{name!r} is no name in Python; choose another")
    if hasattr(builtins, name):
        raise CannotRename(f"{name!r} would hide Python's own {name}; choose another name")


def _check_definition(session: Session, meant: Meaning, places: Sequence[Standing]) -> None:
    core = session.core
    bound = [s for s in places if s.found.kind == "binds" and s.unit == meant.unit]
    if not bound:
        raise CannotRename(f"{meant.name} has no place of definition; nothing is renamed")
    for standing in bound:
        if isinstance(statement_of(core, standing).node, ast.Import | ast.ImportFrom):
            raise CannotRename(
                f"{_at(session, standing.found.place)}: {meant.name} is imported; give it another "
                "name there with `as`"
            )
    others = {p.unit for p in saved_statements(core, "").get(meant.name, ())} - {meant.unit}
    if others:
        names = ", ".join(sorted(str(pages.unit_at(core, unit)) for unit in others))
        raise CannotRename(f"{meant.name} is saved in {names}, too; nothing is renamed")


def _check_free(session: Session, meant: Meaning, places: Sequence[Standing], name: str) -> None:
    """Check that the new name means nothing yet where the old one is used."""
    core = session.core
    if name in saved_statements(core, ""):
        raise CannotRename(f"{name} is saved already; choose another name")
    word = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
    for unit in sorted({meant.unit, *(standing.unit for standing in places)}):
        if meaning_in(core, unit, name) is not None:
            raise CannotRename(
                f"{name} is defined in {pages.unit_at(core, unit)}, or borrowed there; choose "
                "another name"
            )
        for code in units.code(core, unit).chunks:
            place = Place(path=code.chunk.page, line=code.chunk.line)
            old = re.search(rf"(?<!\w){re.escape(meant.name)}(?!\w)", code.source)
            if code.broken and old:
                raise CannotRename(
                    f"{_at(session, place)}: this chunk cannot be read, and names {meant.name}; "
                    "repair it first"
                )
            if word.search(code.source):
                raise CannotRename(
                    f"{_at(session, place)}: {name} is used in this chunk already; choose another "
                    "name"
                )


def _at(session: Session, place: Place) -> str:
    return f"{session.project.shown(place.path)}:{place.line}"
