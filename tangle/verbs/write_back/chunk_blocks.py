"""The chunks of the notes by the blocks under which their outputs belong."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence

from tangle.model import PagePath
from tangle.notes import ChunkRow, UnitRow


def chunks_by_block(
    rows: Iterable[UnitRow], pages: Container[PagePath]
) -> Mapping[PagePath, Mapping[int, Sequence[ChunkRow]]]:
    """Return the chunks of each block with code, by page and the block's index.

    Args:
        rows: the units; of those that share a block, the first counts.
        pages: the pages whose blocks are returned.
    """
    found: defaultdict[PagePath, dict[int, Sequence[ChunkRow]]] = defaultdict(dict)
    for row in rows:
        own: defaultdict[tuple[PagePath, int], list[ChunkRow]] = defaultdict(list)
        for chunk in row.chunks:
            if chunk.page in pages:
                own[chunk.page, chunk.host].append(chunk)
        for (page, host), chunks in own.items():
            found[page].setdefault(host, chunks)
    return found
