"""Find the block of each output's code: the output goes where its code is now."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from msgspec.structs import replace

from tangle.model import PagePath, SectionName
from tangle.notes import UnitRow
from tangle.verbs.write_back.chunk_blocks import chunks_by_block
from tangle.verbs.write_back.placement import Placed
from tangle.write import Unwritten, asset_target

Rows = Sequence[UnitRow]
"""The rows of all sections, in reading order."""

ByBlock = Mapping[int, Sequence[Placed | Unwritten]]
"""The outputs of blocks, by index: one for each of a block's chunks."""

Hosts = Mapping[PagePath, ByBlock]
"""The outputs by page and host block."""


def hosts_of(rows: Rows, outputs: Iterable[Placed]) -> tuple[Hosts, list[Placed]]:
    """Return the outputs by page and host block, and those without a place.

    Args:
        rows: the sections of the current notes.
        outputs: to be assigned.
    """
    by_section: defaultdict[SectionName, list[Placed]] = defaultdict(list)
    for output in outputs:
        by_section[output.section].append(output)
    found = [_hosts(rows, name, entries) for name, entries in by_section.items()]
    missing = [entry for _, left in found for entry in left]
    return _merged(hosts for hosts, _ in found), missing


def _hosts(rows: Rows, name: SectionName, outputs: Sequence[Placed]) -> tuple[Hosts, list[Placed]]:
    """The same for the outputs of one section.

    A chunk may have moved to another section: the digest, which covers all that the output depends
    on, finds it there, if there is but one of it.
    """
    left = {output.digest: output for output in outputs}
    pages: defaultdict[PagePath, defaultdict[int, list[Placed | Unwritten]]] = defaultdict(
        lambda: defaultdict(list)
    )
    own = next((row for row in rows if row.name == name), None)
    moved = _elsewhere(rows, name, left.keys() - {c.digest for c in own.chunks} if own else left)
    for row in (*((own,) if own else ()), *moved):
        for chunk in row.chunks:
            found = left.pop(chunk.digest, None) if chunk.runs else None
            pages[chunk.page][chunk.host].append(
                _at(chunk.page, found) if found else Unwritten(digest=chunk.digest)
            )
    chosen = {
        path: {host: found for host, found in hosts.items() if any(placed(found))}
        for path, hosts in pages.items()
    }
    return {path: hosts for path, hosts in chosen.items() if hosts}, list(left.values())


def _merged(found: Iterable[Hosts]) -> Hosts:
    """Merge the outputs of several sections, page by page and block by block."""
    pages: defaultdict[PagePath, dict[int, Sequence[Placed | Unwritten]]] = defaultdict(dict)
    for hosts in found:
        for path, by_block in hosts.items():
            for host, chunks in by_block.items():
                before = pages[path].get(host, chunks)
                pages[path][host] = [
                    a if isinstance(a, Placed) else b for a, b in zip(before, chunks, strict=True)
                ]
    return pages


def completed(rows: Rows, hosts: Hosts) -> Hosts:
    """Return the blocks of those pages, and their other blocks with code, whose outputs stay.

    This distinguishes outputs that are below no chunk any more from those of other chunks.

    Args:
        rows: the sections of the current notes.
        hosts: the outputs to write.
    """
    blocks = chunks_by_block(rows, hosts)
    others = {
        path: {
            host: [Unwritten(digest=chunk.digest) for chunk in chunks]
            for host, chunks in by_block.items()
        }
        for path, by_block in blocks.items()
    }
    return {path: {**others.get(path, {}), **by_block} for path, by_block in hosts.items()}


def _elsewhere(rows: Rows, name: SectionName, digests: Collection[str]) -> list[UnitRow]:
    """Return other sections that have chunks with these digests, each exactly once in the notes."""
    counts = Counter(c.digest for row in rows for c in row.chunks if c.digest in digests)
    once = {digest for digest, count in counts.items() if count == 1}
    return [
        row
        for row in rows
        if row.name != name and any(chunk.digest in once for chunk in row.chunks)
    ]


def _at(page: PagePath, output: Placed) -> Placed:
    """Return an output with figure paths relative to its page."""
    targets = [asset_target(page, figure.name) for figure in output.figures]
    return replace(output, output=output.output.with_targets(targets))


def pages_of(rows: Rows, outputs: Iterable[Placed]) -> Mapping[PagePath, Sequence[Placed]]:
    """Return the pages on which the code of outputs is, each with its outputs.

    Args:
        rows: the sections of the current notes.
        outputs: to be assigned to pages.
    """
    hosts, _ = hosts_of(rows, outputs)
    return {path: tuple(entries(by_block)) for path, by_block in hosts.items()}


def entries(hosts: ByBlock) -> Iterator[Placed]:
    """Yield the outputs that are to be written.

    Args:
        hosts: the blocks of a page.
    """
    return (entry for found in hosts.values() for entry in placed(found))


def placed(found: Sequence[Placed | Unwritten]) -> Iterator[Placed]:
    """Yield those of a block's outputs that are to be written.

    Args:
        found: one for each of its chunks.
    """
    return (entry for entry in found if isinstance(entry, Placed))
