"""Logseq's editor leaves what tangle writes alone, and check foresees what it does to code."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tangle.model import Page
from tangle.write import ChunkOutput, Piece, plan_outputs, stored_outputs

from . import logseq_editor as editor
from .pages import HOSTILE_LINES, chunk_hosts, edited, hostile_texts, output, read
from .rewriting import Node, nodes, saved

CHUNK = "- words\n\t- ```python\n\t  x\n\t  ```\n\t- last"
COLONS = (
    "t.py::test_a PASSED",
    "std::vector<int>::size()",
    " core::fmt::Debug",
    "::1 localhost",
    "fe80::1%eth0 up",
    ":::",
    "a:::b::::c",
    "\tx::y",
    "\t\tx::y",
    "  x::y",
    "\u3000x::y",
    "\xa0x::y",
    "key:: value",
    "key::",
    "id:: 65a0b6f2-0000-4000-8000-000000000002",
    "collapsed:: false",
    "collapsed:: true",
    "plain words",
    "a b::c",
)

Operation = Callable[[Sequence[str]], list[str]]
OPERATIONS: dict[str, Operation] = {
    "collapse": lambda lines: editor.insert_property(lines, "collapsed", "true"),
    "refer": lambda lines: editor.insert_property(lines, "id", editor.UUID),
    "colour": lambda lines: editor.insert_property(lines, "background-color", "red"),
    "edit": lambda lines: editor.edit(lines, {"id": editor.UUID}),
    "edit in the box": editor.edit_in_box,
}


def written(text: str) -> list[Node]:
    page = read(CHUNK)
    return nodes(read(edited(page.data, plan_outputs(page, {1: [output(text)]}))))


def changed(blocks: Sequence[Node], operations: Sequence[str]) -> list[Node]:
    """The page's blocks when the editor did this to the output."""
    result = []
    for node in blocks:
        lines = list(node.lines)
        if node.lines[0].startswith("tangle.output::"):
            for operation in operations:
                lines = OPERATIONS[operation](lines)
        result.append(Node(level=node.level, lines=tuple(lines)))
    return result


def check_output(text: str, operations: Sequence[str]) -> None:
    before = written(text)
    (stored,) = stored_outputs(read(saved(before, "\t")))
    page = read(saved(changed(before, operations), "\t"))
    (after,) = stored_outputs(page)
    assert not after.edited, text
    assert after.lines == stored.lines, text
    below = page.data[after.head.end : after.span.end].decode()
    assert "collapsed:: true" not in below
    assert editor.UUID not in below
    again = plan_outputs(page, {host: [output(text)] for host in chunk_hosts(page)})
    assert again.edits == ()


@pytest.mark.parametrize("operations", [[name] for name in OPERATIONS], ids=str)
@pytest.mark.parametrize("text", [*COLONS, *(line for line in HOSTILE_LINES if line.strip())])
def test_the_editor_leaves_an_output_as_it_is(text: str, operations: list[str]) -> None:
    if written(text) != nodes(read(CHUNK)):
        check_output(text, operations)
        check_output(f"before\n{text}\n{text}\nafter", operations)


@given(
    st.lists(st.sampled_from(COLONS), min_size=1, max_size=6).map("\n".join) | hostile_texts,
    st.lists(st.sampled_from(sorted(OPERATIONS)), max_size=4),
)
def test_whatever_is_printed_the_editor_leaves_it(text: str, operations: list[str]) -> None:
    if written(text) != nodes(read(CHUNK)):
        check_output(text, operations)


# --- outputs that begin with words or an image ----------------------------------------------------

FIRST = {
    "image": Piece(kind="image", text="f", target="../assets/tangle/f.svg"),
    "link": Piece(kind="link", text="all", target="../assets/tangle/f.html"),
    "words": Piece(kind="markdown", text="**Bold** words\n\nand more"),
    "sentence": Piece(kind="sentence", text="# of 3 rows"),
    "list": Piece(kind="markdown", text="- one\n- two"),
    "table": Piece(kind="table", text="| a |\n|---|\n| 1 |"),
    "formula": Piece(kind="math", text="x"),
}


