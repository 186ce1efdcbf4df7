"""What Logseq and its user add to outputs survives; equal results are not written again."""

from __future__ import annotations

import json
import re

import pytest

from tests.graphs import MakeNotes, Notes

UUID = "65a0b6f2-0000-4000-8000-000000000001"
ONE = "- ```python\n  print('one')\n  ```\n"
NEXT, INNER = "\n", "\n\t"
THREE = """\
- words
  ```python
  print('one')
  ```
  ```python
  print('two')
  ```
  ```python
  print('three')
  ```
"""


def codes(graph: Notes) -> list[str]:
    found = json.loads(graph.tangle("check", "--all", "--format", "json").out)["problems"]
    return [problem["code"] for problem in found]


def with_id(text: str, shown: str) -> str:
    """The page with an id in the output block that shows something."""
    own = rf"(tangle.output:: \S+\n(?:(\t+)  tangle.chunk:: .\n)?)((\t+)  ```text\n\t+  {shown}\n)"
    found = re.search(own, text)
    assert found is not None
    return text.replace(found[0], f"{found[1]}{found[4]}  id:: {UUID}\n{found[3]}")


def shown_with_id(text: str) -> str:
    """What the block with the id shows."""
    found = re.search(rf"id:: {UUID}\n(?:\t+  tangle.+\n)*\t+  ```text\n\t+  (.*)\n", text)
    return found[1] if found else ""


# --- ids, children, titles ------------------------------------------------------------------------


def test_an_output_with_an_id_is_emptied_and_filled_again(notes: MakeNotes) -> None:
    graph = notes({"a": ONE})
    graph.tangle("run", "a")
    graph.write("a", with_id(graph.text("a"), "one") + f"- as in (({UUID}))\n")
    graph.write("a", graph.text("a").replace("print('one')", "x = 1"))
    assert graph.tangle("run", "a").code == 0
    assert graph.text("a").count(UUID) == 2
    assert "```text" not in graph.text("a")
    assert codes(graph) == []
    before = graph.text("a")
    assert graph.tangle("run", "a").code == 0
    assert graph.text("a") == before
    graph.write("a", before.replace("x = 1", "print('again')"))
    graph.tangle("run", "a")
    assert shown_with_id(graph.text("a")) == "again"


def test_an_output_with_a_child_is_emptied(notes: MakeNotes) -> None:
    graph = notes({"a": ONE})
    graph.tangle("run", "a")
    graph.write("a", graph.text("a") + "\t\t- a remark\n")
    graph.write("a", graph.text("a").replace("print('one')", "x = 1"))
    graph.tangle("run", "a")
    assert re.search(r"\t- tangle.output:: \S+\n\t\t- a remark\n$", graph.text("a"))


def test_one_that_would_not_be_missed_is_removed(notes: MakeNotes) -> None:
    graph = notes({"a": ONE})
    graph.tangle("run", "a")
    graph.write("a", graph.text("a").replace("print('one')", "x = 1"))
    graph.tangle("run", "a")
    assert graph.text("a") == ONE.replace("print('one')", "x = 1")


def test_ids_stay_with_their_chunks_when_these_change_places(notes: MakeNotes) -> None:
    graph = notes({"a": THREE})
    graph.tangle("run", "a")
    graph.write("a", with_id(graph.text("a"), "three"))
    text = graph.text("a").replace("print('one')", "print('?')", 1)
    text = text.replace("print('three')", "print('one')", 1).replace("print('?')", "print('three')")
    graph.write("a", text)
    graph.tangle("run", "a")
    assert shown_with_id(graph.text("a")) == "three"
    assert re.search(
        rf"tangle.chunk:: 1\n\t  id:: {UUID}|id:: {UUID}\n\t  tangle.chunk:: 1", graph.text("a")
    )
    assert codes(graph) == []


def test_the_output_of_a_chunk_that_is_gone_is_emptied_and_reported(notes: MakeNotes) -> None:
    graph = notes({"a": THREE})
    graph.tangle("run", "a")
    text = with_id(graph.text("a"), "two")
    chunk = "  ```python\n  print('two')\n  ```\n"
    graph.write("a", text.replace(chunk, ""))
    assert graph.tangle("run", "a").code == 0
    after = graph.text("a")
    assert after.count(UUID) == 1
    assert shown_with_id(after) == ""
    assert codes(graph) == ["stale-output"]
    assert "`tangle clean --orphans`" in graph.tangle("check", "--all").out
    # Undone: the block is filled again.
    graph.write(
        "a", after.replace("  ```python\n  print('three')", f"{chunk}  ```python\n  print('three')")
    )
    graph.tangle("run", "a")
    assert shown_with_id(graph.text("a")) == "two"
    # A new chunk does not get it.
    graph.write(
        "a",
        after.replace(
            "print('three')\n  ```\n", "print('three')\n  ```\n  ```python\n  print('new')\n  ```\n"
        ),
    )
    graph.tangle("run", "a")
    assert shown_with_id(graph.text("a")) == ""
    graph.write("a", after)
    assert graph.tangle("clean", "--orphans").code == 0
    assert UUID not in graph.text("a")
    assert codes(graph) == []


