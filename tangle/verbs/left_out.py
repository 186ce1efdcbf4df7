"""Refuse sections and chunks that cannot run because their pages were left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Final, assert_never

from tangle.errors import TangleError
from tangle.link import journal_title, title_from_path, title_key
from tangle.model import Problem
from tangle.model.problems.page import MERGE_CONFLICT, NOT_DOWNLOADED, SYNC_COPY
from tangle.notes import units_alone
from tangle.parse import parse
from tangle.verbs.addresses import (
    BlockOf,
    Day,
    File,
    Glob,
    LineOf,
    Number,
    Part,
    Tag,
    Title,
    paths_of,
    readings,
)
from tangle.verbs.notes import Notes
from tangle.verbs.selection import Selected, select, select_all
from tangle.verbs.sources import shown
from tangle.verbs.unknown_names import UnknownSection

UNSURE: Final = frozenset({MERGE_CONFLICT.code, NOT_DOWNLOADED.code})
"""Problems for which pages with code, or possibly with code, are left out."""


class LeftOut(TangleError):
    """A section is on a page that was left out, so it does not run, not even in part."""

    def __init__(self, section: str, problem: Problem) -> None:
        """Tell which section, and what is wrong with its page."""
        hint = f"; {problem.hint}" if problem.hint else ""
        super().__init__(f"{problem.place}: section {section}: {problem.message}{hint}")


def chosen(loaded: Notes, sections: Sequence[str] | None) -> tuple[Selected, ...]:
    """Return the requested sections; refuse those on pages that were left out.

    Args:
        loaded: the notes.
        sections: names as `select` takes them; None for all sections that have code to run, of
            which those that stand in part on a page that was left out are not run.

    Raises:
        UnknownSection: a name means no section.
        NoCode: it means one without code.
        LeftOut: it means one on a page that was left out.
    """
    names = _names(loaded)
    if sections is None:
        found = (one for one in select_all(loaded) if one.session.name not in names)
        return tuple(one for one in found if any(c.code.runs for c in one.session.chunks))
    for wanted in sections if names else ():
        if (problem := _meant(_keys(loaded, wanted), names)) is not None:
            raise LeftOut(wanted, shown(loaded.project, problem))
    try:
        selected = select(loaded, sections)
    except UnknownSection as error:
        raise error.beside([problem.place.path for problem in loaded.unread]) from None
    for one in selected:
        if (problem := names.get(one.session.name)) is not None:
            raise LeftOut(one.session.name, shown(loaded.project, problem))
    return selected


def _names(loaded: Notes) -> Mapping[str, Problem]:
    """What pages that were left out, and sections on them, are called, as far as that is known."""
    left_out = (*loaded.unread, *(p for p in loaded.sources.notices if p.code == SYNC_COPY.code))
    return {name: problem for problem in left_out for name in _names_on(loaded, problem)}


def _names_on(loaded: Notes, problem: Problem) -> Iterator[str]:
    path = problem.place.path
    yield path
    yield title_key(PurePosixPath(path).stem)
    yield title_key(title_from_path(path, loaded.config.name_format))
    if path not in loaded.sources.digests:
        return
    page = parse(loaded.sources.data[path], path, errors="replace")
    for unit in units_alone(page, loaded.config, loaded.project.options.book):
        for section in (unit.section, *unit.parts):
            yield section.name
            yield title_key(section.title)


def _keys(loaded: Notes, wanted: str) -> Iterator[str]:
    """Yield the names of pages and sections that an argument may mean."""
    for reading in readings(wanted, loaded.config):
        match reading:
            case Title(title=title):
                yield title
            case Part(page=title) | LineOf(page=title):
                yield title
            case File(path=path):
                yield from paths_of(loaded.project, path)
            case Day(day=day):
                yield journal_title(day, loaded.config.journal_format)
            case Number() | Tag() | Glob() | BlockOf():
                pass  # a number is a title, too; the others mean pages that are read
            case _:
                assert_never(reading)


def _meant(keys: Iterable[str], names: Mapping[str, Problem]) -> Problem | None:
    """The problem of the page that an argument means, or that a section of a chapter stands on."""
    for key in keys:
        name = key.rstrip(".")
        if (found := names.get(name) or names.get(title_key(key))) is not None:
            return found
        if name.replace(".", "").isdecimal():
            inside = (problem for known, problem in names.items() if known.startswith(f"{name}."))
            return next(inside, None)
    return None
