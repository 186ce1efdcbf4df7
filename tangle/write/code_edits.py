"""Replace lines of a page by others, whatever their number."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from textwrap import dedent
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
    """Return the page with lines replaced, of its code or its text; all other bytes stay.

    Blocks stay as they are, but for what the lines say.

    Args:
        page: the page.
        edits: not overlapping; each inside a fence, or outside of all.

    Raises:
        Entangled: Logseq would read the page in another way then.
    """
    edits = tuple(sorted(edits, key=lambda edit: (edit.first, edit.last)))
    prose = not all(_fence_of(page, edit) for edit in edits)
    wanted = _read(page, list(_codes(page, edits)), prose=prose)
    data = apply(page.data, _byte_edits(page, edits))
    try:
        found = parse(data, page.path)
    except NotUtf8 as error:
        raise Entangled(str(error)) from error
    if len(found.fences) == len(page.fences):
        codes = [_comparable(fence.code.split("\n")[:-1]) for fence in found.fences]
        if _read(found, codes, prose=prose) == wanted:
            return data
    raise Entangled(f"{page.path}:{edits[0].first}: Logseq would read the page in another way")


def fence_at(page: Page, line: int) -> Fence | None:
    """Return the fence in whose code a line is, if it is in one.

    Args:
        page: the page.
        line: its number, from 1.
    """
    found = (f for f in page.fences if f.line < line <= f.line + f.code.count("\n"))
    return next(found, None)


def margin_at(fence: Fence, line: int) -> int:
    """Return how many characters precede the code on a line of a fence.

    Args:
        fence: the fence.
        line: the number of the line in its page; a blank line counts as the nearest that is not.
    """
    rows = fence.code.split("\n")[:-1]
    at = line - fence.line - 1
    near = sorted((row for row, text in enumerate(rows) if text), key=lambda row: abs(row - at))
    return fence.margins[near[0]] if near else fence.margins[at]


def _fence_of(page: Page, edit: CodeEdit) -> Fence | None:
    """The fence that an edit belongs to; lines behind its last one belong to it, too."""
    found = fence_at(page, edit.first)
    return found or (fence_at(page, edit.first - 1) if edit.first == edit.last else None)


def _read(page: Page, codes: Sequence[list[str]], *, prose: bool) -> object:
    """How a page is read, without the words of its text if these may change."""
    if not prose:
        return reading(page, codes)
    blocks = [(b.kind, b.level, b.parent, b.heading > 0, b.id) for b in page.blocks]
    properties = [(e.key, e.value) for block in page.blocks for e in block.properties]
    shown = [(f.block, f.language, f.options, f.nested) for f in page.fences]
    return blocks, properties, shown, list(codes)


def _codes(page: Page, edits: Sequence[CodeEdit]) -> Iterator[list[str]]:
    """The code that each fence is to have."""
    own: defaultdict[int, list[CodeEdit]] = defaultdict(list)
    for edit in edits:
        fence = _fence_of(page, edit)
        if fence is not None:
            if edit.last > fence.line + 1 + fence.code.count("\n"):
                raise Entangled(f"{page.path}:{edit.first}: the code ends before these lines do")
            own[fence.line].append(edit)
    for fence in page.fences:
        rows = fence.code.split("\n")[:-1]
        for edit in reversed(own[fence.line]):
            margin = margin_at(fence, min(edit.first, fence.line + len(rows)))
            new = [line[margin:] for line in edit.lines]
            rows[edit.first - fence.line - 1 : edit.last - fence.line - 1] = new
        if rows and not fence.code.strip():  # the new lines alone say how far they are in
            rows = dedent("\n".join(rows)).split("\n")
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
