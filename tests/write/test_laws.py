"""Laws that hold for every page and every output, however hostile."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tangle.model import Page
from tangle.write import (
    ChunkOutput,
    File,
    Piece,
    Rendered,
    placed,
    plan_outputs,
    remove_outputs,
    shortened_for_note,
    stored_outputs,
)

from .pages import (
    chunk_hosts,
    edited,
    hostile_pages,
    hostile_texts,
    output,
    outputs,
    read,
)

PLAIN_PAGE = b"- a\n- ```python\n  x\n  ```\n\n\t- child\n- b\n"
LAWS = settings(deadline=None, max_examples=200)


def outline(page: Page) -> list[tuple[object, ...]]:
    return [
        (block.kind, block.level, block.title, page.data[block.span.start : block.content])
        for block in page.blocks
    ]


def trimmed(data: bytes) -> list[str]:
    # Whether a block is collapsed is decided when it is new.
    lines = (line.rstrip() for line in data.decode().split("\n"))
    return [line for line in lines if line.strip() != "collapsed:: true"]


def hosted(draw: st.DataObject, count: dict[int, int]) -> dict[int, Sequence[ChunkOutput | None]]:
    """An output for every chunk; the digests of two chunks differ, as those of code do."""
    salt = draw.draw(st.integers(0, 1))
    return {
        host: [
            replace(draw.draw(outputs()), digest=f"{salt:02x}{host:05x}{chunk:05x}")
            for chunk in range(number)
        ]
        for host, number in count.items()
    }


@LAWS
@given(hostile_texts)
def test_whatever_is_printed_is_one_block(text: str) -> None:
    page = read(PLAIN_PAGE)
    wanted = {1: [output(text, "a.svg")]}
    plan = plan_outputs(page, wanted)
    assert not plan.refused
    after = read(edited(PLAIN_PAGE, plan))
    (stored,) = stored_outputs(after)
    assert (stored.host, stored.edited, stored.assets) == (1, False, ("a.svg",))
    assert stored.code_digest == "5b0f9c31e2aa"
    expected = outline(page)
    expected.insert(2, outline(after)[2])
    assert outline(after) == expected
    assert [found.key for found in after.blocks[2].properties] == ["tangle.output"]
    assert not after.references
    assert not after.links
    assert [fence.language for fence in after.fences if fence.block != 2] == ["python"]
    assert plan_outputs(after, wanted).edits == ()
    assert edited(after.data, remove_outputs(after)) == PLAIN_PAGE


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(f"- line {number}" for number in range(10_000)),
        "```\n" * 10_000,
        "k:: v " * 20_000,
        "深度" * 50_000,
        ("`" * 3 + "x") * 30_000,
    ],
)
def test_much_output_is_one_block(text: str) -> None:
    seen = shortened_for_note(Rendered(parts=(Piece(kind="text", text=text),)))
    pieces = tuple(
        placed(part, "", "../assets/tangle/a.txt") if isinstance(part, File) else part
        for part in seen.parts
    )
    wanted = {1: [ChunkOutput(digest="0" * 12, pieces=pieces)]}
    after = read(edited(PLAIN_PAGE, plan_outputs(read(PLAIN_PAGE), wanted)))
    assert len(after.blocks) == 5
    assert plan_outputs(after, wanted).edits == ()
    assert len(after.data.decode()) < 10_000
    assert stored_outputs(after)[0].assets == ("a.txt",)


@LAWS
@given(hostile_pages(), st.data())
def test_inserting_and_removing_gives_the_page_back(data: bytes, draw: st.DataObject) -> None:
    page = read(data)
    assume(chunk_hosts(page) and not stored_outputs(page))
    wanted = hosted(draw, chunk_hosts(page))
    plan = plan_outputs(page, wanted)
    event(f"refused: {bool(plan.refused)}")
    broken_up = any("\u200b".encode() in edit.data for edit in plan.edits)
    event(f"broken up: {broken_up}")
    if plan.refused:
        assert plan.edits == ()
        return
    after = read(edited(data, plan))
    assert not any(stored.edited for stored in stored_outputs(after))
    back = remove_outputs(after)
    assert not back.refused
    assert edited(after.data, back) == data


@LAWS
@given(hostile_pages(), st.data())
def test_writing_twice_is_writing_once(data: bytes, draw: st.DataObject) -> None:
    page = read(data)
    assume(chunk_hosts(page))
    wanted = hosted(draw, chunk_hosts(page))
    after = read(edited(data, plan_outputs(page, wanted)))
    again = {
        new: wanted[old] for new, old in zip(chunk_hosts(after), chunk_hosts(page), strict=True)
    }
    if not plan_outputs(page, wanted).refused:
        assert plan_outputs(after, again).edits == ()


@LAWS
@given(hostile_pages(), st.data())
def test_a_later_output_leaves_no_trace_of_an_earlier_one(data: bytes, draw: st.DataObject) -> None:
    page = read(data)
    count = chunk_hosts(page)
    assume(count and not stored_outputs(page))
    first, second = hosted(draw, count), hosted(draw, count)
    plans = plan_outputs(page, first), plan_outputs(page, second)
    assume(not plans[0].refused and not plans[1].refused)
    after = read(edited(data, plans[0]))
    moved = {new: second[old] for new, old in zip(chunk_hosts(after), count, strict=True)}
    replaced, written = edited(after.data, plan_outputs(after, moved)), edited(data, plans[1])
    # White space at the end of a line alone is no reason to write a page.
    assert trimmed(replaced) == trimmed(written)


@LAWS
@given(st.data())
def test_what_a_person_would_miss_stays(draw: st.DataObject) -> None:
    """Chunks come, go, move and fall silent; ids, children and first lines of outputs stay."""
    number = draw.draw(st.integers(1, 4))
    chunks = "".join(f"  ```python\n  {name}\n  ```\n" for name in range(number))
    data = f"- text\n{chunks}- last".encode()
    first = [output(f"says {name}", digest=f"{name:012x}") for name in range(number)]
    page = edited(data, plan_outputs(read(data), {0: first})).decode()
    kept: list[str] = []
    for name in range(number):
        shape = draw.draw(st.sampled_from(["", "id", "child", "title"]))
        page, more = with_addition(page, name, shape)
        kept += more
    names = draw.draw(st.permutations(range(number + 2)).map(lambda x: x[:number]))
    later = [
        replace(draw.draw(st.sampled_from([output(), output(f"says {name}")])), digest=digest)
        for name in names
        for digest in [f"{draw.draw(st.integers(0, 1)) * 99 + name:012x}"]
    ]
    plan = plan_outputs(read(page), {0: later})
    assert not plan.refused
    after = edited(page.encode(), plan)
    assert all(after.decode().count(line) == 1 for line in kept)
    assert plan_outputs(read(after), {0: later}).edits == ()
    assert after.decode().startswith(f"- text\n{chunks}".rstrip("\n"))
    said = [stored.lines[1] for stored in stored_outputs(read(after)) if stored.lines]
    assert sorted(said) == sorted(p.text for o in later for p in o.pieces if p.text)
    for stored in stored_outputs(read(after)):  # what says the same is of the same chunk
        text = after[stored.span.start : stored.span.end].decode()
        own = [line for line in kept if line in text]
        assert all(f"says {line[-1]}" in text for line in own) or not any(
            f"says {line[-1]}" in said for line in own
        )


def with_addition(page: str, name: int, shape: str) -> tuple[str, list[str]]:
    """A page with what a person added to the output of a chunk, and the lines that are new."""
    (stored,) = (s for s in stored_outputs(read(page)) if f"says {name}" in s.lines)
    data = page.encode()
    start, head, end = stored.span.start, stored.head.end, stored.span.end
    uuid = f"6543ed3a-0000-4000-8000-00000000000{name}"
    match shape:
        case "id":
            line = f"id:: {uuid}"
            return (data[:head] + f"\n\t  {line}".encode() + data[head:]).decode(), [line]
        case "child":
            line = f"- a remark on {name}"
            return (data[:end] + f"\n\t\t{line}".encode() + data[end:]).decode(), [line]
        case "title":
            line = f"- see (({uuid})), [[Page]] {name}"
            rest = data[start + 3 :]
            return (data[:start] + f"\t{line}\n\t  ".encode() + rest).decode(), [line]
    return page, []


@LAWS
@given(hostile_pages(), st.data())
def test_every_byte_outside_output_blocks_stays(data: bytes, draw: st.DataObject) -> None:
    page = read(data)
    assume(chunk_hosts(page))
    plan = plan_outputs(page, hosted(draw, chunk_hosts(page)))
    mine = [stored.span for stored in stored_outputs(page)]
    for edit in plan.edits:
        inserts = edit.span.start == edit.span.end
        assert inserts or any(
            span.start - 2 <= edit.span.start and edit.span.end <= span.end for span in mine
        )


def saved_by_logseq(page: Page, unit: str) -> bytes:
    """The page as Logseq writes it after an edit somewhere in it (logseq-spec.md, section 6)."""
    blocks = []
    for block in page.blocks:
        text = page.data[block.span.start : block.span.end].decode().replace("\r\n", "\n")
        first, *rest = text.strip(" \t\n").removeprefix("-").lstrip(" \t").split("\n")
        margin = block.indent + 2
        body = [
            line[margin:] if not line[:margin].strip() and len(line) >= margin else line.lstrip()
            for line in rest
        ]
        indent = unit * (block.level - 1)
        blocks.append("\n".join([f"{indent}- {first}", *(f"{indent}  {line}" for line in body)]))
    return "\n".join(blocks).encode()


@LAWS
@given(hostile_texts, st.sampled_from(["\t", "  ", "    "]), st.sampled_from(["\n", "\r\n"]))
def test_an_output_survives_being_saved_by_logseq(text: str, unit: str, eol: str) -> None:
    data = b"- a\n  - b\n    - ```python\n      x\n      ```\n- b\n".replace(b"\n", eol.encode())
    wanted = {2: [output(text, "a.svg")]}
    after = read(edited(data, plan_outputs(read(data), wanted)))
    saved = read(saved_by_logseq(after, unit))
    (stored,) = stored_outputs(saved)
    assert not stored.edited
    assert plan_outputs(saved, wanted).edits == ()


@LAWS
@given(hostile_texts, hostile_texts)
def test_a_hand_edit_is_noticed(text: str, other: str) -> None:
    plans = [plan_outputs(read(PLAIN_PAGE), {1: [output(each)]}) for each in (text, other)]
    pages = [read(edited(PLAIN_PAGE, plan)) for plan in plans]
    stored = [stored_outputs(page) for page in pages]
    assume(stored[0] and stored[1] and stored[0][0].lines != stored[1][0].lines)
    old, new = (found[0].output_digest.encode() for found in stored)
    forged = read(pages[1].data.replace(new, old, 1))
    assert stored_outputs(forged)[0].edited
    assert not remove_outputs(forged).edits


def test_trailing_space_is_no_hand_edit() -> None:
    page = edited(PLAIN_PAGE, plan_outputs(read(PLAIN_PAGE), {1: [output("a  \n\nb", "c.svg")]}))
    stripped = re.sub(rb"[ \t]+\n", b"\n", page)
    assert stripped != page
    (stored,) = stored_outputs(read(stripped))
    assert not stored.edited
    assert plan_outputs(read(stripped), {1: [output("a  \n\nb", "c.svg")]}).edits == ()
