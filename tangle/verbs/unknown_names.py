"""Report a name on the command line that names nothing, with what may have been meant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from tangle import PAGE_SUFFIXES
from tangle.errors import UsageError
from tangle.link import journal_title, number_text
from tangle.model import PagePath
from tangle.near_names import did_you_mean, nearest, question
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
    readings,
)
from tangle.verbs.lookup import page_called, titled
from tangle.verbs.notes import Notes
from tangle.verbs.parts import has_part, headings

_SHOWN: Final = 10
_LIST: Final = "`tangle list` shows what has code"


class UnknownSection(UsageError):
    """Nothing in the graph has that name."""

    def __init__(self, what: str, hint: str = "") -> None:
        """Say what there is not, and what may have been meant.

        Args:
            what: `no section or page 'x'`.
            hint: the way out; without one, the list of what there is.
        """
        super().__init__(f"{what}; {hint or _LIST}")

    def beside(self, unread: Sequence[str]) -> UnknownSection:
        """The same error, with the pages that it may stand on."""
        if unread:
            others = f" and {len(unread) - 1} more" if len(unread) > 1 else ""
            self.args = (f"{self}; it may stand on a page that is left out: {unread[0]}{others}",)
        return self


class NoCode(UsageError):
    """The section has no code to run."""

    def __init__(self, wanted: str, *, excluded: bool = False) -> None:
        """Say which section, and whether the configuration excludes its page."""
        if excluded:
            why = "its page is excluded"
            hint = "see include, exclude and exclude_tags in tangle.toml"
        else:
            why, hint = "it has no code", "`tangle list` shows what has code"
        super().__init__(f"{wanted!r}: {why}; {hint}")


def unknown(notes: Notes, wanted: str) -> UnknownSection | NoCode:
    """Return the error for a name that names nothing with code.

    Args:
        notes: the notes.
        wanted: the name as it was typed.
    """
    if not any(row.chunks for row in notes.rows):
        return UnknownSection(f"no section or page {wanted!r}", "there is no Python in this graph")
    for reading in readings(wanted, notes.config)[1:]:
        error = _of_set(notes, wanted, reading) or _of_page(notes, wanted, reading)
        if error is not None:
            return error
    return UnknownSection(
        f"no section or page {wanted!r}", did_you_mean(wanted, known_names(notes))
    )


def _of_set(notes: Notes, wanted: str, reading: Address) -> UnknownSection | None:
    """Return the error for a name of one or several sections by what they have in common."""
    match reading:
        case Number(number=number):
            return _no_number(notes, wanted, number)
        case Tag(tag=tag):
            hint = did_you_mean(f"#{tag}", (f"#{name}" for name in notes.tags()))
            return UnknownSection(f"no page with code has the tag '#{tag}'", hint)
        case Day(day=day):
            title = journal_title(day, notes.config.journal_format)
            return UnknownSection(f"no code on the journal page of {day} ({title!r})")
        case Glob():
            return UnknownSection(f"no section or page with code matches {wanted!r}")
        case _:
            return None


def _of_page(notes: Notes, wanted: str, reading: Address) -> UnknownSection | NoCode | None:
    """Return the error for a name of a page, or of a place on one."""
    match reading:
        case Part(page=name, part=part):
            if (page := page_called(notes, name)) is not None:
                return _no_part(notes, wanted, page, part)
            return _no_page(notes, name, f"#{part}")
        case LineOf(page=name, line=line) if page_called(notes, name) is None:
            return _no_page(notes, name, f":{line}")
        case LineOf() | BlockOf():
            only = "`tangle run` alone takes a line of a page or the id of a block"
            return UnknownSection(f"no section or page {wanted!r}", only)
        case File(path=path) if "/" in path or path.endswith(PAGE_SUFFIXES):
            return _no_file(notes, path)
        case _:
            return None


def _no_page(notes: Notes, name: str, place: str) -> UnknownSection:
    """Return the error for a place on a page that does not exist."""
    near = [f"{title}{place}" for title in nearest(name, known_names(notes))]
    return UnknownSection(f"no page {name!r}", question(near))


def unquoted(notes: Notes, wanted: Sequence[str]) -> UnknownSection | None:
    """Return the error for a title with blanks that the shell has split; None if it is none.

    Args:
        notes: the notes.
        wanted: the arguments.
    """
    title = " ".join(wanted)
    if len(wanted) < 2 or not titled(notes, title):
        return None
    return UnknownSection(
        f"no section or page {wanted[0]!r}", f"quote a name with blanks: {title!r}"
    )


def known_names(notes: Notes) -> Iterator[str]:
    """Yield what sections and pages with code are called: titles first, then names and aliases."""
    rows = [row for row in notes.rows if row.chunks]
    yield from (row.section.title for row in rows if row.section.title)
    yield from (str(row.name) for row in rows)
    pages = {row.section.page for row in rows}
    yield from (name for name, page in notes.names_of_pages().items() if page in pages)


def _no_number(notes: Notes, wanted: str, number: tuple[int, ...]) -> UnknownSection:
    """Return the error for a number, with the numbers that come nearest to it."""
    rows = [row for row in notes.rows if row.chunks and row.section.number]
    known = {part.number for row in rows for part in (row.section, *row.parts) if part.number}
    for length in range(len(number) - 1, -1, -1):
        around = number[:length]
        inside = sorted(
            {found[: length + 1] for found in known if found[:length] == around} - {around}
        )
        if inside:
            whole = {0: "this graph", 1: f"chapter {number_text(around)}"}
            what = whole.get(length, f"section {number_text(around)}")
            sort = "" if length else "chapters "
            return UnknownSection(
                f"no section {wanted!r}", f"{what} has {sort}{_listed(map(number_text, inside))}"
            )
    return UnknownSection(f"no section or page {wanted!r}")


def _no_part(notes: Notes, wanted: str, page: PagePath, part: str) -> UnknownSection | NoCode:
    """Return the error for a part of a page that exists, with the headings that the page has."""
    title = notes.title(page)
    if page in notes.pages and has_part(notes.pages[page], part):
        return NoCode(wanted)
    if page not in notes.pages or not (found := headings(notes.pages[page])):
        return UnknownSection(f"no heading {part!r} on {title!r}", "the page has no headings")
    near = nearest(part, found)
    shown = found if len(found) <= _SHOWN else list(dict.fromkeys([*near, *found]))
    return UnknownSection(f"no heading {part!r} on {title!r}", f"it has: {_listed(shown)}")


def _no_file(notes: Notes, path: str) -> UnknownSection:
    """Return the error for a path, with the nearest paths of pages that have code."""
    pages = dict.fromkeys(row.section.page for row in notes.rows if row.chunks)
    near = nearest(path, map(notes.project.shown, pages))
    return UnknownSection(f"no page {path!r} in this graph", question(near))


def _listed(names: Iterable[str]) -> str:
    """Join names, not too many of them."""
    found = list(names)
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return f"{', '.join(found[:_SHOWN])}{more}"
