"""Output blocks in a three-way merge: removed before, valid ones put back after."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from tangle.model import Span
from tangle.write.draft import removal
from tangle.write.edits import Edit, apply, disjoint
from tangle.write.layout import Layout, has_children
from tangle.write.output_blocks import StoredOutput, stored_outputs
from tangle.write.verify import Expected, reads_as_expected

if TYPE_CHECKING:
    from tangle.model import Page


class CutBlock(Struct, frozen=True, kw_only=True):
    """An output block that was removed from a page.

    Attributes:
        indent: the white space before its bullet.
        data: its bytes, from its first line to the end of its content.
    """

    stored: StoredOutput
    indent: bytes
    data: bytes

    @property
    def value(self) -> tuple[str, str]:
        """Its identity: the digests of its code, and of its content."""
        return self.stored.code_digest, self.stored.output_digest


class CutPage(Struct, frozen=True, kw_only=True):
    """A page without its output blocks, and those blocks by the index of their host."""

    data: bytes
    blocks: Mapping[int, tuple[CutBlock, ...]]


def cut_outputs(page: Page, hosts: frozenset[int]) -> CutPage:
    """Remove the output blocks of some hosts from a page.

    Blocks that a person made something else of, gave a first line, or put others below, stay: they
    are text. Nothing
    is taken out where Logseq would read the rest in another way.

    Args:
        page: to be merged.
        hosts: indices of the blocks that lose their outputs.
    """
    found: defaultdict[int, list[CutBlock]] = defaultdict(list)
    edits: list[Edit] = []
    left: list[Expected] = []
    for stored in stored_outputs(page):
        is_text = stored.reworked or stored.titled or has_children(page, stored.block)
        if stored.host in hosts and not is_text:
            found[stored.host].append(_cut(page, stored))
            edits.append(Edit(span=removal(page, stored), data=b""))
        else:
            left.append(_expected(page, stored))
    data = apply(page.data, disjoint(edits))
    if not reads_as_expected(page, data, left, loose=False):
        return CutPage(data=page.data, blocks={})
    return CutPage(data=data, blocks={host: tuple(cut) for host, cut in found.items()})


def put_back(page: Page, blocks: Mapping[int, Sequence[CutBlock]], unit: str = "\t") -> bytes:
    """Put output blocks back below their hosts; return the page unchanged if that is impossible.

    Args:
        page: the page, without those blocks.
        blocks: by index of a host the blocks that belong there, in order.
        unit: one step of indentation, for a page that does not show its own.
    """
    layout = Layout(page, unit)
    edits: list[Edit] = []
    expected = [_expected(page, stored) for stored in stored_outputs(page)]
    for host, cuts in sorted(blocks.items()):
        spot, eol = layout.first_child_spot(host), layout.eol
        data = b"".join(eol + _indented(cut, spot.indent, eol) for cut in cuts)
        edits.append(Edit(span=Span(start=spot.offset, end=spot.offset), data=data))
        expected += [
            Expected(host=host, value=_value(cut), lines=cut.stored.lines, ours=False)
            for cut in cuts
        ]
    result = apply(page.data, edits)
    return result if reads_as_expected(page, result, expected, loose=False) else page.data


def _cut(page: Page, stored: StoredOutput) -> CutBlock:
    block = page.data[stored.span.start : stored.span.end]
    return CutBlock(stored=stored, indent=block[: page.blocks[stored.block].indent], data=block)


def _expected(page: Page, stored: StoredOutput) -> Expected:
    value = page.data[stored.value.start : stored.value.end]
    return Expected(host=stored.host, value=value, lines=stored.lines, ours=False)


def _value(cut: CutBlock) -> bytes:
    start = cut.stored.span.start
    return cut.data[cut.stored.value.start - start : cut.stored.value.end - start]


def _indented(cut: CutBlock, indent: bytes, eol: bytes) -> bytes:
    """A block's lines as deep as its place asks, ended as the page's lines are."""
    return eol.join(_moved(cut, indent))


def _moved(cut: CutBlock, indent: bytes) -> Iterator[bytes]:
    for line in cut.data.split(b"\n"):
        whole = line.removesuffix(b"\r")
        yield indent + whole.removeprefix(cut.indent) if whole.strip() else whole
