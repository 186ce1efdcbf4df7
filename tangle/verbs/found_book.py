"""Describe the book that was found in a graph, as globs for its configuration."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from os.path import commonprefix
from pathlib import Path
from typing import Final

from tangle.link import GLOB_SIGNS, path_matches
from tangle.model import PagePath
from tangle.notes import pages
from tangle.verbs.notes import read_notes
from tangle.verbs.project import find_project

_MOST: Final = 40
"""Pages that a configuration lists; a longer list would hide the other options."""

_BEGINNING: Final = 3
"""Letters with which names must begin alike for it to mean something."""


def book_globs(graph: Path) -> tuple[str, ...]:
    """Return globs that match the pages of a graph's book and no others.

    They are empty if the graph has no book, if its pages name their books themselves, or if it
    takes too many globs.

    Args:
        graph: a graph without a configuration.

    Raises:
        NotReadable: the graph's folder, or its configuration, cannot be read.
    """
    notes = read_notes(find_project(start=graph, graph=graph))
    of = pages.all_books(notes.core, "").of
    if not of or any(book.name for book in of.values()):
        return ()
    short = _one_glob(of, notes.pages)
    if short is not None:
        return (short,)
    found = tuple(map(_escaped, sorted(of)))
    exact = all(path_matches(page, glob) for page, glob in zip(sorted(of), found, strict=True))
    return found if exact and len(found) <= _MOST else ()


def _one_glob(book: Collection[PagePath], every: Collection[PagePath]) -> str | None:
    """Return the one glob that matches these pages and no others; None if there is none."""
    return next((glob for glob in _globs(book) if _means(glob, book, every)), None)


def _globs(book: Collection[PagePath]) -> Iterator[str]:
    """Yield globs for several pages: how their names begin, or the folder that only they are in."""
    start = commonprefix(list(book))  # noqa: RUF071 -- the beginning of names, not a folder
    folder, _, name = start.rpartition("/")
    if len(book) > 1 and len(name) >= _BEGINNING:
        yield f"{_escaped(start)}*.md"
    if len(book) > 1 and "/" in folder:
        yield f"{_escaped(folder)}/*.md"


def _means(glob: str, book: Collection[PagePath], every: Collection[PagePath]) -> bool:
    return all(path_matches(path, glob) is (path in book) for path in every)


def _escaped(path: str) -> str:
    """Return a path as a glob that means it."""
    return "".join(f"[{char}]" if char in GLOB_SIGNS else char for char in path)
