"""The chunks of pages, as they are written and with their references expanded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from tangle.link.expand import ChunkKey, Names, expand
from tangle.link.kept_texts import kept_behind
from tangle.link.outline import Outline, outline
from tangle.link.settings import reading
from tangle.model import (
    Chunk,
    CodeLine,
    Fence,
    Page,
    PagePath,
    Place,
    Problem,
    Settings,
    Uuid,
)
from tangle.parse import Info, moved_lines, written_lines

BlockAt = tuple[PagePath, int]


class LinkedPage(Struct, frozen=True, kw_only=True):
    """A page's outline, and its chunks with their references as they are written."""

    outline: Outline
    chunks: tuple[Chunk, ...]


def linked_page(page: Page, title: str, *, dated: bool) -> LinkedPage:
    """Find a page's sections and chunks; arguments as for `outline`."""
    around = outline(page, title, dated=dated)
    counts: defaultdict[int, int] = defaultdict(int)
    chunks: list[Chunk] = []
    found = dict(_chunk_fences(page, around))
    for at, info in found.items():
        fence = page.fences[at]
        settings = around.settings[fence.block]
        if not info.runs:
            settings = replace(settings, run=False)
        chunk = _chunk(page, fence, counts[fence.block], settings)
        kept = kept_behind(page, at, found)
        chunks.append(replace(chunk, session=info.kind == "session", kept=kept))
        counts[fence.block] += 1
    return LinkedPage(outline=around, chunks=tuple(chunks))


def _chunk_fences(page: Page, around: Outline) -> Iterator[tuple[int, Info]]:
    """The places of fences that are chunks, and how each is read; none below a template is."""
    for at, fence in enumerate(page.fences):
        if fence.block in page.templates:
            continue
        info = reading(fence, around.settings[fence.block])
        if info is not None:
            yield at, info


class Expansion(Struct, frozen=True, kw_only=True):
    """Chunks that have, or may be meant by, references in code.

    Attributes:
        chunks: those of some pages, by page, in order, references in them expanded.
        problems: of the references.
    """

    chunks: Mapping[PagePath, tuple[Chunk, ...]]
    problems: tuple[Problem, ...]


def expanded(
    pages: Mapping[PagePath, Sequence[Chunk]],
    ids: Mapping[Uuid, BlockAt],
    about: Callable[[Uuid], str],
) -> Expansion:
    """Expand the references of chunks.

    Args:
        pages: the chunks of all pages that refer or are referred to, in order of path.
        ids: where the blocks of those pages are that have ids.
        about: gives a hint about an id that no block with code has; may be empty.
    """
    found = [chunk for chunks in pages.values() for chunk in chunks]
    by_block: defaultdict[BlockAt, list[ChunkKey]] = defaultdict(list)
    for key, chunk in enumerate(found):
        by_block[chunk.page, chunk.block].append(ChunkKey(key))
    named: defaultdict[str, list[Sequence[ChunkKey]]] = defaultdict(list)
    for keys in by_block.values():
        name = found[keys[0]].settings.name
        if name is not None:
            named[name].append(keys)
    blocks = {str(uuid): by_block[at] for uuid, at in ids.items() if at in by_block}
    broken = {ChunkKey(key) for key, chunk in enumerate(found) if not chunk.whole}
    names = Names(named=named, blocks=blocks, about=about)
    lines, problems = expand([c.lines for c in found], names, broken)
    whole: defaultdict[PagePath, list[Chunk]] = defaultdict(list)
    for chunk, own in zip(found, lines, strict=True):
        same = own == chunk.lines
        made = chunk if same else replace(chunk, lines=own or (), whole=own is not None)
        whole[chunk.page].append(made)
    chunks = {path: tuple(whole[path]) for path in pages}
    return Expansion(chunks=chunks, problems=problems)


def _chunk(page: Page, fence: Fence, order: int, settings: Settings) -> Chunk:
    """The chunk of a fence, as a person wrote it: without the lines that Logseq wrote into it."""
    texts = fence.code.split("\n")[:-1]
    block = page.blocks[fence.block]
    written = {line.row for line in written_lines(page.data, block, fence) if line.sure}
    moved = _place_of(page, next(moved_lines(page.data, block, fence), None))
    lines = tuple(
        CodeLine(
            text=text,
            place=Place(path=page.path, line=fence.line + 1 + row, column=fence.margins[row] + 1),
        )
        for row, text in enumerate(texts)
        if row not in written
    )
    return Chunk(
        page=page.path,
        block=fence.block,
        order=order,
        line=fence.line,
        lines=lines,
        settings=settings,
        whole=moved is None,
        moved=moved,
    )


def _place_of(page: Page, offset: int | None) -> Place | None:
    if offset is None:
        return None
    return Place(path=page.path, line=page.data.count(b"\n", 0, offset) + 1)
