"""Results that have no place in the notes: kept, named, and placed later."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.graphs import MakeNotes, Notes

# A chunk that acts as the user does: it edits its own page while the section runs.
EDITS = """\
- ## 1.1. Edits
	- ```python
	  print('one')
	  ```
	- ```python
	  from pathlib import Path
	  page = Path('x.md')
	  page.write_text(page.read_text().replace("print('one')", "print('two')"))
	  ```
"""
FIGURE = """\
- ## 1.1. F
	- ```python
	  from matplotlib import pyplot as plt
	  plt.plot([1, {0}]);
	  ```"""


def records(graph: Notes) -> list[Path]:
    return sorted((graph.root / ".tangle" / "pending").glob("*.json"))


def test_a_result_whose_code_changed_is_kept_named_and_placed_later(notes: MakeNotes) -> None:
    graph = notes({"x": EDITS})
    said = graph.tangle("run", "1.1")
    assert said.code == 3
    assert "changed while it ran; its output was not written [changed-meanwhile]" in said.out
    assert "2 results kept: `tangle run --write-pending`" in said.out
    assert "tangle.output" not in graph.text("x")
    again = graph.tangle("run", "--write-pending")
    assert (again.code, len(records(graph))) == (3, 2)
    graph.write("x", EDITS)
    placed = graph.tangle("run", "--write-pending")
    assert placed.code == 0
    assert "outputs written to" in placed.out
    assert graph.text("x").count("tangle.output") == 2
    assert "\t\t  one\n" in graph.text("x")
    assert records(graph) == []


def test_what_is_run_again_takes_the_place_of_what_waits(notes: MakeNotes) -> None:
    graph = notes({"x": EDITS})
    graph.tangle("run", "1.1")
    assert len(records(graph)) == 2
    assert graph.tangle("run", "1.1").code == 0
    assert records(graph) == []
    assert "two" in graph.text("x")


def test_results_of_a_page_that_is_gone_are_kept(notes: MakeNotes) -> None:
    graph = notes({})
    blocked = graph.root / "pages" / "x.md"
    code = "- ## 1.1. S\n\t- ```python\n\t  import os; os.link('x.md', 'y'); os.unlink('x.md');"
    graph.write("x", f"{code} os.mkdir('x.md')\n\t  print('fine')\n\t  ```\n")
    said = graph.tangle("run", "1.1")
    assert said.code == 3
    assert len(records(graph)) == 1
    blocked.rmdir()
    (graph.root / "pages" / "y").rename(blocked)
    assert graph.tangle("run", "--write-pending").code == 0
    assert "\t\t  fine\n" in graph.text("x")


def test_a_chunk_that_moved_to_another_page_gets_its_output_there(notes: MakeNotes) -> None:
    graph = notes({"x": "- ## 1.1. S\n\t- a\n", "y": "- b\n"})
    chunk = "\t- ```python\n\t  import os\n\t  {0}\n\t  print('moved')\n\t  ```\n"
    chunk = chunk.format("os.path.exists('x.md') and os.replace('x.md', '../x.md')")
    graph.write("x", f"- ## 1.1. S\n{chunk}")
    assert graph.tangle("run", "1.1").code == 0
    moved = (graph.root / "x.md").read_text()
    assert "\t\t  moved\n" in moved


def test_a_figure_that_moved_is_named_from_where_its_page_is(notes: MakeNotes) -> None:
    moving = "import os; os.replace('x.md', '../x.md')\n\t  from"
    graph = notes({"x": FIGURE.format(2).replace("from", moving, 1)})
    assert graph.tangle("run", "1.1").code == 0
    assert "](assets/tangle/1.1-1.svg)" in (graph.root / "x.md").read_text()


def test_a_chunk_that_changed_its_section_is_found_by_its_code(notes: MakeNotes) -> None:
    code = "p = open('x.md').read(); open('x.md', 'w').write(p.replace('1.1' + '.', '1.2.'))"
    graph = notes({"x": f"- ## 1.1. S\n\t- ```python\n\t  {code};\n\t  print('here')\n\t  ```\n"})
    assert graph.tangle("run", "1.1").code == 0
    assert "- ## 1.2. S" in graph.text("x")
    assert "\t\t  here\n" in graph.text("x")


@pytest.mark.parametrize("damage", [b"", b"x", b"0\n{}"])
def test_a_damaged_record_counts_as_none(notes: MakeNotes, damage: bytes) -> None:
    graph = notes({"x": EDITS})
    graph.tangle("run", "1.1")
    records(graph)[0].write_bytes(damage)
    graph.write("x", EDITS)
    assert graph.tangle("run", "--write-pending").code == 0
    assert graph.text("x").count("tangle.output") == 1


def test_results_that_came_with_a_clone_count_for_nothing(
    notes: MakeNotes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = notes({"x": EDITS})
    graph.tangle("run", "1.1")
    assert records(graph)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "another user's"))
    graph.write("x", EDITS)
    assert graph.tangle("run", "--write-pending").code == 0
    assert graph.text("x").count("tangle.output") == 0


def test_what_waits_is_told_as_json_and_dropped_by_clean(notes: MakeNotes) -> None:
    graph = notes({"x": EDITS})
    assert json.loads(graph.tangle("run", "1.1", "--format", "json").out)["waiting"] == 2
    graph.tangle("clean")
    assert records(graph) == []
    said = graph.tangle("run", "--write-pending")
    assert (said.code, said.out) == (0, "the notes were up to date\n")


@pytest.mark.parametrize("more", [["1.1"], ["--all"], ["--no-write"]])
def test_writing_what_waits_runs_nothing(notes: MakeNotes, more: list[str]) -> None:
    said = notes({"x": EDITS}).tangle("run", "--write-pending", *more)
    assert said.code == 2
    assert "it takes no sections" in said.err


# --- figures --------------------------------------------------------------------------------------


def test_a_figure_that_no_page_names_any_more_is_known(notes: MakeNotes) -> None:
    graph = notes({"x": FIGURE.format(2)})
    graph.tangle("run", "1.1")
    figure = graph.root / "assets" / "tangle" / "1.1-1.svg"
    before = figure.read_bytes()
    graph.write("x", FIGURE.format(3))  # the output block deleted by hand, the code changed
    assert graph.tangle("run", "1.1").code == 0
    assert figure.read_bytes() != before
    assert "1.1-1.svg" in graph.text("x")


def test_a_figure_that_somebody_replaced_is_theirs(notes: MakeNotes) -> None:
    graph = notes({"x": FIGURE.format(2)})
    graph.tangle("run", "1.1")
    figure = graph.root / "assets" / "tangle" / "1.1-1.svg"
    figure.write_text("mine")
    graph.write("x", FIGURE.format(3))
    said = graph.tangle("run", "1.1")
    assert said.code == 3
    assert "[foreign-file]" in said.out
    assert figure.read_text() == "mine"
    figure.unlink()
    assert graph.tangle("run", "--write-pending").code == 0
    assert "1.1-1.svg" in graph.text("x")


# --- outputs that a person edited -----------------------------------------------------------------


def test_an_edited_output_is_named_and_written_over_by_force_only(notes: MakeNotes) -> None:
    page = "- ## 1.1. S\n\t- ```python\n\t  print('{0}')\n\t  ```\n"
    graph = notes({"x": page.format("one")})
    graph.tangle("run", "1.1")
    edited = graph.text("x").replace("\t\t  one", "\t\t  my own words").replace("'one'", "'two'")
    graph.write("x", edited)
    said = graph.tangle("run", "1.1")
    assert "this output was edited by hand and is left as it is [edited-output]" in said.out
    assert graph.text("x") == edited
    graph.tangle("run", "1.1", "--force")
    assert "\t\t  two\n" in graph.text("x")
    assert "my own words" not in graph.text("x")