@pytest.mark.book
def test_a_run_of_another_section_leaves_the_output_of_a_chunk_that_is_gone(
    notes: MakeNotes,
) -> None:
    two = "\t- words\n" + "".join(f"\t  ```python\n\t  print('{w}')\n\t  ```\n" for w in "ab")
    graph = notes({"x": f"- ## 1.1. A\n\t{ONE.replace(NEXT, INNER)[:-1]}- ## 1.2. B\n{two}"})
    graph.tangle("run", "--all")
    graph.write("x", graph.text("x").replace("\t  ```python\n\t  print('b')\n\t  ```\n", ""))
    graph.write("x", graph.text("x").replace("'one'", "'more'"))
    graph.tangle("run", "1.1")
    assert graph.text("x").count("tangle.output") == 3
    graph.tangle("run", "1.2")
    assert graph.text("x").count("tangle.output") == 2


def test_an_output_goes_along_with_its_chunk_into_another_block(notes: MakeNotes) -> None:
    graph = notes({"a": THREE.partition("  ```python\n  print('three')")[0] + "- b\n"})
    graph.tangle("run", "a")
    text = with_id(graph.text("a"), "two")
    chunk = "  ```python\n  print('two')\n  ```\n"
    graph.write("a", text.replace(chunk, "").replace("- b\n", f"- b\n{chunk}"))
    graph.tangle("run", "a")
    after = graph.text("a")
    assert shown_with_id(after) == "two"
    assert after.index("- b\n") < after.index(UUID)
    assert after.count("tangle.output") == 2
    assert "tangle.chunk" not in after
    assert codes(graph) == []


def test_a_first_line_that_a_person_wrote_stays_above_the_output(notes: MakeNotes) -> None:
    graph = notes({"a": ONE})
    graph.tangle("run", "a")
    graph.write(
        "a", graph.text("a").replace("- tangle.output", "- Sales of **May**\n\t  tangle.output")
    )
    assert codes(graph) == []
    assert graph.tangle("run", "a", "--verify").code == 0
    graph.write("a", graph.text("a").replace("'one'", "'two'"))
    graph.tangle("run", "a")
    assert re.search(
        r"\t- Sales of \*\*May\*\*\n\t  tangle.output:: \S+\n\t  ```text\n\t  two\n",
        graph.text("a"),
    )
    assert codes(graph) == []
    graph.write("a", graph.text("a").replace("print('two')", "x = 2"))
    graph.tangle("run", "a")
    assert "- Sales of **May**" in graph.text("a")
    assert "two" not in graph.text("a")
    before = graph.text("a")
    graph.tangle("clean", "--force")
    assert graph.text("a") == before


def test_an_output_that_a_person_outdented_is_renewed_there(notes: MakeNotes) -> None:
    graph = notes({"a": ONE + "- last\n"})
    graph.tangle("run", "a")
    graph.write("a", graph.text("a").replace("\n\t", "\n"))
    assert codes(graph) == []
    before = graph.text("a")
    assert graph.tangle("run", "a", "--verify").code == 0
    assert graph.text("a") == before
    graph.write("a", before.replace("'one'", "'two'"))
    graph.tangle("run", "a")
    assert re.search(
        r"\n- tangle.output:: \S+\n  ```text\n  two\n  ```\n- last\n$", graph.text("a")
    )
    assert graph.text("a").count("tangle.output") == 1


# --- several chunks in one block ------------------------------------------------------------------


def test_outputs_say_which_chunk_of_their_block_they_are_of(notes: MakeNotes) -> None:
    graph = notes({"a": THREE, "b": ONE})
    graph.tangle("run", "--all")
    text = graph.text("a")
    assert re.findall(r"tangle.chunk:: (\d)\n\t  ```text\n\t  (\w+)", text) == [
        ("1", "one"),
        ("2", "two"),
        ("3", "three"),
    ]
    assert "tangle.chunk" not in graph.text("b")
    assert codes(graph) == []
    graph.write("a", text.replace("  ```python\n  print('one')\n  ```\n", ""))
    graph.tangle("run", "a")
    assert re.findall(r"tangle.chunk:: (\d)\n\t  ```text\n\t  (\w+)", graph.text("a")) == [
        ("1", "two"),
        ("2", "three"),
    ]
    graph.tangle("clean")
    assert "tangle." not in graph.text("a")


