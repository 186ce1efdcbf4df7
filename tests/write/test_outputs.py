from __future__ import annotations

import pytest

from tangle.model import PagePath
from tangle.parse import parse
from tangle.write import (
    ChunkOutput,
    Piece,
    plan_outputs,
    remove_outputs,
    stored_outputs,
    used_assets,
)

from .pages import edited, output, read

CHUNK = "- ```python\n  x\n  ```"


def with_output(page: str, *outputs: ChunkOutput | None, host: int = 0) -> str:
    data = page.encode()
    plan = plan_outputs(read(data), {host: outputs})
    assert not plan.refused
    assert not plan.kept_edited
    return edited(data, plan).decode()


def test_the_block_is_as_the_design_has_it() -> None:
    assert with_output(
        "- ```python\n  x + y, x * y\n  ```",
        ChunkOutput(
            digest="5b0f9c31e2aa",
            pieces=(
                Piece(kind="text", text="(tensor([3.]), tensor([2.]))"),
                Piece(kind="image", text="3.6.7 figure 1", target="../assets/tangle/3.6.7-1.svg"),
            ),
        ),
    ) == (
        "- ```python\n"
        "  x + y, x * y\n"
        "  ```\n"
        "\t- tangle.output:: 5b0f9c31e2aa.545278d5\n"
        "\t  ```text\n"
        "\t  (tensor([3.]), tensor([2.]))\n"
        "\t  ```\n"
        "\t  ![3.6.7 figure 1](../assets/tangle/3.6.7-1.svg)"
    )  # fmt: skip


BLOCK = "- tangle.output:: 5b0f9c31e2aa.0b0119c9\n{0}  ```text\n{0}  1\n{0}  ```"


@pytest.mark.parametrize(
    ("before", "host", "indent", "after"),
    [
        (CHUNK, 0, "\t", ""),
        (CHUNK, 0, "\t", "\n"),
        (CHUNK, 0, "\t", "\n\n \n- b\n"),
        (CHUNK, 0, "\t", "\n\n\t- child\n- b\n"),
        (CHUNK, 0, "  ", "\n  - child\n"),
        (CHUNK, 0, "        ", "\n        - child\n    - odd\n"),
        ("- a\n  - b\n" + CHUNK, 2, "  ", "\n"),
        ("- a\n    - ```python\n      x\n      ```", 1, "        ", "\n"),
        ("- a\n\t- ```python\n\t  x\n\t  ```", 1, "\t\t", "\n\t- c\n- d"),
        ("```python\nx\n```", 0, "", ""),
        ("```python\nx\n```\n\ntext", 0, "", "\n"),
        ("k:: v\n\n```python\nx\n```", 0, "", "\n\n- a\n"),
        ("```python\nx\n```", 0, "\t", "\n\n\t- a\n\t- b\n"),
        ("# h\n```python\nx\n```", 0, "\t", "\n# i\n"),
        ("- a\n  - b\n## h\n```python\nx\n```", 2, "  ", "\n# i\n"),
        ("\t- a\n" + CHUNK, 1, "\t\t", "\n\t- b"),
        ("    - a\n    - b\n# h\n```python\nx\n```", 2, "    \t", ""),
        ("- a\n    - b\n  - ```python\n    x\n    ```", 2, "        ", "\n- c"),
        ("- a\n  ## h\n  ```python\n  x\n  ```", 1, "\t", "\n- b"),
    ],
)
def test_where_the_block_goes(before: str, host: int, indent: str, after: str) -> None:
    page = before + after
    expected = f"{before}\n{indent}{BLOCK.format(indent)}{after}"
    assert with_output(page, output("1"), host=host) == expected
    if "\r" not in page:
        crlf = page.replace("\n", "\r\n")
        assert with_output(crlf, output("1"), host=host) == expected.replace(
            "\n", "\r\n" if "\n" in page else "\n"
        )


def test_blank_lines_are_written_as_logseq_does() -> None:
    assert "\n\t  a\n\t  \n\t     \n\t  b\n" in with_output(CHUNK, output("a\n\n   \nb"))


