"""Build the blocks of a page from the scan."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

from tangle.model import Block, Property, Span

from .constructs import Pair
from .nesting import nest
from .properties import block_id, is_valid_key, properties_of
from .scan import Layout, Start
from .text import Places

_BLANK = b" \t\f\r\n\x1a"


def blocks_of(layout: Layout, places: Places) -> tuple[Block, ...]:
    """Return the blocks of a page: they tile it, and parents come before children.

    Args:
        layout: from the scan.
        places: of the page.
    """
    data, decode, line_of = places.data, places.decode, places.line
    starts = with_pre_block(layout, places)
    runs = property_runs(layout, len(starts) - len(layout.starts))
    levels, parents = nest([s.indent + 1 if s.kind == "bullet" else 1 for s in starts])
    ends = [start.start for start in starts[1:]]
    ends.append(len(data))
    blocks: list[Block] = []
    for index, (kind, start, indent, heading, title, title_end) in enumerate(starts):
        end = ends[index]
        obeyed: tuple[Property, ...] = ()
        ignored: tuple[Property, ...] = ()
        if index in runs:
            obeyed, ignored = _properties(runs[index], places)
        blocks.append(
            Block(
                kind=kind,
                span=Span(start=start, end=end),
                indent=indent,
                level=levels[index],
                parent=parents[index],
                title=decode(title, title_end).strip("\ufeff").strip(),
                heading=heading,
                id=block_id(obeyed) if obeyed else None,
                properties=obeyed,
                ignored=ignored,
                line=line_of(start),
                content=content_end(data, start, end),
            )
        )
    return tuple(blocks)


def with_pre_block(layout: Layout, places: Places) -> list[Start]:
    """Return the starts, with one for the text before the first block if there is any.

    Args:
        layout: from the scan.
        places: of the page.
    """
    first = layout.starts[0].start if layout.starts else len(places.data)
    if first == 0:
        return layout.starts
    end = places.data.find(b"\n", 0, first)
    end = first if end < 0 else end
    piece = layout.pieces[0].found if layout.pieces and layout.pieces[0].block < 0 else None
    plain = piece is None or piece.start > end
    plain = plain and not places.data.startswith(b"---")
    return [Start("pre", 0, 0, 0, 0, end if plain else 0), *layout.starts]


def property_runs(layout: Layout, shift: int) -> dict[int, list[Sequence[Pair]]]:
    """The runs of property lines of each block that has any.

    What front matter and directives say stands first, in the text before the first block.

    Args:
        layout: from the scan.
        shift: 1 if a pre-block precedes the first start, otherwise 0.
    """
    runs: dict[int, list[Sequence[Pair]]] = {}
    if layout.directives and shift:
        runs[0] = [layout.directives]
    for block, found in layout.pieces:
        if found.kind == "properties":
            runs.setdefault(block + shift, []).append(found.pairs)
    return runs


def _properties(
    runs: list[Sequence[Pair]], places: Places
) -> tuple[tuple[Property, ...], tuple[Property, ...]]:
    """The properties that count and those that do not: only the first run counts."""
    first, *rest = runs
    obeyed = tuple([p for p in properties_of(first, places) if is_valid_key(p.key)])
    return obeyed, properties_of(chain.from_iterable(rest), places)


def templates_in(blocks: Sequence[Block]) -> frozenset[int]:
    """Return the blocks of templates: those with `template::` and everything below them.

    Where the text at the top of a page has it, the whole page is a template: Logseq takes the
    bullet from a first block that begins with a property.
    """
    found: set[int] = set()
    for index, block in enumerate(blocks):
        named = any(item.key == "template" and item.value for item in block.properties)
        if named and block.kind == "pre":
            return frozenset(range(len(blocks)))
        if named or block.parent in found:
            found.add(index)
    return frozenset(found)


def content_end(data: bytes, start: int, end: int) -> int:
    """Return the end of a block's last line that is not blank, without its line end.

    Of a block that is all blank, it is the end of the first line.

    Args:
        data: the page.
        start: of the block.
        end: of the block.
    """
    if end - start > 1 and data[end - 1] == 0x0A and data[end - 2] not in _BLANK:
        return end - 1
    last = len(data[start:end].rstrip(_BLANK)) + start
    stop = data.find(b"\n", last, end)
    stop = end if stop < 0 else stop
    return stop - 1 if stop > last and data[stop - 1] == 0x0D else stop
