"""A chunk that failed says so in the note, until it passes."""

from __future__ import annotations

import json
import re
import shutil

import pytest

from tests.graphs import MakeNotes, Notes

FAILING = """\
- some words
- ```python
  def total(n):
      return 1 / n
  print("one")
  ```
- ```python
  print("before")
  total(0)
  ```
- ```python
  print("after")
  ```
"""


def state(graph: Notes, name: str = "Sales") -> str:
    rows = json.loads(graph.tangle("list", "--all", "--format", "json").out)["sections"]
    (row,) = (row for row in rows if row["number"] == name or row["title"] == name)
    assert isinstance(row["state"], str)
    return row["state"]


def codes(graph: Notes) -> list[str]:
    found = json.loads(graph.tangle("check", "--all", "--format", "json").out)["problems"]
    return [problem["code"] for problem in found]


def line_of(graph: Notes, text: str, page: str = "Sales") -> int:
    return graph.text(page).split("\n").index(text) + 1


def test_a_failure_is_in_the_note_after_what_was_printed_until_the_chunk_passes(
    notes: MakeNotes,
) -> None:
    graph = notes({"Sales": FAILING})
    assert graph.tangle("run", "Sales").code == 1
    text = graph.text("Sales")
    block = re.search(r"\t- tangle.output:: \S+\n\t  ```text\n\t  before\n(?:\t  .*\n)+", text)
    assert block is not None
    inner = line_of(graph, "      return 1 / n")
    outer = line_of(graph, "  total(0)")
    assert block[0].split("\n")[3:-1] == [
        "\t  ```",
        "\t  ```text",
        "\t  ZeroDivisionError: division by zero",
        f"\t  [[Sales]] line {inner}, in total: `return 1 / n`",
        f"\t  [[Sales]] line {outer}: `total(0)`",
        "\t  ```",
    ]
    assert text.count("after\n\t  ```") == 1  # the others have their output as ever
    assert state(graph) == "failed"
    assert codes(graph) == ["failed-output"]
    assert graph.tangle("run", "Sales").code == 1
    assert graph.text("Sales") == text
    graph.write("Sales", text.replace("total(0)", "total(2)", 1))
    assert state(graph) == "stale"
    assert graph.tangle("run", "Sales").code == 0
    assert "ZeroDivisionError" not in graph.text("Sales")
    assert "\t  before\n\t  0.5\n" in graph.text("Sales")
    assert (state(graph), codes(graph)) == ("fresh", [])


def test_a_failure_is_known_on_another_machine(notes: MakeNotes) -> None:
    graph = notes({"Sales": FAILING})
    graph.tangle("run", "Sales")
    shutil.rmtree(graph.root / ".tangle")
    assert state(graph) == "failed"
    assert codes(graph) == ["failed-output"]


def test_what_a_chunk_prints_is_no_failure(notes: MakeNotes) -> None:
    graph = notes({"Sales": FAILING})
    graph.tangle("run", "Sales")
    said = re.findall(r"\t  (ZeroDiv.*|\[\[Sales.*)\n", graph.text("Sales"))
    graph.write(
        "Sales", f"- ```python\n  print('''{chr(10).join('  ' + x for x in said)}''')\n  ```\n"
    )
    assert graph.tangle("run", "Sales").code == 0
    assert state(graph) == "fresh"


def test_verify_says_that_the_note_has_a_failure(notes: MakeNotes) -> None:
    page = "- ```python\n  import os\n  x = 1 / len(os.environ.get('TRY', ''))\n  x\n  ```\n"
    graph = notes({"Sales": page})
    with pytest.MonkeyPatch.context() as patch:
        assert graph.tangle("run", "Sales").code == 1
        failed = graph.text("Sales")
        assert graph.tangle("run", "Sales", "--verify", "--no-write").code == 1
        patch.setenv("TRY", "ab")
        said = graph.tangle("run", "Sales", "--verify", "--no-write")
        assert said.code == 1
        assert "the notes hold a failure of this chunk, and it passes now" in said.out
        assert graph.text("Sales") == failed
        assert graph.tangle("run", "Sales").code == 0
    assert "ZeroDivisionError" not in graph.text("Sales")


@pytest.mark.parametrize("setting", ["tangle.raises:: ValueError", "tangle.xfail:: not yet"])
def test_a_chunk_that_fails_as_expected_has_passed(notes: MakeNotes, setting: str) -> None:
    page = f"- words\n  {setting}\n  ```python\n  print('first')\n  raise ValueError('x')\n  ```\n"
    graph = notes({"Sales": page.replace(f"  {setting}\n", "")})
    assert graph.tangle("run", "Sales").code == 1
    assert "[[Sales]] line 4: `raise" in graph.text("Sales")
    graph.write("Sales", graph.text("Sales").replace("- words\n", f"- words\n  {setting}\n"))
    assert graph.tangle("run", "Sales").code == 0
    assert "[[Sales]]" not in graph.text("Sales")
    assert "\t  first\n\t  ValueError: x\n\t  ```" in graph.text("Sales")  # as it did before
    assert codes(graph) == []


def test_a_skipped_chunk_keeps_what_stands(notes: MakeNotes) -> None:
    page = "- ```python\n  x = 1\n  ```\n- ```python\n  print(x)\n  ```\n"
    graph = notes({"Sales": page})
    graph.tangle("run", "Sales")
    graph.write("Sales", graph.text("Sales").replace("x = 1", "x = 1 / 0"))
    assert graph.tangle("run", "Sales").code == 1
    text = graph.text("Sales")
    assert text.count("tangle.output::") == 2
    assert "ZeroDivisionError" in text
    assert text.endswith("\t  ```text\n\t  1\n\t  ```\n")


