"""The outputs in a page, each with its chunk and whether it matches it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tangle.model import OutputMark, Page, PagePath, ShownOutput
from tangle.notes import Core, pages, query, units
from tangle.verbs.write_back.staleness import is_fresh, wanted_outputs
from tangle.weave.chunks import units_on
from tangle.write import StoredOutput, Wanted, match, shown_parts, stored_outputs


@query(kept=tuple[ShownOutput, ...])
def shown_on(core: Core, path: PagePath) -> tuple[ShownOutput, ...]:
    """What the output blocks of a page show."""
    found = filter(None, (units.row(core, place) for place in units_on(core, path)))
    hosts: Mapping[int, Sequence[Wanted]] = wanted_outputs(found).get(path, {})
    return page_outputs(pages.page(core, path), hosts)


def page_outputs(page: Page, hosts: Mapping[int, Sequence[Wanted]]) -> tuple[ShownOutput, ...]:
    """Return what the output blocks of a page show, in order.

    A block that a person turned into text does not count.

    Args:
        page: the page.
        hosts: the chunks of each block, as `wanted_outputs` has them.
    """
    stored = [each for each in stored_outputs(page) if not (each.reworked or each.chunk_gone)]
    matches = match(hosts, stored)
    found = [
        _shown(each, (host, at), fresh=is_fresh(each, chunk))
        for host, matched in matches.found.items()
        for at, (chunk, each) in enumerate(zip(hosts[host], matched, strict=True))
        if each is not None
    ]
    found += [
        _shown(each, (-1, 0), fresh=any(is_fresh(each, c) for c in hosts.get(each.host, ())))
        for each in matches.left
    ]
    return tuple(sorted(found, key=lambda output: output.block))


def _shown(stored: StoredOutput, of: tuple[int, int], *, fresh: bool) -> ShownOutput:
    mark: OutputMark = "stale"
    if fresh:
        mark = "failed" if stored.failed else "fresh"
    return ShownOutput(
        block=stored.block,
        host=of[0],
        at=of[1],
        line=stored.line,
        mark=mark,
        edited=stored.edited,
        parts=shown_parts(stored),
    )
