"""Resolve numbers, and the parts of pages that a number or a heading names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from tangle.errors import UsageError
from tangle.link import read_number, section_number
from tangle.model import Block, Page, PagePath
from tangle.notes import UnitRow
from tangle.verbs.notes import Notes

Named = tuple[UnitRow, int]
"""A unit, and how many of its chunks take part."""

Number = tuple[int, ...]


class Ambiguous(UsageError):
    """A name means several things."""

    def __init__(self, wanted: str, meanings: Sequence[tuple[str, str]]) -> None:
        """Say what it means.

        Args:
            wanted: the name.
            meanings: what to type for each, and its place.
        """
        found = ", ".join(f'"{name}" ({place})' for name, place in meanings)
        super().__init__(f"{wanted!r}: this name is ambiguous; type one of {found}")


# --- numbers --------------------------------------------------------------------------------------


def by_number(notes: Notes, wanted: str) -> Sequence[Named]:
    """The units that a number means: in a book, or on the one page with such a title or heading.

    Args:
        notes: the notes.
        wanted: the number, or `BOOK#NUMBER`.

    Raises:
        Ambiguous: several books, or several pages, have it.
    """
    book, _, text = wanted.rpartition("#")
    number = read_number(text)
    if not number:
        return ()
    found = [part for part in _in_books(notes, number) if book in ("", part[0].section.book)]
    books = {row.section.book: row for row, _ in found}
    if len(books) > 1:
        raise Ambiguous(wanted, [_in_book(notes, row, text) for row in books.values()])
    if found or book:
        return found
    titled = [(row, len(row.chunks)) for row in notes.rows if row.name == wanted]
    return titled or _on_page(notes, wanted, number)


def _in_books(notes: Notes, number: Number) -> Iterator[Named]:
    for row in notes.rows:
        if len(number) <= 2 and number and row.section.number[: len(number)] == number:
            yield row, len(row.chunks)
        elif len(number) > 2 and any(part.number == number for part in row.parts):
            yield row, _up_to(row, number)


def _in_book(notes: Notes, row: UnitRow, text: str) -> tuple[str, str]:
    """What to type for a number of one of several books, and where that stands."""
    section = row.section
    name = section.book or notes.title(section.page)
    return f"{name}#{text}", f"{notes.project.shown(section.page)}:{section.line}"


def _up_to(row: UnitRow, number: Number) -> int:
    """How many chunks stand before the end of a section."""
    numbers = {part.name: part.number for part in (row.section, *row.parts)}
    count = 0
    for index, chunk in enumerate(row.chunks, start=1):
        if numbers.get(chunk.section, ())[: len(number)] <= number:
            count = index
    return count


def _on_page(notes: Notes, wanted: str, number: Number) -> Sequence[Named]:
    having = notes.pages_with_heading(number)
    if len(having) > 1:
        raise Ambiguous(wanted, [_on_one(notes, path, wanted, number) for path in having])
    for path in having:
        if _starts_with(notes.title(path), number):
            return [(row, len(row.chunks)) for row in _rows_on(notes, path)]
        return part_of_page(notes, path, wanted)
    return ()


def _on_one(notes: Notes, path: PagePath, wanted: str, number: Number) -> tuple[str, str]:
    """What to type for a number of one of several pages, and where that stands."""
    title, page = notes.title(path), notes.pages[path]
    if _starts_with(title, number):
        return title, notes.project.shown(path)
    line = page.blocks[_numbered(page, number)[0]].line
    return f"{title}#{wanted}", f"{notes.project.shown(path)}:{line}"


def _rows_on(notes: Notes, path: PagePath) -> Sequence[UnitRow]:
    return [row for row in notes.rows if any(chunk.page == path for chunk in row.chunks)]


def _starts_with(words: str, number: Number) -> bool:
    found = section_number(words, heading=True)
    return found is not None and found[0] == number


# --- parts of pages -------------------------------------------------------------------------------


def part_of_page(notes: Notes, path: PagePath, wanted: str) -> Sequence[Named]:
    """The units of a page, from their start to the end of one of its parts.

    Args:
        notes: the notes.
        path: of the page.
        wanted: the number at the start of a line of the page, or the words of a heading.

    Raises:
        Ambiguous: several parts of the page are called so.
    """
    page = notes.pages[path]
    found = _starts(page, wanted)
    if len(found) > 1:
        title, shown = notes.title(path), notes.project.shown(path)
        lines = [page.blocks[index].line for index in found]
        raise Ambiguous(
            f"{title}#{wanted}", [(f"{title}:{line}", f"{shown}:{line}") for line in lines]
        )
    if not found:
        return ()
    first, last = found[0], _end(page.blocks, found[0])
    rows = _rows_on(notes, path)
    whole = len(rows) == 1 and not rows[0].section.number
    return [
        (row, count)
        for row in rows
        if (count := _count(row, path, 0 if whole else first, last)) or whole
    ]


def headings(page: Page) -> list[str]:
    """Return the words of a page's headings; of its numbered lines, if it has no headings."""
    found = [_words(block) for block in page.blocks if block.heading]
    found = found or [
        _words(block) for block in page.blocks if section_number(block.title, heading=True)
    ]
    return [words for words in dict.fromkeys(found) if words]


def has_part(page: Page, wanted: str) -> bool:
    """Whether a number or the words of a heading name a part of a page.

    Args:
        page: the page.
        wanted: as in `part_of_page`.
    """
    return bool(_starts(page, wanted))


def _count(row: UnitRow, path: PagePath, first: int, last: int) -> int:
    """How many chunks of a unit stand up to the last one between two blocks of a page."""
    here = [
        at
        for at, chunk in enumerate(row.chunks, start=1)
        if chunk.page == path and first <= chunk.host <= last
    ]
    return max(here, default=0)


def _starts(page: Page, wanted: str) -> Sequence[int]:
    """The blocks that a number or the words of a heading name; headings before other lines."""
    if number := read_number(wanted):
        return _numbered(page, number)
    words = wanted.strip()
    return (
        _headings_first(page, lambda block: block.title.strip() == words)
        or _headings_first(page, lambda block: _words(block) == words)
        or _headings_first(page, lambda block: _words(block).casefold() == words.casefold())
    )


def _numbered(page: Page, number: Number) -> Sequence[int]:
    return _headings_first(page, lambda block: _starts_with(block.title, number))


def _words(block: Block) -> str:
    """The words of a line behind its number."""
    found = section_number(block.title, heading=True)
    return (found[1] if found is not None else block.title).strip()


def _headings_first(page: Page, meant: Callable[[Block], bool]) -> Sequence[int]:
    found = [index for index, block in enumerate(page.blocks) if block.title and meant(block)]
    return [index for index in found if page.blocks[index].heading] or found


def _end(blocks: Sequence[Block], first: int) -> int:
    """The last block of a part: what is below its first block, or, with nothing there, behind it.

    Where a page is flat, a part ends before the next heading that is as large, or before the next
    line of its level that has a number as well.
    """
    start = blocks[first]
    last = _below(blocks, first)
    if last > first:
        return last
    while last + 1 < len(blocks) and not _ends(start, blocks[last + 1]):
        last += 1
    return last


def _below(blocks: Sequence[Block], first: int) -> int:
    last = first
    while last + 1 < len(blocks) and blocks[last + 1].level > blocks[first].level:
        last += 1
    return last


def _ends(start: Block, block: Block) -> bool:
    """Whether a block is not part of what another one begins on a flat page."""
    if block.level != start.level:
        return block.level < start.level
    if start.heading:
        return 0 < block.heading <= start.heading
    return block.heading > 0 or section_number(block.title, heading=True) is not None