def test_the_unit_of_a_page_that_shows_none() -> None:
    plan = plan_outputs(read(CHUNK), {0: [output("1")]}, unit="  ")
    assert b"\n  - tangle.output::" in plan.edits[0].data


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("a", ["```text", "a", "```"]),
        ("```\na", ["#+BEGIN_EXAMPLE", "```", "a", "#+END_EXAMPLE"]),
        ("  ~~~~ x", ["#+BEGIN_EXAMPLE", "  ~~~~ x", "#+END_EXAMPLE"]),
        ("a ```", ["```text", "a ```", "```"]),
        ("#+END_EXAMPLE", ["```text", "#+END_EXAMPLE", "```"]),
        ("```\n#+end_example", ["```text", "\u200b```", "#+end_example", "```"]),
        (" ```\n#+END_EXAMPLE", ["```text", " \u200b```", "#+END_EXAMPLE", "```"]),
    ],
)
def test_wrappers(text: str, lines: list[str]) -> None:
    written = with_output(CHUNK, output(text)).removeprefix(CHUNK + "\n").split("\n")[1:]
    assert written == [f"\t  {line}" for line in lines]


@pytest.mark.parametrize(
    ("opener", "closing"),
    [
        ("- :box:", ":END:"),
        ("- $$", "$$"),
        ("- <!-- x", "-->"),
        ("- <div>", "</div>"),
        ("- #+BEGIN_EXAMPLE", "#+END_EXAMPLE"),
        ("- #+BEGIN_QUOTE", "#+END_QUOTE"),
        ("- <?x", "?>"),
        ("- <![CDATA[", "]]"),
        ("- <br", "/>"),
        ("---\nk: v", "---"),
        ("---\nk: v", "a---b"),
    ],
)
def test_what_the_page_left_open_is_not_closed(opener: str, closing: str) -> None:
    page = f"{opener}\n{CHUNK}"
    plain = read(page)
    host = next(fence.block for fence in plain.fences)
    written = with_output(page, output(closing), host=host)
    after = read(written)
    assert len(after.blocks) == len(plain.blocks) + 1
    assert stored_outputs(after)[0].host == host
    assert plan_outputs(after, {host: [output(closing)]}).edits == ()


def test_a_fence_that_was_left_open_is_not_closed() -> None:
    page = "- ```\n- #+BEGIN_SRC python\n  x\n  #+END_SRC"
    written = with_output(page, output("1"), host=1)
    assert "#+BEGIN_EXAMPLE\n\t  1\n\t  #+END_EXAMPLE" in written


def test_a_fence_that_the_block_itself_leaves_open_is_not_closed() -> None:
    page = CHUNK + "\n  ```python"
    written = with_output(page, output("```\n~~~"))
    assert "#+BEGIN_EXAMPLE\n\t  \u200b```\n\t  \u200b~~~\n\t  #+END_EXAMPLE" in written


def test_a_page_that_cannot_hold_a_block_is_refused_and_named() -> None:
    page = read("- <div>\n- ~~~\n- #+BEGIN_EXAMPLE\n- #+BEGIN_SRC python\n  x\n  #+END_SRC\n")
    assert [fence.language for fence in page.fences] == ["python"]
    plan = plan_outputs(page, {3: [output("1")]})
    assert plan.edits == ()
    assert [problem.code for problem in plan.refused] == ["unplaceable-output"]
    assert str(plan.refused[0].place) == "pages/x.md:1:1"


@pytest.mark.parametrize(
    ("label", "target", "link"),
    [
        ("3.6 figure 1", "../assets/tangle/3.6-1.svg",
         "![3.6 figure 1](../assets/tangle/3.6-1.svg)"),
        ("注意力 figure 2", "../assets/tangle/注意力-2.svg",
         "![注意力 figure 2](../assets/tangle/注意力-2.svg)"),
        ("a](b) [[c]] #d\n- e `f` ((g)) {{h}}", "a b(c).svg",
         "![a b c d - e f g h](a%20b%28c%29.svg)"),
        ("a --> b --- c", "x%y.svg", "![a - b - c](x%25y.svg)"),
    ],
)  # fmt: skip
def test_image_links(label: str, target: str, link: str) -> None:
    piece = Piece(kind="image", text=label, target=target)
    shown = ChunkOutput(digest="0" * 12, pieces=(piece,))
    written = with_output(CHUNK, shown).removeprefix(CHUNK + "\n")
    assert written.split("\n") == [written.split("\n")[0], f"\t  {link}"]


