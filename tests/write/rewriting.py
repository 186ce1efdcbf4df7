"""What Logseq and its user do to a page that has outputs: blocks taken apart and written again."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace

from tangle.model import Page

_BODY = ("```", "#+BEGIN_EXAMPLE", "![")
UUIDS = tuple(f"6543ed3a-0000-4000-8000-{number:012x}" for number in range(1, 40))


class Node(Struct, frozen=True, kw_only=True):
    """A block as Logseq holds it: its text without indentation, and how deep it stands."""

    level: int
    lines: tuple[str, ...]


def nodes(page: Page) -> list[Node]:
    """The blocks of a page, each line less the indentation that its block has."""
    found = []
    for block in page.blocks:
        text = page.data[block.span.start : block.span.end].decode().replace("\r\n", "\n")
        first, *rest = text.strip(" \t\n").removeprefix("-").lstrip(" \t").split("\n")
        margin = block.indent + 2
        body = (
            line[margin:] if not line[:margin].strip() and len(line) >= margin else line.lstrip()
            for line in rest
        )
        found.append(Node(level=block.level, lines=(first, *body)))
    return found


def saved(blocks: Sequence[Node], unit: str) -> bytes:
    """The page as Logseq writes it (logseq-spec.md, section 6)."""
    written = []
    for node in blocks:
        indent = unit * (node.level - 1)
        first, *rest = node.lines
        written.append("\n".join([f"{indent}- {first}", *(f"{indent}  {line}" for line in rest)]))
    return "\n".join(written).encode()


def is_output(node: Node) -> bool:
    """Whether a block is an output block that tangle wrote."""
    return any(line.startswith("tangle.output:: ") for line in node.lines[:3])


def with_properties(node: Node, added: Sequence[str]) -> Node:
    """An output block with its properties in another order; a chunk's block with some before it."""
    if is_output(node):
        own = next(index for index, line in enumerate(node.lines) if line.startswith(_BODY))
        return replace(node, lines=(*added, *node.lines[own:]))
    return replace(node, lines=(*added, *node.lines))


@st.composite
def edited_properties(draw: st.DrawFn, blocks: Sequence[Node]) -> list[Node]:
    """Blocks to which Logseq gave ids and `collapsed::`, output blocks with them in any order."""
    result = []
    for node, uuid in zip(blocks, UUIDS, strict=False):
        added = [f"id:: {uuid}"] if draw(st.booleans()) else []
        added += ["collapsed:: true"] if draw(st.booleans()) else []
        if is_output(node):
            own = next(line for line in node.lines if line.startswith("tangle.output:: "))
            result.append(with_properties(node, draw(st.permutations([own, *added]))))
        else:
            result.append(with_properties(node, added))
    return result


def subtree(blocks: Sequence[Node], index: int) -> int:
    """Where what is below a block ends."""
    end = index + 1
    while end < len(blocks) and blocks[end].level > blocks[index].level:
        end += 1
    return end


@st.composite
def moved(draw: st.DrawFn, blocks: Sequence[Node]) -> tuple[list[Node], list[Node]]:
    """A block taken, with all below it, to another place of the page or to another page."""
    host = next(i for i, node in enumerate(blocks) if any("```py" in line for line in node.lines))
    end = subtree(blocks, host)
    taken, rest = list(blocks[host:end]), [*blocks[:host], *blocks[end:]]
    if draw(st.booleans()):
        return rest, [replace(node, level=node.level - taken[0].level + 1) for node in taken]
    spot = draw(st.integers(0, len(rest)))
    most = rest[spot - 1].level + 1 if spot else 1
    # What follows must not become a child of what is put in before it.
    least = rest[spot].level if spot < len(rest) else 1
    depth = draw(st.integers(min(least, most), most))
    shifted = [replace(node, level=node.level - taken[0].level + depth) for node in taken]
    return [*rest[:spot], *shifted, *rest[spot:]], []
