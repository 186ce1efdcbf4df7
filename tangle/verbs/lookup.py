"""Look up what an argument on the command line names: sections, with how much of each."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from functools import partial
from pathlib import PurePosixPath
from typing import Final, assert_never

from tangle import PAGE_SUFFIXES
from tangle.errors import UsageError
from tangle.link import journal_title, path_matches, title_from_path, title_key
from tangle.model import PagePath
from tangle.notes import UnitRow
from tangle.verbs.addresses import (
    Address,
    BlockOf,
    Day,
    File,
    Glob,
    LineOf,
    Number,
    Part,
    Tag,
    Title,
    comparable,
    globs_of,
    paths_of,
    readings,
)
from tangle.verbs.notes import Notes
from tangle.verbs.parts import Ambiguous, Named, by_number, part_of_page

_SHOWN: Final = 10


class AmbiguousTitle(UsageError):
    """Several pages have such a title."""

    def __init__(self, wanted: str, how: str, names: Sequence[str]) -> None:
        """Report which they are."""
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        which = ", ".join(names[:_SHOWN])
        super().__init__(f"{wanted!r}: {len(names)} pages {how}: {which}{more}; name one in full")


def named_parts(notes: Notes, wanted: str) -> tuple[Named, ...] | None:
    """Return the sections that an argument names; None where it names none.

    A number of a section counts first, then a title, then what the argument looks like, then a
    title that is nearly so, then the beginning of one.

    Args:
        notes: the notes.
        wanted: the argument.

    Raises:
        Ambiguous: it is a number, or a part of a page, that stands in several places.
        AmbiguousTitle: it is nearly the title of several pages, or begins several.
    """
    if numbered_rows := by_number(notes, wanted):
        return tuple(numbered_rows)
    found = readings(wanted, notes.config)
    title = found[0]
    numbered = [reading for reading in found if isinstance(reading, Number)]
    exact = _looked_up(notes, title) or ()
    if exact and not (numbered and _all_in(exact, _by_number(notes, numbered[0].number))):
        return exact
    for reading in found[1:]:
        if (named := _looked_up(notes, reading)) is not None:
            return named
    if isinstance(title, Title):
        return _nearly(notes, wanted, title.title)
    return None


def doubts(notes: Notes, wanted: Iterable[str]) -> Iterator[str]:
    """Yield what else arguments may mean that were taken for titles.

    Args:
        notes: the notes.
        wanted: the arguments.
    """
    for name in wanted:
        title, *others = readings(name, notes.config)
        taken = _looked_up(notes, title) or ()
        if not taken or taken != named_parts(notes, name):
            continue
        for reading in others:
            found = _looked_up(notes, reading) or ()
            if any(chunks for _, chunks in found) and not _all_in(found, taken):
                names = ", ".join(str(row.name) for row, _ in found[:_SHOWN])
                yield f"{name}: the page of that title was taken; it may also mean {names}"
                break


def _all_in(found: Iterable[Named], others: Iterable[Named] | None) -> bool:
    names = {row.name for row, _ in others or ()}
    return all(row.name in names for row, _ in found)


def _looked_up(notes: Notes, address: Address) -> tuple[Named, ...] | None:
    match address:
        case Number(number=number):
            found = _by_number(notes, number)
        case File(path=path):
            found = _by_path(notes, path)
        case Part(page=page, part=part):
            found = _to_part(notes, page, part)
        case Title() | Day() | Tag() | Glob():
            found = _whole(_meant(notes, address))
        case LineOf() | BlockOf():  # one block with what it needs: not selected here
            found = None
        case _:
            assert_never(address)
    return found


def _meant(notes: Notes, address: Title | Day | Tag | Glob) -> Iterable[UnitRow]:
    match address:
        case Title(title=title, linked=linked):
            rows = titled(notes, title)
            return (linked and [row for row in rows if not row.section.number]) or rows
        case Day(day=day):
            return titled(notes, journal_title(day, notes.config.journal_format))
        case Tag(tag=tag):
            return _on_pages(notes, notes.pages_tagged(tag))
        case Glob(glob=glob):
            return _matching(notes, glob)
        case _:
            assert_never(address)


def _whole(rows: Iterable[UnitRow]) -> tuple[Named, ...] | None:
    return tuple((row, len(row.chunks)) for row in rows) or None


def _on_pages(notes: Notes, paths: Iterable[PagePath]) -> list[UnitRow]:
    wanted = set(paths)
    return [
        row
        for row in notes.rows
        if row.section.page in wanted or any(chunk.page in wanted for chunk in row.chunks)
    ]


# --- titles ---------------------------------------------------------------------------------------


def titled(notes: Notes, title: str) -> list[UnitRow]:
    """Return the sections with that very title, or else those of the page with that other name.

    Args:
        notes: the notes.
        title: of a section or a page, or the name of a section.
    """
    exact = [row for row in notes.rows if title in (row.name, row.section.title)]
    page = notes.page_of_title(title)
    if exact or page is None:
        return exact
    key = title_key(title)
    if any(title_key(row.section.title) == key and row.section.page != page for row in notes.rows):
        return []  # several titles differ in case alone, and it is none of them
    return _on_pages(notes, [page])


def _nearly(notes: Notes, wanted: str, title: str) -> tuple[Named, ...] | None:
    """Return the one page whose title is nearly so, or begins so; else what has no code."""
    own = comparable(title)
    if not own:
        return None
    same: Callable[[str], bool] = own.__eq__
    for how, is_meant in (
        ("have this title but for its case or form", same),
        ("have titles that begin so", partial(_begins, own)),
    ):
        pages = _pages_called(notes, is_meant)
        if len(pages) > 1:
            raise AmbiguousTitle(wanted, how, [_name_of(notes, page) for page in pages])
        if pages:
            return _whole(_on_pages(notes, pages))
    return () if notes.page_of_title(title) is not None else None


def _begins(own: str, other: str) -> bool:
    return other.startswith(own)


def _pages_called(notes: Notes, is_meant: Callable[[str], bool]) -> list[PagePath]:
    """Return the pages with code of which a title or an alias is meant."""
    coded = {row.section.page for row in notes.rows if row.chunks}
    found = [
        row.section.page
        for row in notes.rows
        if row.chunks
        and (is_meant(comparable(row.section.title)) or is_meant(comparable(row.name)))
    ]
    found += [
        page
        for name, page in notes.names_of_pages().items()
        if page in coded and is_meant(comparable(name))
    ]
    return list(dict.fromkeys(found))


def _name_of(notes: Notes, page: PagePath) -> str:
    return next((row.name for row in notes.rows if row.section.page == page), page)


# --- paths ----------------------------------------------------------------------------------------


def _by_path(notes: Notes, path: str) -> tuple[Named, ...] | None:
    """Return the sections on the page, or below the folder, that a path means."""
    if found := pages_at(notes, path):
        return _whole(_on_pages(notes, found)) or ()
    if not path.endswith(PAGE_SUFFIXES):
        return None
    title = title_from_path(PagePath(path), notes.config.name_format)
    same = [page for page in notes.pages if PurePosixPath(page).name == path]
    return _whole(_on_pages(notes, same)) if same else _whole(titled(notes, title))


def pages_at(notes: Notes, path: str) -> list[PagePath]:
    """Return the page at a path, with or without its suffix, or the pages below that folder.

    Args:
        notes: the notes.
        path: as it was typed.
    """
    for candidate in paths_of(notes.project, path):
        if page := _page_at(notes, candidate) or _page_at(notes, f"{candidate}.md"):
            return [page]
        if below := [page for page in notes.pages if page.startswith(_folder(candidate))]:
            return below
    return []


def page_called(notes: Notes, name: str) -> PagePath | None:
    """Return the page that a title, the name of a section, or a path means.

    Args:
        notes: the notes.
        name: as it was typed.
    """
    if (page := notes.page_of_title(name)) is not None:
        return page
    at = (_page_at(notes, path) for path in paths_of(notes.project, name))
    return next(filter(None, at), None) or next(
        (row.section.page for row in titled(notes, name)), None
    )


def _folder(path: str) -> str:
    return f"{path}/" if path else ""


def _page_at(notes: Notes, path: str) -> PagePath | None:
    """Return the page of a path; one in another Unicode form is the same."""
    if path in notes.pages:
        return PagePath(path)
    if path.isascii():
        return None
    form = unicodedata.normalize("NFC", path)
    return next((page for page in notes.pages if unicodedata.normalize("NFC", page) == form), None)


def _matching(notes: Notes, glob: str) -> Iterator[UnitRow]:
    """Yield the sections with code of which the title, or the page's path, matches."""
    paths = globs_of(notes.project, glob)
    titled = comparable(glob)
    for row in notes.rows:
        titles = (row.section.title, row.name)
        if row.chunks and (
            any(fnmatchcase(comparable(title), titled) for title in titles)
            or any(path_matches(row.section.page, path) for path in paths)
        ):
            yield row


# --- parts ----------------------------------------------------------------------------------------


def _by_number(notes: Notes, number: tuple[int, ...]) -> tuple[Named, ...] | None:
    """Return the sections that a number means; None where it means none, or several."""
    try:
        return tuple(by_number(notes, ".".join(map(str, number)))) or None
    except Ambiguous:
        return None


def _to_part(notes: Notes, name: str, part: str) -> tuple[Named, ...] | None:
    """Return the sections of a page, up to the end of one of its parts."""
    page = page_called(notes, name)
    if page is None or page not in notes.pages:
        return None
    return tuple(part_of_page(notes, page, part)) or None
