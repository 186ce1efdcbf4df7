"""The outputs that stand in a page, each with the chunk that it is of and how it stands to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tangle.model import OutputMark, Page, ShownOutput
from tangle.verbs.write_back.staleness import is_fresh
from tangle.write import StoredOutput, Wanted, match, shown_parts, stored_outputs


@dataclass(frozen=True, slots=True, kw_only=True)
class PageOutputs:
    """The outputs of a page.

    Attributes:
        of_chunk: by the block of a chunk, and which one of that block it is, from 0.
        loose: those that belong to no chunk.
    """

    of_chunk: Mapping[tuple[int, int], ShownOutput]
    loose: tuple[ShownOutput, ...]


def page_outputs(page: Page, hosts: Mapping[int, Sequence[Wanted]]) -> PageOutputs:
    """Return what the output blocks of a page show.

    A block of which a person made a text is none.

    Args:
        page: the page.
        hosts: the chunks of each block, as `wanted_outputs` has them.
    """
    stored = [each for each in stored_outputs(page) if not (each.reworked or each.chunk_gone)]
    matches = match(hosts, stored)
    found = {
        (host, at): _shown(each, fresh=is_fresh(each, chunk))
        for host, matched in matches.found.items()
        for at, (chunk, each) in enumerate(zip(hosts[host], matched, strict=True))
        if each is not None
    }
    loose = (
        _shown(each, fresh=any(is_fresh(each, chunk) for chunk in hosts.get(each.host, ())))
        for each in matches.left
    )
    return PageOutputs(of_chunk=found, loose=tuple(loose))


def _shown(stored: StoredOutput, *, fresh: bool) -> ShownOutput:
    mark: OutputMark = "stale"
    if fresh:
        mark = "failed" if stored.failed else "fresh"
    return ShownOutput(
        block=stored.block,
        line=stored.line,
        mark=mark,
        edited=stored.edited,
        parts=shown_parts(stored),
    )
