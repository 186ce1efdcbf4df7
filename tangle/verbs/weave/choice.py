"""Find the pages that arguments of `tangle weave` mean."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from typing import assert_never

from tangle.errors import UsageError
from tangle.link import journal_title, path_matches, tags_of_page, title_key
from tangle.model import PagePath
from tangle.near_names import did_you_mean
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
    readings,
)
from tangle.verbs.lookup import named_parts, page_called, pages_at
from tangle.verbs.notes import Notes


class UnknownPage(UsageError):
    """An argument means no page."""

    def __init__(self, wanted: str, titles: Iterable[str]) -> None:
        """Say which, and what may be meant."""
        near = did_you_mean(wanted, list(titles), quoted=True)
        hint = near or "name a title, a path, a number of a section, a #tag or a glob"
        super().__init__(f"{wanted!r}: no page is called so; {hint}")


def pages_meant(notes: Notes, wanted: Iterable[str]) -> tuple[PagePath, ...]:
    """Return the pages that arguments mean, in order of path; those with a section that they mean.

    Args:
        notes: the notes.
        wanted: the arguments.

    Raises:
        UnknownPage: one means none.
    """
    found: set[PagePath] = set()
    for name in wanted:
        meant = set(_meant(notes, name))
        if not meant:
            raise UnknownPage(name, (notes.title(path) for path in notes.pages))
        found |= meant
    return tuple(sorted(found))


def _meant(notes: Notes, name: str) -> Iterator[PagePath]:
    page = page_called(notes, name)
    if page is not None:
        yield page
        return
    for row, _ in named_parts(notes, name) or ():
        yield row.section.page
    for reading in readings(name, notes.config):
        yield from _read_as(notes, reading)


def _read_as(notes: Notes, reading: Address) -> Iterable[PagePath]:
    """The pages that one reading of an argument means."""
    match reading:
        case Day(day=day):
            page = notes.page_of_title(journal_title(day, notes.config.journal_format))
            return () if page is None else (page,)
        case Tag(tag=tag):
            return _tagged(notes, tag)
        case Glob(glob=glob):
            return _matching(notes, glob)
        case File(path=path):
            return pages_at(notes, path)
        case Title() | Number() | Part() | LineOf() | BlockOf():
            return ()  # `named_parts` has followed them
        case _:
            assert_never(reading)


def _tagged(notes: Notes, tag: str) -> Iterator[PagePath]:
    """The pages whose `tags::` has a tag."""
    key = title_key(tag)
    return (path for path, page in notes.pages.items() if key in tags_of_page(page))


def _matching(notes: Notes, glob: str) -> Iterator[PagePath]:
    """The pages of which title or path matches."""
    paths, title = globs_of(notes.project, glob), comparable(glob)
    for path in notes.pages:
        if fnmatchcase(comparable(notes.title(path)), title) or any(
            path_matches(path, wanted) for wanted in paths
        ):
            yield path
