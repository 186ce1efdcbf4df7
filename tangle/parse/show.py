"""Show how a page was read: as JSON for `tangle outline`, and as a tree for people."""

from __future__ import annotations

from collections import defaultdict

from tangle.model import Block, Fence, Page

_WIDTH = 60
"""Characters of a block's first words that the tree shows."""


def outline(page: Page) -> dict[str, object]:
    """Return the page as `tangle outline --format json` prints it.

    Property keys and ids stand as they are written; Logseq compares both without regard to case.
    """
    return {
        "path": page.path,
        "blocks": [
            {
                "kind": block.kind,
                "start": block.span.start,
                "end": block.span.end,
                "level": block.level,
                "parent": block.parent,
                "id": _written_id(block),
                "properties": {item.name: item.value for item in block.properties},
            }
            for block in page.blocks
        ],
        "code": [
            {
                "block": fence.block,
                "language": fence.language or None,
                "start": fence.span.start,
                "end": fence.span.end,
                "text": fence.text,
                "code": fence.code,
            }
            for fence in page.fences
        ],
        "refs": [
            {
                "block": reference.block,
                "kind": reference.kind,
                "id": reference.target,
                "start": reference.span.start,
                "end": reference.span.end,
            }
            for reference in page.references
        ],
    }


def _written_id(block: Block) -> str | None:
    values = (item.value for item in block.properties if item.value.lower() == block.id)
    return next(values, block.id)


def outline_text(page: Page) -> str:
    """Return the page as a tree: a line per block, its code blocks below it."""
    fences: dict[int, list[Fence]] = defaultdict(list)
    for fence in page.fences:
        fences[fence.block].append(fence)
    lines = [str(page.path)]
    for index, block in enumerate(page.blocks):
        margin = "  " * block.level
        words = " ".join(block.title.split())
        words = words if len(words) <= _WIDTH else words[: _WIDTH - 1] + "…"
        mark = {"pre": "=", "bullet": "-", "heading": "#"}[block.kind]
        lines.append(f"{margin}{mark} {words}".rstrip() + f"  [line {block.line}]")
        for fence in fences[index]:
            count = len(fence.margins)
            where = f" in a {fence.nested}" if fence.nested else ""
            lines.append(
                f"{margin}    {fence.language or 'code'}{where}, "
                f"{count} line{'' if count == 1 else 's'} from {fence.line + 1}"
            )
    return "\n".join(lines) + "\n"