def shows(*pieces: Piece, digest: str = "5b0f9c31e2aa") -> ChunkOutput:
    return ChunkOutput(digest=digest, pieces=pieces)


def after_editing(first: Piece, operations: Sequence[str]) -> Page:
    """A page whose output begins with a piece, when the editor did this to the output."""
    page = read(CHUNK)
    text = Piece(kind="text", text="1\n2")
    blocks = nodes(read(edited(page.data, plan_outputs(page, {1: [shows(first, text)]}))))
    return read(saved(changed(blocks, operations), "\t"))


@pytest.mark.parametrize("operations", [*([name] for name in OPERATIONS), [*OPERATIONS] * 2])
@pytest.mark.parametrize("name", FIRST)
def test_an_output_is_one_wherever_its_property_goes(name: str, operations: list[str]) -> None:
    page = after_editing(FIRST[name], operations)
    (stored,) = stored_outputs(page)
    assert (stored.edited, stored.reworked, stored.titled) == (False, False, False)
    same = shows(FIRST[name], Piece(kind="text", text="1\n2"))
    assert plan_outputs(page, {1: [same]}).edits == ()
    other = shows(Piece(kind="text", text="3"), digest="000000000000")
    new = edited(page.data, plan_outputs(page, {1: [other]}))
    (again,) = stored_outputs(read(new))
    assert again.lines == ("```text", "3", "```")
    assert (again.edited, again.titled) == (False, False)
    assert page.blocks[stored.block].id == read(new).blocks[again.block].id
    assert new.count(b"tangle.output::") == 1


def test_the_property_does_go_below_the_first_line() -> None:
    page = after_editing(FIRST["image"], ["edit in the box"])
    assert b"- ![f](../assets/tangle/f.svg)\n\t\t  tangle.output::" in page.data


@pytest.mark.parametrize(("name", "forced"), [("image", True), ("link", True), ("words", False)])
def test_an_edited_output_with_its_property_below_is_a_persons_only_if_words_are_first(
    name: str, forced: bool
) -> None:
    page = after_editing(FIRST[name], ["edit in the box"])
    page = read(page.data.replace(b"\n\t\t  2\n", b"\n\t\t  two\n"))
    (stored,) = stored_outputs(page)
    assert (stored.edited, stored.reworked) == (True, not forced)
    other = shows(Piece(kind="text", text="3"))
    assert plan_outputs(page, {1: [other]}).edits == ()
    new = edited(page.data, plan_outputs(page, {1: [other]}, force=True))
    assert (b"two" not in new) == forced


def test_an_outputs_sizes_are_kept_with_its_property_below() -> None:
    page = after_editing(FIRST["image"], ["edit in the box"])
    page = read(page.data.replace(b"f.svg)", b"f.svg){:height 2, :width 3}"))
    (stored,) = stored_outputs(page)
    assert (stored.edited, stored.sizes) == (False, ("{:height 2, :width 3}",))
    new = edited(page.data, plan_outputs(page, {1: [shows(FIRST["image"])]}))
    assert b"tangle.output::" in new.split(b"![f]")[0]
    assert b"f.svg){:height 2, :width 3}" in new


def test_words_above_an_output_are_a_persons() -> None:
    page = after_editing(FIRST["image"], [])
    page = read(page.data.replace(b"- tangle.output::", b"- My words\n\t\t  tangle.output::"))
    (stored,) = stored_outputs(page)
    assert (stored.titled, stored.edited, stored.sunk) == (True, False, False)
    new = edited(page.data, plan_outputs(page, {1: [shows(FIRST["link"])]}))
    assert b"- My words\n\t\t  tangle.output::" in new


# --- outputs that an older tangle wrote -----------------------------------------------------------

OLD = "\t\t- tangle.output:: 5b0f9c31e2aa.{}\n{}\t\t  ```text\n{}\t\t  ```"


