"""Where code works: in the page's folder, or in the one that `tangle.cwd` names."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import pytest

from tests.graphs import MakeNotes, Notes

WRITES = """\
- ```python
  import json, os
  with open("found.json", "w") as file:
      json.dump([1, 2], file)
  print("in", os.path.basename(os.getcwd()))
  ```
"""
CWD = "tangle.cwd:: {}\n\n"


def run(graph: Notes, *arguments: str) -> Mapping[str, Any]:
    """The first section of a run's report."""
    said = graph.tangle("run", *arguments, "--format", "json")
    section: Mapping[str, Any] = json.loads(said.out)["sections"][0]
    return section


def test_code_works_in_the_folder_of_its_page(notes: MakeNotes) -> None:
    graph = notes({"Page": WRITES})
    (graph.root / "data").mkdir()
    (graph.root / "data" / "x.csv").write_text("1\n", encoding="utf-8")
    (graph.root / "pages" / "beside.csv").write_text("2\n", encoding="utf-8")
    reads = '- ```python\n  print(open("../data/x.csv").read(), open("beside.csv").read())\n  ```\n'
    graph.write("Reads", reads)
    assert graph.tangle("run", "Page", "Reads").code == 0
    assert (graph.root / "pages" / "found.json").is_file()


@pytest.mark.parametrize("folder", ["assets", "data/raw/", "./data"])
def test_a_page_names_the_folder_and_it_is_made(notes: MakeNotes, folder: str) -> None:
    graph = notes({"Page": CWD.format(folder) + WRITES})
    assert run(graph, "Page")["outcome"] == "passed"
    assert (graph.root / folder / "found.json").is_file()
    assert [path.name for path in (graph.root / "pages").iterdir()] == ["Page.md"]
    assert f"in {folder.strip('./').rpartition('/')[2]}" in graph.text("Page")


def test_a_script_works_there_too(notes: MakeNotes) -> None:
    graph = notes({"Page": CWD.format("assets") + WRITES})
    assert "../assets" in graph.tangle("show", "Page").out
    graph.tangle("build")
    (graph.root / "assets").mkdir(exist_ok=True)
    path = graph.root / "generated/graph/sections/sec_Page.py"
    done = subprocess.run([sys.executable, path], cwd="/", capture_output=True, check=False)
    assert done.stdout == b"in assets\n", done.stderr
    assert (graph.root / "assets" / "found.json").is_file()


def test_another_folder_is_another_result(notes: MakeNotes) -> None:
    graph = notes({"Page": CWD.format("assets") + WRITES})
    run(graph, "Page")
    assert run(graph, "Page")["cached"]
    graph.write("Page", graph.text("Page").replace("cwd:: assets", "cwd:: data"))
    assert not run(graph, "Page")["cached"]
    assert "in data" in graph.text("Page")


def test_modules_and_declared_files_are_looked_for_there(notes: MakeNotes) -> None:
    uses = "- tangle.reads:: x.csv\n  ```python\n  import own\n  print(own.NAME)\n  ```\n"
    graph = notes({"Page": CWD.format("code") + uses})
    (graph.root / "code").mkdir()
    (graph.root / "code" / "own.py").write_text("NAME = 'mine'\n", encoding="utf-8")
    assert graph.tangle("check", "--all").err == "no problems\n"
    assert run(graph, "Page")["outcome"] == "passed"
    assert run(graph, "Page")["cached"]
    (graph.root / "code" / "x.csv").write_text("1\n", encoding="utf-8")
    assert not run(graph, "Page")["cached"]


@pytest.mark.parametrize("folder", ["..", "../x", "/etc", "~", "a/../../b", "C:/x", "  "])
def test_a_folder_outside_the_graph_is_a_bad_value(notes: MakeNotes, folder: str) -> None:
    graph = notes({"Page": CWD.format(folder) + WRITES})
    said = graph.tangle("run", "Page")
    assert said.code == 1
    assert "tangle.cwd cannot be" in said.out
    assert not (graph.root / "pages" / "found.json").exists()


def test_a_link_out_of_the_graph_is_not_followed_to_make_it(notes: MakeNotes) -> None:
    graph = notes({"Page": CWD.format("out/made") + WRITES})
    theirs = graph.root.parent / "theirs"
    theirs.mkdir()
    (graph.root / "out").symlink_to(theirs)
    assert graph.tangle("run", "Page").code == 3
    assert list(theirs.iterdir()) == []


MAKES_A_PAGE = """\
- ```python
  with open("summary.md", "w") as file:
      file.write("- made by code\\n")
  open("more.txt", "w").close()
  ```
"""


def test_a_new_page_that_code_wrote_is_reported_once(notes: MakeNotes) -> None:
    graph = notes({"Save": MAKES_A_PAGE})
    said = graph.tangle("run", "Save")
    assert said.code == 0
    assert "notice: its code wrote pages/summary.md, which Logseq takes for a page" in said.out
    assert "more.txt" not in said.out
    assert "notice" not in graph.tangle("run", "Save").out
    assert "notice" not in graph.tangle("run", "Save", "--force", "--fresh").out


def test_no_page_is_reported_that_is_none(notes: MakeNotes) -> None:
    text = MAKES_A_PAGE.replace("summary.md", "../logseq/bak/summary.md")
    graph = notes({"Save": text})
    (graph.root / "logseq" / "bak").mkdir()
    section = run(graph, "Save")
    assert (section["outcome"], section["notices"]) == ("passed", [])
