"""Decide which outputs of a notebook are those of the code that the notes have."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from itertools import pairwise

from msgspec import Struct

from tangle.analyse import Session
from tangle.analyse.dependencies import flows, needed_chunks

Log = Mapping[int, str]
"""What a kernel was seen to run: code by execution count."""


class Ran(Struct, frozen=True, kw_only=True):
    """A code cell of a notebook as it says that it was run.

    Attributes:
        count: its execution count; None if it was not run, or runs just now.
        source: its code now.
        edited: whether it was edited since it was run, as earlier saves show.
    """

    count: int | None
    source: str
    edited: bool = False


def current_outputs(
    session: Session, chunks: Mapping[int, Ran], setup: Ran | None, logs: Sequence[Log] | None
) -> frozenset[int]:
    """Return the chunks whose outputs are of the code that they and all that they need have.

    A chunk counts where it and what it needs were run in the order of the page, none of them was
    edited since, and the kernel was seen to run that code.

    Args:
        session: the section.
        chunks: the cells of its chunks, by index; those whose code is what the notes have.
        setup: the first cell of the notebook.
        logs: what its kernels were seen to run; None where nobody saw one.
    """
    flow = flows(session)
    first = [setup] if setup is not None else [Ran(count=None, source="")]
    before = first if needs_setup(session) else []
    found: set[int] = set()
    for index, ran in chunks.items():
        if ran.count is None or flow.chunks[index] is None:
            continue
        needed = needed_chunks(flow, [index])
        if all(each in chunks for each in needed):
            cells = [*before, *(chunks[each] for each in sorted(needed))]
            if _in_order(cells) and _seen(cells, logs):
                found.add(index)
    return frozenset(found)


def needs_setup(session: Session) -> bool:
    """Return whether a section's chunks are not the same without the first cell of its notebook.

    Args:
        session: the section.
    """
    elsewhere = session.folder != posixpath.dirname(session.unit.section.page)
    return bool(session.prelude or session.package or elsewhere)


def _in_order(cells: Sequence[Ran]) -> bool:
    counts = [0 if cell.count is None or cell.edited else cell.count for cell in cells]
    return counts[0] > 0 and all(one < other for one, other in pairwise(counts))


def _seen(cells: Sequence[Ran], logs: Sequence[Log] | None) -> bool:
    return logs is None or any(
        all(log.get(cell.count or 0) == cell.source for cell in cells) for log in logs
    )