@pytest.mark.parametrize("operations", [["collapse"], ["refer"], ["refer", "collapse"], ["colour"]])
def test_what_the_editor_wrote_into_an_older_output_is_no_edit(operations: list[str]) -> None:
    lines = ["t.py::test_a PASSED", "words", "a::b", "b::c"]
    from tangle.write.block import output_digest

    digest = output_digest(["```text", *lines, "```"])
    block = [f"tangle.output:: 5b0f9c31e2aa.{digest}", "```text", *lines, "```"]
    for operation in operations:
        block = OPERATIONS[operation](block)
    assert len(block) > 4 + len(lines)  # the editor did write into it
    before = nodes(read(CHUNK))
    page = read(saved([*before[:2], Node(level=3, lines=tuple(block)), *before[2:]], "\t"))
    (stored,) = stored_outputs(page)
    assert not stored.edited
    assert stored.lines == ("```text", *lines, "```")
    new = edited(page.data, plan_outputs(page, {1: [output("\n".join(lines))]})).decode()
    below = new.partition("```text")[2]
    assert "collapsed::" not in below
    assert "id::" not in below
    assert "background-color::" not in below


def test_a_word_that_a_person_changed_is_an_edit_all_the_same() -> None:
    from tangle.write.block import output_digest

    digest = output_digest(["```text", "a::b", "```"])
    page = CHUNK.replace(
        "\n\t- last",
        "\n\t\t- tangle.output:: 5b0f9c31e2aa."
        f"{digest}\n\t\t  collapsed:: true\n\t\t  ```text\n\t\t  a::c\n\t\t  collapsed:: true"
        "\n\t\t  ```\n\t- last",
    )
    (stored,) = stored_outputs(read(page))
    assert stored.edited


# --- code -----------------------------------------------------------------------------------------

CODE = ("x[::2] = 0, 0", "print(x[::2])", "x[ ::2]", "  y[::2]", "y = x[::2]", "#a::b", "z = 1")
blocks = st.tuples(
    st.sampled_from([[], ["some words"]]),
    st.lists(
        st.sampled_from(["id:: " + editor.UUID, "tangle.timeout:: 9", "collapsed:: true"]),
        unique=True,
        max_size=2,
    ),
    st.lists(st.sampled_from(CODE), min_size=1, max_size=4),
)


def shape_of(lines: Sequence[str]) -> list[str]:
    """The code in a block's lines."""
    start, end = lines.index("```python"), len(lines) - 1
    return list(lines[start + 1 : end])


def problems(lines: Sequence[str]) -> set[str]:
    page = read("- before\n- " + "\n  ".join(lines) + "\n")
    return {problem.code for problem in page.problems}


@given(blocks)
def test_check_foresees_exactly_what_the_editor_would_do_next(
    block: tuple[list[str], list[str], list[str]],
) -> None:
    title, properties, code = block
    lines = [*title, *properties, "```python", *code, "```"]
    values = dict(line.split(":: ") for line in properties)
    results = [
        editor.insert_property(lines, "background-color", "red"),
        editor.refer(lines) if "id" not in values else lines,
        editor.edit(lines, values),
    ]
    touched = any(shape_of(result) != code for result in results)
    assert ("code-like-property" in problems(lines)) == touched


@given(blocks)
def test_check_recognises_what_the_editor_did(
    block: tuple[list[str], list[str], list[str]],
) -> None:
    title, properties, code = block
    lines = [*title, *properties, "```python", *code, "```"]
    values = dict(line.split(":: ") for line in properties)
    gathered = editor.edit(lines, values)
    moved = [line for line in code if line not in shape_of(gathered) and not line.startswith("#")]
    assert ("moved-code" in problems(gathered)) == bool(moved)
    collapsed = editor.insert_property(lines, "heading", "2")
    assert ("property-in-code" in problems(collapsed)) == (shape_of(collapsed) != code)


@pytest.mark.parametrize("properties", [["id:: " + editor.UUID], ["tangle.timeout:: 9"], []])
@pytest.mark.parametrize("code", [["x[ ::2] = 0"], ["  x[::2] = 0", "  print('a::b')"]])
def test_the_safe_forms_are_safe(properties: list[str], code: list[str]) -> None:
    lines = [*properties, "```python", *code, "```"]
    assert problems(lines) == set()
    for operation in OPERATIONS.values():
        assert shape_of(operation(lines)) == code
    assert shape_of(editor.refer(lines)) == code
