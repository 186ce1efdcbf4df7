"""What tangle writes, read by Logseq's own parser: the blocks that were meant, and nothing else.

Needs node and mldoc, as `tests/parse/test_differential.py` says.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from benchmarks import mldoc
from tangle.write import ChunkOutput, Piece, Unwritten, plan_outputs, stored_outputs
from tangle.write.parts import PieceKind

from .pages import (
    HOSTILE_LINES,
    UUID,
    chunk_hosts,
    edited,
    failure_lines,
    figure,
    hostile_pieces,
    hostile_texts,
    output,
    piece_of,
    read,
)
from .rewriting import edited_properties, nodes, saved

_ABSENT = mldoc.absent()
pytestmark = pytest.mark.skipif(_ABSENT is not None, reason=str(_ABSENT))

BARE = b"- a\n  - ```python\n    x\n    ```\n    - child\n- ```python\n  y\n  ```\n- b"
# What an output block may come to: its property, text that is shown as it is, and figures.
MEANT = {
    *("Heading", "Property_Drawer", "Src", "Example"),
    *("Paragraph", "Plain", "Break_Line", "Link", "Link Search", "Search"),
    *("Table", "Displayed_Math", "List", "Quote", "Horizontal_Rule", "Emphasis", "Code"),
    *("Latex_Fragment", "Inline", "Bold", "Italic", "Subscript", "Superscript"),
}


def logseq(pages: list[bytes]) -> list[list[dict[str, Any]]]:
    found = mldoc.outlines([page.decode() for page in pages])
    return [outline["blocks"] for outline in found]


def shape(blocks: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [(b["kind"], b["level"], b["size"], b["runs"], b["code"], b["kinds"]) for b in blocks]


def is_output(block: dict[str, Any]) -> bool:
    return any(key == "tangle.output" for run in block["runs"] for key, *_ in run)


def check(text: str, before: list[dict[str, Any]], after: list[dict[str, Any]]) -> None:
    """The outline is the one without outputs, and a block below each chunk, of what is meant."""
    others = [block for block in after if not is_output(block)]
    # A following block's blank lines are reported with it; outputs have the same before and after.
    assert shape(others) == shape(before), text
    outputs = [block for block in after if is_output(block)]
    assert len(outputs) == 2, text
    for block in outputs:
        (run,) = block["runs"]
        assert [key for key, *_ in run if key not in {"id", "collapsed"}] == ["tangle.output"], text
        assert set(block["kinds"]) <= MEANT, text
        assert {language for language, *_ in block["code"]} <= {"text"}, text


def written(text: str, *, failed: bool = False) -> bytes:
    page = read(BARE)
    failure = failure_lines(text) if failed else ()
    wanted = {
        host: [replace(output("" if failed else text, f"{host}.svg"), failure=failure)]
        for host in chunk_hosts(page)
    }
    plan = plan_outputs(page, wanted)
    assert not plan.refused
    return edited(BARE, plan)


HOSTILE = [
    *HOSTILE_LINES,
    *(f"before\n{line}\nafter" for line in HOSTILE_LINES),
    *(f"{line}\n{line}" for line in HOSTILE_LINES),
    "\n".join(HOSTILE_LINES),
    "\n".join(reversed(HOSTILE_LINES)),
    "```\n- a\n  id:: " + UUID + "\n```\n#+END_EXAMPLE\n- b",
    "".join(map(chr, range(32))) + "\x7f\x80\x85\u2028\u2029\ufeff",
    "\x1b[1;31mred\x1b[0m \x1b]8;;http://x\x07link\x1b]8;;\x07",
    "SCHEDULED: <2024-01-01 Mon>\nDEADLINE: <2024-01-01 Mon>\nTODO x\n- [ ] x",
    "x" * 1_000_000,
    "- line\n" * 150_000,
    "((" * 300_000,
    "{{" * 300_000,
    "```\n" * 250_000,
    "k:: v\n" * 160_000,
]


def test_hostile_outputs_are_read_as_one_block_each() -> None:
    before, *found = logseq([BARE, *map(written, HOSTILE)])
    for text, after in zip(HOSTILE, found, strict=True):
        if text.strip("\x00\x07\x0b\x0c \n"):
            check(text[:200], before, after)


def test_hostile_failures_are_read_as_one_block_each() -> None:
    before, *found = logseq([BARE, *(written(text, failed=True) for text in HOSTILE)])
    for text, after in zip(HOSTILE, found, strict=True):
        check(text[:200], before, after)


def written_pieces(pieces: list[Piece]) -> bytes:
    page = read(BARE)
    wanted: dict[int, list[ChunkOutput | Unwritten | None]] = {
        host: [ChunkOutput(digest=f"{host:012x}", pieces=(*pieces, figure(f"{host}.svg")))]
        for host in chunk_hosts(page)
    }
    plan = plan_outputs(page, wanted)
    assert not plan.refused
    return edited(BARE, plan)


@pytest.mark.parametrize("kind", ["markdown", "math", "table", "sentence"])
def test_hostile_outputs_of_each_kind_are_read_as_one_block_each(kind: PieceKind) -> None:
    texts = [line for line in HOSTILE[: 3 * len(HOSTILE_LINES)] if line.strip("\0\a\v\f \n")]
    pages = [written_pieces([piece_of(kind, text)]) for text in texts]
    before, *found = logseq([BARE, *pages])
    for text, after in zip(texts, found, strict=True):
        check(f"{kind}: {text}", before, after)


@settings(max_examples=5)
@given(st.lists(st.lists(hostile_pieces(), min_size=1, max_size=4), min_size=1, max_size=20))
def test_pieces_in_any_order_are_read_as_one_block(made: list[list[Piece]]) -> None:
    before, *found = logseq([BARE, *map(written_pieces, made)])
    for pieces, after in zip(made, found, strict=True):
        check(repr(pieces), before, after)


@settings(max_examples=5)
@given(st.lists(hostile_texts.filter(str.strip), min_size=1, max_size=30), st.booleans())
def test_any_output_is_read_as_one_block(texts: list[str], failed: bool) -> None:
    before, *found = logseq([BARE, *(written(text, failed=failed) for text in texts)])
    for text, after in zip(texts, found, strict=True):
        check(text, before, after)


@settings(max_examples=5)
@given(
    st.lists(hostile_texts, min_size=1, max_size=20),
    st.sampled_from(["\t", "  ", "    "]),
    st.data(),
)
def test_what_is_replaced_after_logseq_saved_the_page_is_read_so_too(
    texts: list[str], unit: str, draw: st.DataObject
) -> None:
    pages, again = [], []
    for text in texts:
        blocks = draw.draw(edited_properties(nodes(read(written("before")))))
        page = read(saved(blocks, unit))
        wanted = {host: [output(f"new {text}")] for host in chunk_hosts(page)}
        pages.append(page.data)
        again.append(edited(page.data, plan_outputs(page, wanted)))
        assert len(stored_outputs(read(again[-1]))) == 2
    for text, before, after in zip(texts, logseq(pages), logseq(again), strict=True):
        check(text, [block for block in before if not is_output(block)], after)