# --- equal results --------------------------------------------------------------------------------


def test_what_differs_at_every_run_is_not_written_again(notes: MakeNotes) -> None:
    code = (
        "import time as t\n  print('took', t.perf_counter(), 's')\n  print(t.time_ns() % 97, 'ms')"
    )
    graph = notes({"a": f"- ```python\n  {code}\n  ```\n"})
    graph.tangle("run", "a")
    before = graph.text("a")
    for _ in range(3):
        assert graph.tangle("run", "a", "--fresh").code == 0
        assert graph.text("a") == before
    graph.write("a", before.replace("'took'", "'needed'"))
    graph.tangle("run", "a")
    assert "needed" in graph.text("a").partition("tangle.output")[2]


def test_numbers_within_the_tolerance_stay_unless_the_code_changed(notes: MakeNotes) -> None:
    page = (
        "- ```python\n  import os\n  x = float(os.environ['NUMBER'])\n  print(f'{x:.4f}')\n  ```\n"
    )
    graph = notes({"a": page})
    with pytest.MonkeyPatch.context() as patch:
        for number, stands in (("0.12341", "0.1234"), ("0.12350", "0.1234"), ("0.9", "0.9000")):
            patch.setenv("NUMBER", number)
            graph.tangle("run", "a", "--fresh")
            assert f"\t  {stands}\n" in graph.text("a")
        patch.setenv("NUMBER", "0.90006")
        graph.write("a", graph.text("a").replace("x = float", "x = 1 * float"))
        graph.tangle("run", "a", "--fresh")
        assert "\t  0.9001\n" in graph.text("a")


def test_a_picture_that_an_eye_cannot_tell_is_not_drawn_again(notes: MakeNotes) -> None:
    svg = 'f\'<svg xmlns="http://www.w3.org/2000/svg"><path d="M 0 0 L {x} 10"/></svg>\''
    code = f"import os\n  from IPython.display import SVG\n  x = os.environ['X']\n  SVG({svg})"
    graph = notes({"a": f"- ```python\n  {code}\n  ```\n"})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("X", "10.000001")
        graph.tangle("run", "a", "--fresh")
        before, file = graph.text("a"), graph.figure("a-1")
        patch.setenv("X", "10.0000012")
        graph.tangle("run", "a", "--fresh")
        assert graph.text("a") == before
        assert graph.figure("a-1") == file
        patch.setenv("X", "55")
        graph.tangle("run", "a", "--fresh")
        assert graph.figure("a-1") != file  # and the old one is gone
        assert graph.figure("a-1").name in graph.text("a")


# --- orphans --------------------------------------------------------------------------------------


def test_orphans_are_listed_and_removed(notes: MakeNotes) -> None:
    loose = "- words\n\t- tangle.output:: 7ea5fab8ced6.0b0119c9\n\t  ```text\n\t  1\n\t  ```\n"
    mine = loose.replace("\t  1\n", "\t  mine\n")
    draw = "- ```python\n  from IPython.display import SVG\n  SVG('<svg/>')\n  ```\n"
    graph = notes({"a": ONE, "loose": loose, "mine": mine, "draw": draw})
    graph.tangle("run", "--all")
    own = graph.text("a")
    graph.page("draw").unlink()
    figure = graph.figure("draw-1")
    theirs = figure.with_name("theirs.svg")
    theirs.write_text("<svg/>")
    said = graph.tangle("clean", "--orphans", "--dry-run")
    assert "loose.md" in said.out
    assert figure.name in said.out
    assert (graph.text("loose"), figure.exists()) == (loose, True)
    said = graph.tangle("clean", "--orphans")
    assert "[edited-output]" in said.err + said.out
    assert (graph.text("a"), graph.text("loose"), graph.text("mine")) == (own, "- words\n", mine)
    assert not figure.exists()
    assert theirs.exists()
    graph.tangle("clean", "--orphans", "--force")
    assert graph.text("mine") == "- words\n"
    assert (graph.root / ".tangle" / "cache").is_dir()


def test_outputs_of_excluded_pages_are_no_orphans(notes: MakeNotes) -> None:
    graph = notes({"a": ONE, "b": ONE})
    graph.tangle("run", "--all")
    (graph.root / "tangle.toml").write_text('exclude = ["pages/b.md"]\n')
    before = graph.text("b")
    assert graph.tangle("clean", "--orphans").code == 0
    assert graph.text("b") == before
