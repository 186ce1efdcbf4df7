"""Replace lines of a page's code by others, whatever their number."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from tangle.model import Span
from tangle.parse import NotUtf8, parse
from tangle.write.edits import Edit, apply
from tangle.write.repair_edits import Entangled, line_starts, reading

if TYPE_CHECKING:
    from tangle.model import Fence, Page


class CodeEdit(Struct, frozen=True, kw_only=True):
    """Lines of a page that replace lines of a fence.

    Attributes:
        first: number of the first line that goes, from 1.
        last: number of the first line that stays; where it is `first`, lines are inserted.
        lines: what the page gets, margin included, without line ends.
    """

    first: int
    last: int
    lines: tuple[str, ...]


def with_code(page: Page, edits: Iterable[CodeEdit]) -> bytes:
    """Return the page with lines of its code replaced; all other bytes stay.

    Args:
        page: the page.
        edits: of lines inside fences, not overlapping.

    Raises:
        Entangled: Logseq would read the page in another way then.
    """
    edits = tuple(sorted(edits, key=lambda edit: (edit.first, edit.last)))
    wanted = reading(page, list(_codes(page, edits)))
    data = apply(page.data, _byte_edits(page, edits))
    try:
        found = parse(data, page.path)
    except NotUtf8 as error:
        raise Entangled(str(error)) from error
    if len(found.fences) == len(page.fences):
        codes = [_comparable(fence.code.split("\n")[:-1]) for fence in found.fences]
        if reading(found, codes) == wanted:
            return data
    raise Entangled(f"{page.path}:{edits[0].first}: Logseq would read the page in another way")


def fence_at(page: Page, line: int) -> Fence | None:
    """Return the fence in whose code a line stands, if it is in one.

    Args:
        page: the page.
        line: its number, from 1.
    """
    found = (f for f in page.fences if f.line < line <= f.line + f.code.count("\n"))
    return next(found, None)


def margin_at(fence: Fence, line: int) -> int:
    """Return how many characters stand before the code on a line of a fence.

    Args:
        fence: the fence.
        line: the number of the line in its page; a blank line counts as the nearest that is not.
    """
    rows = fence.code.split("\n")[:-1]
    at = line - fence.line - 1
    near = sorted((row for row, text in enumerate(rows) if text), key=lambda row: abs(row - at))
    return fence.margins[near[0]] if near else fence.margins[at]


def _codes(page: Page, edits: Sequence[CodeEdit]) -> Iterator[list[str]]:
    """The code that each fence is to have."""
    own: defaultdict[int, list[CodeEdit]] = defaultdict(list)
    for edit in edits:
        fence = fence_at(page, edit.first) or fence_at(page, edit.first - 1)
        if fence is None or edit.last > fence.line + 1 + fence.code.count("\n"):
            raise Entangled(f"{page.path}:{edit.first}: this is no line of code")
        own[fence.line].append(edit)
    for fence in page.fences:
        rows = fence.code.split("\n")[:-1]
        for edit in reversed(own[fence.line]):
            margin = margin_at(fence, min(edit.first, fence.line + len(rows)))
            new = [line[margin:] for line in edit.lines]
            rows[edit.first - fence.line - 1 : edit.last - fence.line - 1] = new
        yield _comparable(rows)


def _comparable(rows: Sequence[str]) -> list[str]:
    return [row if row.strip() else "" for row in rows]


def _byte_edits(page: Page, edits: Sequence[CodeEdit]) -> Iterator[Edit]:
    starts = line_starts(page.data)
    for edit in edits:
        span = Span(start=starts[edit.first - 1], end=starts[edit.last - 1])
        if span.start and page.data[span.start - 1 : span.start] != b"\n":
            raise Entangled(f"{page.path}:{edit.first}: the page ends inside this code")
        like = edit.first - 1 if edit.first < edit.last else edit.first - 2
        end = b"\r\n" if page.data[starts[like] : starts[like + 1]].endswith(b"\r\n") else b"\n"
        data = b"".join(line.encode() + end for line in edit.lines)
        if edit.lines and edit.first < edit.last and page.data[span.end - 1 : span.end] != b"\n":
            data = data.removesuffix(end)
        yield Edit(span=span, data=data)
