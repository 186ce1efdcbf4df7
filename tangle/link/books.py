"""Which pages are one book, in which section numbers count across pages."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import chain

from msgspec import Struct

from tangle.link.path_globs import path_matches
from tangle.link.sections import number_text
from tangle.model import PagePath, SectionName

Number = tuple[int, ...]

_SLIPS = 0.1
"""The share of numbers that may stand twice on a page of a book, by mistake."""

TITLE = -1
"""The level of a number in a page's title; a line without heading marks has level 0."""


class PageNumbers(Struct, frozen=True, kw_only=True):
    """What decides whether a page belongs to a book.

    Attributes:
        numbers: the section numbers on the page, each with the size of its heading marks.
        book: the value of `tangle.book`.
        asks: whether the page uses `#@save` or a `tangle.` property.
        coded: whether chunks may take part in it.
    """

    numbers: tuple[tuple[Number, int], ...] = ()
    book: str | None = None
    asks: bool = False
    coded: bool = False


class Book(Struct, frozen=True, kw_only=True):
    """The book of a page.

    Attributes:
        name: the value of `tangle.book`; empty for the one that has no name.
        prefix: what stands before the numbers in the names of its sections: nothing, unless the
            graph has several books.
    """

    name: str
    prefix: str = ""


class Books(Struct, frozen=True, kw_only=True):
    """The books of a graph.

    Attributes:
        of: the book of each page that belongs to one.
        units: the names of all units that its books can have.
        doubles: numbers that keep pages from being a book, since they stand twice, each with the
            page of its first place and that of its second.
    """

    of: Mapping[PagePath, Book]
    units: frozenset[SectionName]
    doubles: tuple[tuple[Number, PagePath, PagePath], ...] = ()


def books(pages: Mapping[PagePath, PageNumbers], patterns: Collection[str] | None) -> Books:
    """Find the books of a graph.

    Args:
        pages: all pages that have numbers or name a book, in order of path.
        patterns: the globs of the configuration that name a book's pages; None without any.
    """
    named = {path: page.book for path, page in pages.items() if page.book is not None}
    if patterns is not None:
        named = {
            path: "" for path in pages if any(path_matches(path, glob) for glob in patterns)
        } | named
    doubles: tuple[tuple[Number, PagePath, PagePath], ...] = ()
    if patterns is None and not named:
        found, doubles = _detected(pages)
        named = dict.fromkeys(found, "")
    several = len(set(named.values())) > 1
    of = {
        path: Book(name=name, prefix=f"{name}#" if several and name else "")
        for path, name in sorted(named.items())
    }
    units = (
        SectionName(book.prefix + number_text(number[:2]))
        for path, book in of.items()
        for number, _ in pages[path].numbers
    )
    return Books(of=of, units=frozenset(units), doubles=doubles)


# --- pages that are a book by themselves ----------------------------------------------------------


def _detected(
    pages: Mapping[PagePath, PageNumbers],
) -> tuple[Sequence[PagePath], tuple[tuple[Number, PagePath, PagePath], ...]]:
    """The pages that ask for tangle and are numbered in one hierarchy, and those that carry it on.

    And the numbers that stand twice: a page on which many do is no page of a book, and where two
    pages have the same one, there is no book.
    """
    marked = {path: _headings(page) for path, page in pages.items() if page.asks or page.coded}
    asking = {p: marks for p, marks in marked.items() if pages[p].asks and _is_divided(marks)}
    found = {path: marks for path, marks in asking.items() if not _starts_again(marks)}
    within = [(n, path, path) for path in asking.keys() - found for n in _repeated(asking[path])]
    across = list(_doubles(found))
    doubles = tuple(sorted((*across, *within), key=lambda double: double[1:]))
    if across or not found or _is_one_title(found):
        return (), doubles
    others = {
        path: marks
        for path, marks in marked.items()
        if path not in found and (len(marks) == 1 or _is_divided(marks))
    }
    while joining := _joining(found, others):
        for path in joining:
            found[path] = others.pop(path)
    return tuple(found), doubles


