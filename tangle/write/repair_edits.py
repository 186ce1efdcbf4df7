"""Turn repairs of code into edits of the page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from tangle.model import Span
from tangle.parse import NotUtf8, parse, written_lines
from tangle.write.edits import Edit, apply

if TYPE_CHECKING:
    from tangle.model import Chunk, Fence, Page, Property


class Entangled(ValueError):
    """The edits would change how Logseq reads the page, beyond the repaired code."""


def with_repair(page: Page, chunk: Chunk, lines: Sequence[str]) -> bytes:
    """Return the page with the code of a chunk replaced, line by line.

    Args:
        page: the page.
        chunk: a chunk that stands on it, no reference in it expanded.
        lines: its new code, as many lines as it has.

    Raises:
        Entangled: Logseq would read the page in another way then.
    """
    wanted = _shape(page, (chunk, "".join(f"{line}\n" for line in lines)))
    for edits in (_edits(page, chunk, lines), _indented(page, chunk, lines)):
        data = apply(page.data, edits)
        try:
            repaired = parse(data, page.path)
        except NotUtf8 as error:
            raise Entangled(str(error)) from error
        if _shape(repaired, None) == wanted:
            return data
    raise Entangled(f"{page.path}:{chunk.line}: the page would be read in another way")


def without_written_lines(page: Page) -> tuple[bytes, tuple[Fence, ...]]:
    """Return the page without lines that Logseq wrote into its code, and the affected fences.

    A line counts only where it repeats a property of its block, and so loses nothing.

    Raises:
        Entangled: Logseq would read the page in another way then.
    """
    edits: list[Edit] = []
    rows: dict[int, set[int]] = {}
    starts = line_starts(page.data)
    for at, fence in enumerate(page.fences):
        found = written_lines(page.data, page.blocks[fence.block], fence)
        rows[at] = {line.row for line in found if line.sure and fence.block not in page.templates}
        for row in sorted(rows[at]):
            line = fence.line + row  # from 0: the body begins below the opener
            edits.append(Edit(span=Span(start=starts[line], end=starts[line + 1]), data=b""))
    data = apply(page.data, edits)
    kept = [_kept(fence, rows[at]) for at, fence in enumerate(page.fences)]
    after = parse(data, page.path)
    if edits and reading(after, [_kept(f, set()) for f in after.fences]) != reading(page, kept):
        raise Entangled(f"{page.path}: the page would be read in another way")
    return data, tuple(fence for at, fence in enumerate(page.fences) if rows[at])


def _kept(fence: Fence, without: set[int]) -> list[str]:
    """The lines of a fence without some of them."""
    lines = enumerate(fence.text.split("\n"))
    return [text for row, text in lines if row not in without]


def reading(page: Page, codes: Sequence[object]) -> tuple[object, ...]:
    """Return how a page is read, places aside.

    Args:
        page: the page.
        codes: what counts as the code of each fence.
    """
    blocks = [
        (b.kind, b.level, b.parent, b.title, b.heading, b.id, *_values(b.properties))
        for b in page.blocks
    ]
    shown = [
        (fence.block, fence.language, fence.options, fence.nested, code)
        for fence, code in zip(page.fences, codes, strict=True)
    ]
    references = [(r.kind, r.target, r.block) for r in page.references]
    return (blocks, shown, references, page.links, page.title)


def _edits(page: Page, chunk: Chunk, lines: Sequence[str]) -> Iterator[Edit]:
    starts = line_starts(page.data)
    for old, new in zip(chunk.lines, lines, strict=True):
        if old.text == new:
            continue
        place = old.place
        if place.path != page.path or place.column < 1:
            raise Entangled(f"{place}: this line stands elsewhere")
        line = page.data[starts[place.line - 1] : starts[place.line]].decode("utf-8-sig")
        margin = line[: place.column - 1]
        if not line.startswith(margin + old.text):
            raise Entangled(f"{place}: this line is not as it was read")
        begin = starts[place.line] - len(line[len(margin) :].encode())
        span = Span(start=begin, end=begin + len(old.text.encode()))
        yield Edit(span=span, data=new.encode())


def _indented(page: Page, chunk: Chunk, lines: Sequence[str]) -> Iterator[Edit]:
    """The lines of a chunk, indented as far as the text of its block."""
    if any(line.place.path != page.path for line in chunk.lines):
        return
    starts = line_starts(page.data)
    block = page.blocks[chunk.block]
    first = page.data[block.span.start : starts[block.line]].decode("utf-8-sig")
    margin = first[: len(first) - len(first.lstrip(" \t"))] + "  "
    for old, new in zip(chunk.lines, lines, strict=True):
        span = Span(start=starts[old.place.line - 1], end=starts[old.place.line])
        end = b"\r\n" if page.data[span.start : span.end].endswith(b"\r\n") else b"\n"
        yield Edit(span=span, data=(f"{margin}{new}".encode() if new else b"") + end)


def line_starts(data: bytes) -> list[int]:
    """Return where each line begins, and the end of the last."""
    starts = [0]
    while (found := data.find(b"\n", starts[-1])) >= 0:
        starts.append(found + 1)
    return [*starts, len(data)]


def _shape(page: Page, repaired: tuple[Chunk, str] | None) -> tuple[object, ...]:
    """How a page is read, offsets aside, with the code of one chunk taken for another."""
    blocks = [
        (b.kind, b.level, b.parent, b.title, b.heading, b.id, b.line, *_values(b.properties))
        for b in page.blocks
    ]
    codes = [(f.block, f.language, f.line, f.nested, _code(f, repaired)) for f in page.fences]
    references = [(r.kind, r.target, r.block) for r in page.references]
    return (blocks, codes, references, page.links, page.title)


def _values(properties: Sequence[Property]) -> Iterator[tuple[str, str]]:
    return ((entry.key, entry.value) for entry in properties)


def _code(fence: Fence, repaired: tuple[Chunk, str] | None) -> str:
    if repaired is not None and fence.line == repaired[0].line:
        return repaired[1]
    return fence.code
