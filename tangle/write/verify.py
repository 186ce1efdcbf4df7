"""Verify edits: parse the resulting page and compare.

What a page leaves open (a fence, a drawer, front matter) may be closed by an output further down,
and then Logseq reads another outline than the one that was there. No rule about the output alone
can tell, so the result is parsed and compared.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from msgspec import Struct

from tangle.parse import parse
from tangle.write.output_blocks import StoredOutput, stored_outputs

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tangle.model import Page


class Expected(Struct, frozen=True, kw_only=True):
    """An output block that the page should have.

    Attributes:
        host: index of its block in the page as it was.
        value: of its property.
        lines: as they are compared.
        ours: whether it is written by this plan, and so must hold nothing that Logseq reads.
    """

    host: int
    value: bytes
    lines: tuple[str, ...]
    ours: bool


def reads_as_expected(
    page: Page, data: bytes, expected: Iterable[Expected], *, loose: bool
) -> bool:
    """Whether the new bytes read as the old page with exactly the expected outputs.

    Args:
        page: the page as it was.
        data: its bytes with the edits made.
        expected: the output blocks that should be there, with the indices that hosts had.
        loose: whether blocks may have moved to another level, their parent being gone.
    """
    # A page that is not UTF-8 was read with some other handler; its bytes tell what its text says.
    after = parse(data, page.path, errors="surrogateescape")
    old_outputs, new_outputs = stored_outputs(page), stored_outputs(after)
    old, new = _others(page, old_outputs), _others(after, new_outputs)
    if len(old) != len(new):
        return False
    back = dict(zip(new, old, strict=True)) | {-1: -1}
    same = {index: index for index in old} | {-1: -1}
    found = Counter(
        (back.get(output.host, -2), _value(after, output), output.lines) for output in new_outputs
    )
    return (
        found == Counter((block.host, block.value, block.lines) for block in expected)
        and _outline(page, same, loose=loose) == _outline(after, back, loose=loose)
        and _says_nothing(after, new_outputs, {block.value for block in expected if block.ours})
        and not _references(after, new_outputs) - _references(page, old_outputs)
        and not Counter(after.links) - Counter(page.links)
    )


def _others(page: Page, outputs: Sequence[StoredOutput]) -> list[int]:
    taken = {output.block for output in outputs}
    return [index for index in range(len(page.blocks)) if index not in taken]


def _value(page: Page, output: StoredOutput) -> bytes:
    return page.data[output.value.start : output.value.end]


def _outline(page: Page, numbers: dict[int, int], *, loose: bool) -> list[tuple[object, ...]]:
    """All that matters of the blocks that are no outputs, with the indices they had before."""
    blocks = [
        (
            block.kind,
            block.heading,
            block.id,
            tuple((found.key, found.line - block.line) for found in block.properties),
            page.data[block.span.start : block.content],
            None if loose else (block.level, numbers.get(block.parent, -2)),
        )
        for index, block in enumerate(page.blocks)
        if index in numbers
    ]
    fences = [
        (numbers[fence.block], page.data[fence.span.start : fence.span.end].rstrip(), fence.nested)
        for fence in page.fences
        if fence.block in numbers
    ]
    references = [
        (numbers[reference.block], reference.kind, reference.target, reference.alone)
        for reference in page.references
        if reference.block in numbers
    ]
    return [*blocks, *fences, *references]


def _says_nothing(page: Page, outputs: Sequence[StoredOutput], ours: set[bytes]) -> bool:
    """Whether the blocks that were written hold no property and no code."""
    written = {output.block for output in outputs if _value(page, output) in ours}
    return not any(page.blocks[index].ignored for index in written) and all(
        fence.language == "text" for fence in page.fences if fence.block in written
    )


def _references(page: Page, outputs: Sequence[StoredOutput]) -> Counter[tuple[object, ...]]:
    """What output blocks refer to: the first lines that a person gave them may do so."""
    blocks = {output.block for output in outputs}
    return Counter((r.kind, r.target) for r in page.references if r.block in blocks)