# --- what is there already ----------------------------------------------------------------------


def test_nothing_shown_is_no_block() -> None:
    assert with_output(CHUNK, output("")) == CHUNK
    assert with_output(CHUNK, output("\n \n")) == CHUNK


def test_text_and_figures_stand_in_their_order() -> None:
    pieces = (
        Piece(kind="text", text="first"),
        Piece(kind="image", text="a", target="../assets/tangle/a.svg"),
        Piece(kind="text", text="```\nsecond"),
        Piece(kind="image", text="b", target="../assets/tangle/b.svg"),
        Piece(kind="text", text="end"),
    )
    page = with_output(CHUNK, ChunkOutput(digest="0" * 12, pieces=pieces))
    assert [line.strip() for line in page.split("\n")[4:]] == [
        *("```text", "first", "```", "![a](../assets/tangle/a.svg)"),
        *("#+BEGIN_EXAMPLE", "```", "second", "#+END_EXAMPLE", "![b](../assets/tangle/b.svg)"),
        *("```text", "end", "```"),
    ]
    (stored,) = stored_outputs(read(page))
    assert stored.assets == ("a.svg", "b.svg")


def test_an_unchanged_output_is_no_edit() -> None:
    page = with_output(CHUNK, output("1", "a.svg"))
    plan = plan_outputs(read(page), {0: [output("1", "a.svg")]})
    assert plan.edits == ()
    assert plan.used_assets == ("a.svg",)
    assert plan.dropped_assets == ()


def test_a_changed_output_replaces_its_span() -> None:
    page = with_output(CHUNK + "\n\n- b\n", output("1", "a.svg", "b.svg"))
    (stored,) = stored_outputs(read(page))
    assert stored.assets == ("a.svg", "b.svg")
    plan = plan_outputs(read(page), {0: [output("2", "a.svg")]})
    assert [edit.span for edit in plan.edits] == [stored.span]
    assert edited(page.encode(), plan).decode() == with_output(
        CHUNK + "\n\n- b\n", output("2", "a.svg")
    )
    assert (plan.dropped_assets, plan.used_assets) == (("b.svg",), ("a.svg",))


def test_a_changed_digest_is_a_small_edit() -> None:
    page = with_output(CHUNK, output("1"))
    plan = plan_outputs(read(page), {0: [output("1", digest="0" * 12)]})
    (edit,) = plan.edits
    assert page.encode()[edit.span.start : edit.span.end] == b"5b0f9c31e2aa.0b0119c9"
    assert edit.data == b"000000000000.0b0119c9"


def test_a_longer_digest_is_cut() -> None:
    page = with_output(CHUNK, output("1", digest="a" * 64))
    assert f"tangle.output:: {'a' * 12}.0b0119c9\n" in page
    assert plan_outputs(read(page), {0: [output("1", digest="a" * 64)]}).edits == ()


def test_an_output_that_is_gone_is_removed() -> None:
    page = with_output(CHUNK + "\n\n- b\n", output("1", "a.svg"))
    plan = plan_outputs(read(page), {0: [output()]})
    assert edited(page.encode(), plan).decode() == CHUNK + "\n\n- b\n"
    assert plan.dropped_assets == ("a.svg",)


def test_none_leaves_what_is_there() -> None:
    page = with_output(CHUNK, output("1"))
    assert plan_outputs(read(page), {0: [None]}).edits == ()
    assert plan_outputs(read(page), {}).edits == ()
    assert with_output(CHUNK, None) == CHUNK


PROPERTIES = "  id:: 6543ed3a-0000-4000-8000-0000000000aa\n\t  collapsed:: true\n"


def test_properties_that_logseq_added_are_kept() -> None:
    page = with_output(CHUNK, output("1")).replace("\t  ```text", f"\t{PROPERTIES}\t  ```text")
    assert plan_outputs(read(page), {0: [output("1")]}).edits == ()
    after = edited(page.encode(), plan_outputs(read(page), {0: [output("2")]})).decode()
    assert after == with_output(CHUNK, output("2")).replace(
        "\t  ```text", f"\t{PROPERTIES}\t  ```text"
    )


