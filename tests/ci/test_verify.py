"""`run --verify`: what the notes hold is what a run is held to."""

from __future__ import annotations

import json

import pytest

from tests.graphs import MakeNotes, Notes

pytestmark = pytest.mark.book

PAGE = """\
- ## 1.1. Numbers
	- ```python
	  import os
	  ratio = 1 / 3
	  print(f'ratio {ratio:.5f}')
	  print('steps', 10)
	  print('took', '3.2 s', object())
	  ```
	- Two in one block:
	  ```python
	  'first'
	  ```
	  ```python
	  'second'
	  ```
	- ```python
	  quiet = True
	  ```
- ## 1.2. A figure
	- ```python
	  from IPython.display import SVG, display
	  display(SVG('<svg xmlns="http://www.w3.org/2000/svg"><path d="M 0 0 L 10 10"/></svg>'))
	  ```"""


@pytest.fixture
def graph(notes: MakeNotes) -> Notes:
    made = notes({"x": PAGE})
    assert made.tangle("run", "--all").code == 0
    return made


def edit(graph: Notes, old: str, new: str) -> None:
    text = graph.text("x")
    assert old in text
    graph.write("x", text.replace(old, new))


def differences(graph: Notes, *arguments: str) -> tuple[int, list[dict[str, object]]]:
    said = graph.tangle("run", "--all", "--verify", "--format", "json", *arguments)
    return said.code, json.loads(said.out)["differences"]


def test_what_the_notes_say_is_what_comes_out(graph: Notes) -> None:
    before = graph.text("x")
    said = graph.tangle("run", "--all", "--verify")
    assert (said.code, graph.text("x")) == (0, before)
    assert "the outputs match those in the notes" in said.out
    assert "answered from the cache" not in said.out
    assert "answered from the cache" in graph.tangle("run", "1.1", "--verify", "--no-fresh").out


def test_what_the_cache_answers_is_compared_too(graph: Notes) -> None:
    edit(graph, "  steps 10\n", "  steps 11\n")
    before = graph.text("x")
    said = graph.tangle("run", "--all", "--verify", "--no-fresh", "--format", "json")
    document = json.loads(said.out)
    assert (said.code, [s["cached"] for s in document["sections"]]) == (1, [True, True])
    (found,) = document["differences"]
    assert (found["kind"], found["section"]) == ("differs", "1.1")
    assert {"-steps 11", "+steps 10"} <= set(found["diff"])
    assert graph.text("x") == before
    edit(graph, "  steps 11\n", "  steps 10\n")
    assert differences(graph, "--no-fresh") == (0, [])


def test_what_differs_is_shown_at_its_line(graph: Notes) -> None:
    edit(graph, "  steps 10\n", "  steps 11\n")
    line = graph.text("x").split("\n").index("\t\t  steps 11") + 1
    said = graph.tangle("run", "1.1", "--verify")
    assert said.code == 1
    place = f"pages/x.md:{line}: error: the output differs [differs] (section 1.1)"
    rows = said.out.split("\n")
    shown = rows[next(at for at, row in enumerate(rows) if row.endswith(place)) :]
    assert "    -steps 11" in shown
    assert "    +steps 10" in shown
    assert not any(row.startswith("    +took") for row in shown)
    assert "tangle.rtol or tangle.atol" in shown[-2]


def test_numbers_times_and_addresses(graph: Notes) -> None:
    edit(graph, "ratio 0.33333", "ratio 0.33334")
    edit(graph, "took 3.2 s <object object at 0x…>", "took 81 ms <object object at 0x7f00aa11>")
    assert differences(graph) == (0, [])
    edit(graph, "ratio 0.33334", "ratio 0.33400")
    code, (found,) = differences(graph)
    assert (code, found["kind"], found["section"]) == (1, "differs", "1.1")


def test_a_tolerance_in_the_notes(notes: MakeNotes) -> None:
    page = "- tangle.rtol:: 0.1\n  ```python\n  print(0.5)\n  ```"
    graph = notes({"x": page})
    graph.tangle("run", "x")
    edit(graph, "  0.5\n", "  0.53\n")
    assert graph.tangle("run", "x", "--verify").code == 0
    edit(graph, "tangle.rtol:: 0.1", "tangle.atol:: 0.01")
    assert graph.tangle("run", "x", "--verify").code == 1
    edit(graph, "tangle.atol:: 0.01", "tangle.atol:: 0.04")
    assert graph.tangle("run", "x", "--verify").code == 0
    edit(graph, "tangle.atol:: 0.04", "tangle.atol:: -1")
    assert "tangle.atol cannot be '-1'" in graph.tangle("check", "--all").out


def test_missing_and_stale_outputs_are_reported_as_such(graph: Notes) -> None:
    edit(graph, "  'second'\n", "  'third'\n")
    edit(
        graph, "  ```text\n\t\t  'second'\n".replace("second", "third"), "  ```text\n\t\t  other\n"
    )
    code, found = differences(graph)
    assert code == 1
    assert [(d["kind"], d["message"]) for d in found] == [
        ("stale", "the stored output is of older code: the output differs")
    ]
    assert found[0]["diff"] == ["@@ -1 +1 @@", "-other", "+'third'"]
    graph.tangle("clean", "--force")
    code, found = differences(graph)
    assert (code, [d["kind"] for d in found]) == (1, ["missing"] * 4)
    assert found[0]["line"] == 2
    assert found[3]["message"] == "the notes hold no output of this chunk, and it shows a figure"


def test_a_chunk_that_shows_nothing_any_more(notes: MakeNotes) -> None:
    graph = notes({"x": "- ```python\n  1 + 1\n  ```"})
    graph.tangle("run", "x")
    edit(graph, "  1 + 1\n", "  1 + 1;\n")
    code, (found,) = differences(graph)
    assert (code, found["kind"], found["diff"]) == (1, "stale", ["@@ -1 +0,0 @@", "-2"])


def test_figures(graph: Notes) -> None:
    (figure,) = (graph.root / "assets" / "tangle").iterdir()
    whole = figure.read_text()
    figure.write_text(whole.replace("10 10", "10.2 9.9"))
    assert differences(graph) == (0, [])
    figure.write_text(whole.replace("10 10", "10 90"))
    code, (found,) = differences(graph)
    assert (code, found["section"]) == (1, "1.2")
    assert "figure 1 differs: d of <path>" in str(found["message"])
    figure.unlink()
    code, (found,) = differences(graph)
    assert found["message"] == "figure 1 has no file to compare with"


def test_a_chunk_that_fails_is_not_compared(graph: Notes) -> None:
    edit(graph, "  ratio = 1 / 3\n", "  ratio = 1 / 0\n")
    said = graph.tangle("run", "1.1", "--verify", "--format", "json")
    document = json.loads(said.out)
    (section,) = document["sections"]
    failed = {chunk["line"] for chunk in section["chunks"] if chunk["outcome"] == "failed"}
    compared = {found["chunk"] for found in document["differences"]}
    assert (said.code, section["outcome"], len(failed)) == (1, "failed", 1)
    assert compared <= {chunk["line"] for chunk in section["chunks"]}
    assert failed.isdisjoint(compared)


def test_nothing_is_written(graph: Notes) -> None:
    edit(graph, "  steps 10\n", "  steps 11\n")
    before = {path: path.read_bytes() for path in graph.root.rglob("*.md")}
    assert graph.tangle("run", "--all", "--verify", "--force").code == 1
    assert {path: path.read_bytes() for path in graph.root.rglob("*.md")} == before
    assert graph.tangle("run", "--write-pending", "--verify").code == 2
