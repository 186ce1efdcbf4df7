"""What a demanding user found: nobody's file is overwritten, no failure is hidden."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.graphs import MakeNotes, Notes, call

FIGURE = """\
- ## 1.1. F
	- ```python
	  from matplotlib import pyplot as plt
	  plt.plot([1, 2]);
	  ```"""


def sections(graph: Notes, *arguments: str) -> list[dict[str, object]]:
    found = json.loads(graph.tangle("run", *arguments, "--format", "json").out)["sections"]
    assert isinstance(found, list)
    return found


def problems(graph: Notes) -> list[dict[str, object]]:
    found = json.loads(graph.tangle("check", "--format", "json").out)["problems"]
    assert isinstance(found, list)
    return found


def test_a_figure_does_not_take_the_place_of_someones_file(notes: MakeNotes) -> None:
    graph = notes({"x": FIGURE})
    theirs = graph.root / "assets" / "tangle" / "1.1-1.svg"
    theirs.parent.mkdir(parents=True)
    theirs.write_text("mine")
    said = graph.tangle("run", "1.1")
    assert said.code == 3
    assert "1.1-1.svg:1:1: error: a file stands here that tangle did not write" in said.out
    assert (theirs.read_text(), graph.text("x")) == ("mine", FIGURE)
    graph.tangle("clean")
    assert theirs.read_text() == "mine"
    theirs.unlink()
    assert graph.tangle("run", "1.1").code == 0
    assert theirs.read_text().startswith("<?xml")


def test_a_figure_that_is_gone_is_noticed_and_made_again(notes: MakeNotes) -> None:
    graph = notes({"x": FIGURE})
    graph.tangle("run", "1.1")
    figure = graph.root / "assets" / "tangle" / "1.1-1.svg"
    figure.unlink()
    (problem,) = problems(graph)
    assert (problem["code"], problem["section"]) == ("stale-output", "1.1")
    assert "1.1-1.svg" in str(problem["message"])
    graph.tangle("run", "1.1")
    assert figure.exists()
    assert problems(graph) == []


def test_a_failure_in_borrowed_code_is_the_first_chunks(notes: MakeNotes, tmp_path: Path) -> None:
    page = """\
- ## 1.1. A
	- ```python
	  v = int('no')
	  ```
- ## 1.2. B
	- ```python
	  v + 1
	  ```"""
    graph, report = notes({"x": page}), tmp_path / "report.xml"
    (section,) = sections(graph, "1.2", "--junit-xml", str(report))
    assert isinstance(section["chunks"], list)
    (chunk,) = section["chunks"]
    assert (section["outcome"], chunk["outcome"]) == ("failed", "failed")
    assert (chunk["error"]["name"], chunk["error"]["line"]) == ("ValueError", 3)
    assert ElementTree.parse(report).getroot()[0].get("failures") == "1"


def test_a_section_that_needs_a_failed_one_is_skipped(notes: MakeNotes) -> None:
    page = """\
- ## 1.1. User
  tangle.needs:: 1.2
	- ```python
	  print('ran')
	  ```
- ## 1.2. Fails
	- ```python
	  1 / 0
	  ```"""
    graph = notes({"x": page})
    assert [s["outcome"] for s in sections(graph, "1.1")] == ["failed", "skipped"]
    assert graph.tangle("run", "1.1").code == 1


@pytest.mark.parametrize(
    "code",
    [
        "import os; print(sorted(os.listdir('../data')))",
        "from pathlib import Path; print(sorted(p.name for p in Path('../data').glob('*')))",
        "import subprocess; print(subprocess.run(['ls', '../data'], capture_output=True).stdout)",
        "!ls ../data",
    ],
)
def test_the_cache_sees_folders_and_does_not_answer_for_programs(
    notes: MakeNotes, code: str
) -> None:
    graph = notes({"x": f"- ## 1.1. L\n\t- ```python\n\t  {code}\n\t  ```"})
    data = graph.root / "data"
    data.mkdir()
    (data / "one").touch()
    sections(graph, "1.1")
    starts_a_program = "ls" in code.split("'") or code.startswith("!")
    assert sections(graph, "1.1")[0]["cached"] is not starts_a_program
    (data / "two").touch()
    assert sections(graph, "1.1")[0]["cached"] is False
    assert "two" in graph.text("x")


def test_pages_that_cannot_be_read_are_named_by_run_and_keep_their_scripts(
    notes: MakeNotes,
) -> None:
    page = "- ## {0}. S\n\t- ```python\n\t  print('fine')\n\t  ```"
    graph = notes({"a": page.format("1.1"), "b": page.format("1.2")})
    graph.tangle("build")
    script = graph.root / "generated/d2l/sections/sec_1_2.py"
    before = script.read_bytes()
    graph.page("b").write_bytes(b"- \xff")
    checked = graph.tangle("build", "--check")
    assert (checked.code, "sec_1_2.py" in checked.out) == (1, False)
    assert graph.tangle("build").code == 1
    assert script.read_bytes() == before
    said = graph.tangle("run", "--all")
    assert said.code == 0
    assert "b.md:1:1: error: " in said.err


def test_a_run_whose_results_cannot_be_written_is_told_all_the_same(notes: MakeNotes) -> None:
    page = """\
- ## 1.1. Deletes
	- ```python
	  import os, shutil
	  shutil.rmtree('../assets', ignore_errors=True)
	  _ = open('../assets', 'w')
	  from matplotlib import pyplot as plt
	  plt.plot([1, 2])
	  print('done')
	  ```"""
    graph = notes({"x": page})
    said = graph.tangle("run", "1.1")
    assert said.code == 3
    assert "done" in said.out
    assert "1.1 Deletes: passed" in said.out
    assert said.err.count("\ntangle: ") == 1
    assert graph.text("x") == page


def test_titles_cannot_drive_the_terminal(notes: MakeNotes) -> None:
    said = notes({"x": "- ## 1.1. \x1b]0;pwn\x07title\n\t- ```python\n\t  1\n\t  ```"}).tangle(
        "list"
    )
    assert "\x1b" not in said.out
    assert "title" in said.out


def test_an_interrupt_that_the_code_raises_is_a_failure(notes: MakeNotes) -> None:
    page = "- ## 1.1. K\n\t- ```python\n\t  raise KeyboardInterrupt\n\t  ```"
    said = notes({"x": page}).tangle("run", "1.1")
    assert (said.code, "1.1 K: failed" in said.out) == (1, True)


def test_several_graphs_to_choose_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("one", "two"):
        (tmp_path / name / "logseq").mkdir(parents=True)
        (tmp_path / name / "logseq" / "config.edn").touch()
    monkeypatch.chdir(tmp_path)
    said = call("init")
    assert (said.code, "one, two" in said.err) == (2, True)


def test_an_output_folder_that_is_not_there_yet(notes: MakeNotes, tmp_path: Path) -> None:
    graph = notes({"x": "- ## 1.1. A\n\t- ```python\n\t  print(7)\n\t  ```"})
    for verb in (["run", "1.1"], ["build"], ["clean"]):
        out = tmp_path / "new" / verb[0]
        assert call("--graph", str(graph.root), "--output", str(out), *verb).code == 0
    assert not (graph.root / ".tangle").exists()