def test_properties_in_another_order_are_kept() -> None:
    page = with_output(CHUNK, output("1")).replace(
        "- tangle.output::", "- collapsed:: true\n\t  tangle.output::"
    )
    assert plan_outputs(read(page), {0: [output("1")]}).edits == ()
    after = edited(page.encode(), plan_outputs(read(page), {0: [output("2")]})).decode()
    assert "- collapsed:: true\n\t  tangle.output:: 5b0f9c31e2aa.7d28" in after
    assert after.endswith("\t  ```text\n\t  2\n\t  ```")


def test_children_of_an_output_are_kept() -> None:
    below = "\n\t\t- my remark\n- b\n"
    page = with_output(CHUNK, output("1")) + below
    plan = plan_outputs(read(page), {0: [output("2")]})
    assert edited(page.encode(), plan).decode() == with_output(CHUNK, output("2")) + below
    assert edited(page.encode(), remove_outputs(read(page))).decode() == CHUNK + below


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("  1\n", "  2\n"),
        ("5b0f9c31e2aa.87780630", "5b0f9c31e2aa.00000000"),
        ("5b0f9c31e2aa.87780630", "mine"),
        ("\t  ```text", "\t  my remark\n\t  ```text"),
    ],
)
def test_a_hand_edit_is_left_alone_and_named(old: str, new: str) -> None:
    clean = with_output(CHUNK, output("1", "a.svg"))
    page = clean.replace(old, new, 1)
    assert page != clean
    for plan in (
        plan_outputs(read(page), {0: [output("3")]}),
        plan_outputs(read(page), {0: [output()]}),
        plan_outputs(read(page), {0: []}),
        remove_outputs(read(page)),
    ):
        assert plan.edits == ()
        assert [str(problem.place) for problem in plan.kept_edited] == ["pages/x.md:4:1"]
        assert plan.used_assets == ("a.svg",)
        assert plan.dropped_assets == ()
    forced = plan_outputs(read(page), {0: [output("3")]}, force=True)
    assert forced.kept_edited == ()
    assert b"```text\n\t  3\n" in edited(page.encode(), forced)
    assert remove_outputs(read(page), force=True).edits


def test_a_damaged_digest_of_the_right_output_is_repaired() -> None:
    clean = with_output(CHUNK, output("1"))
    page = clean.replace("0b0119c9", "xx")
    plan = plan_outputs(read(page), {0: [output("1")]})
    assert edited(page.encode(), plan).decode() == clean
    assert plan.kept_edited == ()


@pytest.mark.parametrize(
    ("old", "new"),
    [("```text", "```python"), ("- tangle.output", "- my own words\n\t  tangle.output")],
)
def test_what_a_person_made_of_an_output_is_never_taken(old: str, new: str) -> None:
    page = with_output(CHUNK, output("1")).replace(old, new).replace("\t  1\n", "\t  mine\n")
    for plan in (
        plan_outputs(read(page), {0: [output("3")]}, force=True),
        remove_outputs(read(page), force=True),
    ):
        assert plan.edits == ()
        assert len(plan.kept_edited) == 1


def test_text_that_looks_like_an_image_is_no_asset() -> None:
    page = with_output(CHUNK, output("![x](../assets/tangle/theirs.svg)", "a.svg"))
    assert stored_outputs(read(page))[0].assets == ("a.svg",)


def test_a_figure_that_the_person_shows_elsewhere_is_not_dropped() -> None:
    page = with_output(CHUNK, output("", "a.svg")) + "\n- ![mine](../assets/tangle/a.svg)\n"
    assert remove_outputs(read(page)).dropped_assets == ()


def test_used_assets_are_decoded() -> None:
    text = "![a](../assets/tangle/a%20b.svg) ![c](assets/tangle/注.png) assets/other/x.svg"
    assert used_assets(text.encode()) == {"a b.svg", "注.png"}


# --- several chunks in one block ----------------------------------------------------------------

TWO = "- text\n  ```python\n  x\n  ```\n  ```python\n  y\n  ```"
A, B, C = (output(text, digest=text * 12) for text in "abc")
NONE_A = output(digest="a" * 12)


def texts(page: str) -> list[str]:
    return [stored.lines[1] if stored.lines else "" for stored in stored_outputs(read(page))]


