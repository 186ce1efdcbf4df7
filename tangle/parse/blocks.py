"""From what the scan found to the blocks of a page."""

from __future__ import annotations

from tangle.model import Block, Property, Span

from .constructs import Found
from .nesting import nest
from .properties import block_id, is_valid_key, properties_of
from .scan import Layout, Start
from .text import Places


def blocks_of(layout: Layout, places: Places) -> tuple[Block, ...]:
    """The blocks of a page: they tile it, and parents come before their children."""
    starts = with_pre_block(layout, places)
    shift = len(starts) - len(layout.starts)
    if not starts:
        return ()
    runs = property_runs(layout, shift, len(starts))
    depths = nest(1 if s.kind != "bullet" else s.indent + 1 for s in starts)
    ends = [*(s.start for s in starts[1:]), len(places.data)]
    blocks = []
    for start, end, depth, run in zip(starts, ends, depths, runs, strict=True):
        obeyed, ignored = _properties(run, layout, start, places)
        blocks.append(
            Block(
                kind=start.kind,
                span=Span(start=start.start, end=end),
                indent=start.indent,
                level=depth.level,
                parent=depth.parent,
                title=places.decode(start.title, start.title_end).strip("\ufeff").strip(),
                heading=start.heading,
                id=block_id(obeyed),
                properties=obeyed,
                ignored=ignored,
                line=places.line(start.start),
                content=content_end(places.data, start.start, end),
            )
        )
    return tuple(blocks)


def with_pre_block(layout: Layout, places: Places) -> list[Start]:
    """The starts, with one for the text before the first block where there is any."""
    first = layout.starts[0].start if layout.starts else len(places.data)
    if first == 0:
        return layout.starts
    end = places.data.find(b"\n", 0, first)
    end = first if end < 0 else end
    piece = layout.pieces[0].found if layout.pieces and layout.pieces[0].block < 0 else None
    plain = piece is None or piece.start > end
    plain = plain and not places.data.startswith(b"---")
    return [Start("pre", 0, 0, 0, 0, end if plain else 0), *layout.starts]


def property_runs(layout: Layout, shift: int, count: int) -> list[list[Found]]:
    """For each block its runs of property lines."""
    runs: list[list[Found]] = [[] for _ in range(count)]
    for block, found in layout.pieces:
        if found.kind == "properties":
            runs[block + shift].append(found)
    return runs


def _properties(
    runs: list[Found], layout: Layout, start: Start, places: Places
) -> tuple[tuple[Property, ...], tuple[Property, ...]]:
    """The properties that count and those that do not: only the first run counts."""
    groups = [run.pairs for run in runs]
    if start.kind == "pre" and layout.directives:
        groups.insert(0, tuple(layout.directives))
    if not groups:
        return (), ()
    first, *rest = groups
    obeyed = tuple(p for p in properties_of(first, places) if is_valid_key(p.key))
    return obeyed, properties_of((pair for group in rest for pair in group), places)


def content_end(data: bytes, start: int, end: int) -> int:
    """End of the block's last line that is not blank, without its line end.

    Of a block that is all blank, it is the end of the first line.
    """
    last = len(data[start:end].rstrip(b" \t\f\r\n\x1a")) + start
    stop = data.find(b"\n", last, end)
    stop = end if stop < 0 else stop
    return stop - 1 if stop > last and data[stop - 1] == 0x0D else stop