_Marks = tuple[tuple[Number, int], ...]


def _headings(page: PageNumbers) -> _Marks:
    """The numbers that have heading marks; and that of the title, if it can only be a section's.

    `7 habits` is a title with a number like many; `3.1 Regression` numbers a section, and so does
    `3 Networks` where a heading continues it.
    """
    marks = tuple(entry for entry in page.numbers if entry[1] > 0)
    title = tuple(
        (number, level)
        for number, level in page.numbers
        if level == TITLE and (len(number) > 1 or any(n[: len(number)] == number for n, _ in marks))
    )
    return (*title, *marks)


def _is_divided(marks: _Marks) -> bool:
    """Whether some number has two parts: `1. Do` and `2. Look` are steps, and no sections."""
    return any(len(number) > 1 for number, _ in marks)


def _is_one_title(pages: Mapping[PagePath, _Marks]) -> bool:
    """Whether a title is all that numbers anything: `3.11 is out` is a page like others."""
    return [level for marks in pages.values() for _, level in marks] == [TITLE]


def _repeated(marks: _Marks) -> Sequence[Number]:
    """The numbers that stand more than once on a page."""
    return [number for number, count in Counter(n for n, _ in marks).items() if count > 1]


def _starts_again(marks: _Marks) -> bool:
    """Whether so many numbers stand twice on a page that it is no slip."""
    distinct = len({number for number, _ in marks})
    return len(marks) - distinct > distinct * _SLIPS


def _doubles(pages: Mapping[PagePath, _Marks]) -> Iterator[tuple[Number, PagePath, PagePath]]:
    first: dict[Number, PagePath] = {}
    for path, marks in pages.items():
        for number in dict.fromkeys(number for number, _ in marks):
            if number in first:
                yield number, first[number], path
            else:
                first[number] = path


def _joining(
    book: Mapping[PagePath, _Marks], others: Mapping[PagePath, _Marks]
) -> Sequence[PagePath]:
    """The pages that carry on the numbers of a book, and of which no two have one in common."""
    known = tuple(chain.from_iterable(book.values()))
    fitting = [path for path, marks in others.items() if _continues(marks, known)]
    counts = Counter(number for path in fitting for number in {n for n, _ in others[path]})
    return [path for path in fitting if all(counts[number] == 1 for number, _ in others[path])]


def _continues(marks: _Marks, known: _Marks) -> bool:
    """Whether a page's numbers carry on those of a book.

    None of them is there already, its chapters adjoin the book's, and more parts mean smaller
    headings in the same way.
    """
    levels: defaultdict[int, set[int]] = defaultdict(set)
    for number, level in known:
        levels[len(number)].add(level)
    if not all(_fits(len(number), level, levels) for number, level in marks):
        return False
    chapters = {number[0] for number, _ in known}
    taken = {number for number, _ in known} | {(chapter,) for chapter in chapters}
    own = [number for number, _ in marks]
    if len(set(own)) < len(own) or not taken.isdisjoint(own):
        return False
    return _adjoin({number[0] for number in own}, min(chapters), max(chapters))


def _fits(parts: int, level: int, levels: Mapping[int, Collection[int]]) -> bool:
    """Whether a heading is as large as those with as many parts, or between the others."""
    if parts in levels:
        return level in levels[parts]
    return all(
        min(found) > level if more > parts else max(found) < level for more, found in levels.items()
    )


def _adjoin(chapters: Collection[int], first: int, last: int) -> bool:
    """Whether chapters lie within others, or follow or precede them without a gap."""
    after = sorted(chapter for chapter in chapters if chapter > last)
    before = sorted(chapter for chapter in chapters if chapter < first)
    return after == list(range(last + 1, last + 1 + len(after))) and before == list(
        range(first - len(before), first)
    )