def test_a_time_out_is_in_the_note(notes: MakeNotes) -> None:
    page = "- tangle.timeout:: 1\n  ```python\n  import time\n  time.sleep(60)\n  ```\n"
    graph = notes({"Sales": page})
    assert graph.tangle("run", "Sales").code == 1
    assert "\t  Timeout: " in graph.text("Sales")
    assert state(graph) == "failed"


def test_the_time_of_a_session_is_not_a_chunks(notes: MakeNotes) -> None:
    page = "- ```python\n  import time\n  time.sleep(60)\n  ```\n"
    graph = notes({"Sales": page})
    assert graph.tangle("run", "Sales", "--timeout", "1").code == 1
    assert graph.text("Sales") == page


def test_a_frame_on_another_page_has_its_line_once_both_are_written(notes: MakeNotes) -> None:
    saved = "- ```python\n  #@save\n  def f(x):\n      return 1 / x\n  ```\n"
    shared = f"- ```python\n  print('shared')\n  ```\n{saved}"
    graph = notes({"Lib": shared, "Use": "- tangle.needs:: [[Lib]]\n  ```python\n  f(0)\n  ```\n"})
    assert graph.tangle("run", "--all").code == 1
    line = line_of(graph, "      return 1 / x", "Lib")
    assert f"[[Lib]] line {line}, in f: `return 1 / x`" in graph.text("Use")
    assert line == 11  # an output above moved it


def test_a_page_is_not_written_for_lines_that_moved_alone(notes: MakeNotes) -> None:
    graph = notes({"Sales": FAILING})
    graph.tangle("run", "Sales")
    graph.write("Sales", "- a line more\n" + graph.text("Sales"))
    before = graph.text("Sales")
    assert graph.tangle("run", "Sales").code == 1
    assert graph.text("Sales") == before
    graph.write("Sales", before.replace('"after"', '"later"'))
    graph.tangle("run", "Sales")
    outer = line_of(graph, "  total(0)")
    assert f"[[Sales]] line {outer}: `total(0)`" in graph.text("Sales")


def test_a_failure_with_an_id_and_a_child_becomes_an_output_with_them(notes: MakeNotes) -> None:
    uuid = "65a0b6f2-0000-4000-8000-000000000001"
    graph = notes({"Sales": "- ```python\n  print(1 / 0)\n  ```\n"})
    graph.tangle("run", "Sales")
    text = re.sub(r"(tangle.output:: \S+)", rf"\1\n\t  id:: {uuid}", graph.text("Sales"))
    graph.write("Sales", text.rstrip("\n") + "\n\t\t- a remark\n")
    graph.write("Sales", graph.text("Sales").replace("1 / 0", "1 / 1", 1))
    assert graph.tangle("run", "Sales").code == 0
    assert re.search(
        rf"id:: {uuid}\n\t  ```text\n\t  1.0\n\t  ```\n\t\t- a remark\n$", graph.text("Sales")
    )


def test_a_message_does_what_it_wants_and_one_block_is_read(notes: MakeNotes) -> None:
    message = (
        r"- x\nk:: v\n```\n((65a0b6f2-0000-4000-8000-000000000001))\n#+END_EXAMPLE\n" + "y" * 999
    )
    graph = notes({"Sales": f"- ```python\n  raise ValueError('{message}')\n  ```\n"})
    graph.tangle("run", "Sales")
    block = graph.text("Sales").partition("\t- tangle.output")[2].strip("\n").split("\n")
    assert len(block) <= 11
    assert max(map(len, block)) < 220
    graph.tangle("clean")
    assert graph.text("Sales") == f"- ```python\n  raise ValueError('{message}')\n  ```\n"


def test_a_failure_that_a_person_edited_stays(notes: MakeNotes) -> None:
    graph = notes({"Sales": FAILING})
    graph.tangle("run", "Sales")
    mine = graph.text("Sales").replace("division by zero", "I know")
    graph.write("Sales", mine.replace("total(0)", "total(1)", 1))
    assert "[edited-output]" in graph.tangle("run", "Sales").out
    assert "I know" in graph.text("Sales")
    graph.tangle("run", "Sales", "--force")
    assert "I know" not in graph.text("Sales")


def test_a_long_way_to_a_failure_takes_ten_lines(notes: MakeNotes) -> None:
    functions = "\n".join(f"  def f{n}(): return f{n + 1}()" for n in range(20))
    graph = notes(
        {"Sales": f"- ```python\n{functions}\n  def f20(): return [][0]\n  f0()\n  ```\n"}
    )
    graph.tangle("run", "Sales")
    block = graph.text("Sales").partition("\t- tangle.output")[2].strip("\n").split("\n")[1:]
    assert len(block) == 10
    assert "in f20" in block[2]
    assert "f0()" in block[-2]
    assert "more lines]" in block[-3]


def test_a_word_that_is_replaced_all_over_the_page_is_no_edit_of_a_failure(
    notes: MakeNotes,
) -> None:
    graph = notes({"Sales": FAILING})
    graph.tangle("run", "Sales")
    graph.write("Sales", graph.text("Sales").replace("total(0)", "total(1)"))
    said = graph.tangle("run", "Sales")
    assert said.code == 0
    assert "[edited-output]" not in said.out
    assert "[[Sales]]" not in graph.text("Sales")


def test_a_failure_of_other_code_with_the_same_words_is_of_that_code(notes: MakeNotes) -> None:
    graph = notes({"Sales": FAILING})
    graph.tangle("run", "Sales")
    graph.write("Sales", graph.text("Sales").replace('"one"', '"two"', 1).replace("one\n", "two\n"))
    assert state(graph) == "stale"
    graph.tangle("run", "Sales")
    assert (state(graph), codes(graph)) == ("failed", ["failed-output"])