def test_two_outputs_stand_in_order() -> None:
    page = with_output(TWO + "\n\n\t- child\n", A, B)
    assert texts(page) == ["a", "b"]
    assert page.endswith("\n\n\t- child\n")
    assert {stored.host for stored in stored_outputs(read(page))} == {0}
    assert plan_outputs(read(page), {0: [A, B]}).edits == ()
    assert edited(page.encode(), remove_outputs(read(page))).decode() == TWO + "\n\n\t- child\n"


@pytest.mark.parametrize(
    ("first", "second", "result"),
    [
        ((NONE_A, B), (A, B), ["b", "a"]),
        ((A, output()), (A, B), ["a", "b"]),
        ((A, B), (C, B), ["c", "b"]),
        ((A, B), (A, C), ["a", "c"]),
        ((A, B), (NONE_A, B), ["b"]),
        ((A, B), (A, output(digest="b" * 12)), ["a"]),
        ((A, B), (output(digest="0" * 12), B), ["b"]),
        ((A, B), (A,), ["a"]),
        ((A, B), (B,), ["b"]),
        ((A, B), (), []),
        ((A, B), (None, C), ["a", "c"]),
        ((A, B), (None,), ["a", "b"]),
        ((A, B), (B, A), ["a", "b"]),
    ],
)
def test_outputs_keep_to_their_chunks(
    first: tuple[ChunkOutput, ...], second: tuple[ChunkOutput | None, ...], result: list[str]
) -> None:
    page = with_output(TWO, *first)
    after = with_output(page, *second)
    if result == ["b", "a"]:
        result = ["a", "b"]
    assert texts(after) == result
    assert plan_outputs(read(after), {0: second}).edits == ()


def test_a_second_output_goes_behind_the_remarks_on_the_first() -> None:
    page = with_output(TWO, A, output()) + "\n\t\t- remark\n- b\n"
    after = with_output(page, A, B)
    assert texts(after) == ["a", "b"]
    assert after.index("remark") < after.index("  b\n")
    assert edited(after.encode(), plan_outputs(read(after), {0: [A, output()]})).decode() == page


def test_several_chunks_of_a_page_without_bullets() -> None:
    page = "```python\nx\n```\ntext\n```python\ny\n```\n"
    after = with_output(page, A, B)
    assert after.startswith(page.removesuffix("\n") + "\n- tangle.output:: ")
    assert [stored.host for stored in stored_outputs(read(after))] == [0, 0]
    assert plan_outputs(read(after), {0: [A, B]}).edits == ()
    assert edited(after.encode(), remove_outputs(read(after))).decode() == page


def test_an_output_that_is_alone_has_no_owner() -> None:
    page = "- a\n" + with_output(CHUNK, A).removeprefix(CHUNK + "\n\t").replace("\n\t", "\n")
    (stored,) = stored_outputs(read(page))
    assert (stored.host, stored.edited) == (-1, False)
    assert edited(page.encode(), remove_outputs(read(page))) == b"- a"


def test_an_output_at_the_start_of_a_page_can_be_removed() -> None:
    alone = with_output(CHUNK, A).removeprefix(CHUNK + "\n\t").replace("\n\t", "\n")
    page = alone + "\n- a\n"
    assert edited(page.encode(), remove_outputs(read(page))) == b"- a\n"
    assert edited(alone.encode(), remove_outputs(read(alone))) == b""


def test_a_page_that_is_not_utf8_keeps_its_bytes() -> None:
    data = b"- \xff\n\t- ```python\n\t  x\n\t  ```\n- \xfe"
    page = parse(data, PagePath("x.md"), errors="replace")
    after = edited(data, plan_outputs(page, {1: [A]}))
    assert after.startswith(b"- \xff\n\t- ```python\n\t  x\n\t  ```\n\t\t- tangle")
    assert after.endswith(b"\n- \xfe")


def test_a_chunk_whose_own_block_has_the_property_stays_where_it_is() -> None:
    page = "- ```python\n  x = 1\n  ```\ntangle.output:: 000000000000.00000000\n"
    plan = plan_outputs(read(page), {0: [output("1", digest="0" * 12)]})
    after = edited(page.encode(), plan).decode()
    assert after.startswith(page.rstrip("\n"))
    assert plan_outputs(read(after), {0: [output("1", digest="0" * 12)]}).edits == ()
