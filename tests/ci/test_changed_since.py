"""`--changed-since`: exactly the sections that a change touches, whatever files it touched."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.ci.git_notes import GitNotes, git_notes
from tests.graphs import call

CHAPTER = """\
- ## 3.1. Areas
	- ```python
	  import math


	  def area(radius):  #@save
	      return 3 * radius**2
	  ```
- ## 3.2. Edges
	- ```python
	  def edge(radius):  #@save
	      return 6 * radius


	  step = 2
	  ```
- ## 3.3. Uses area
	- ```python
	  from d2l import torch as d2l
	  print(d2l.area(2))
	  ```
- ## 3.4. Uses edge, and borrows
	- ```python
	  from d2l import torch as d2l
	  print(d2l.edge(step))
	  ```
- ## 3.5. Alone
	- ```python
	  print('alone')
	  ```"""

OTHER = """\
- ## 4.1. Through another
	- ```python
	  def volume(radius, height):  #@save
	      return area(radius) * height
	  ```
- ## 4.2. Far away
	- ```python
	  from d2l import torch as d2l
	  print(d2l.volume(1, 2))
	  ```
- ## 4.3. Reads
	- ```python
	  print(open('../data/table.csv').read())
	  ```
- ## 4.4. Needs it
  tangle.needs:: 4.3
	- ```python
	  print('after')
	  ```"""


@pytest.fixture
def graph(tmp_path: Path) -> GitNotes:
    made = git_notes(tmp_path, {"three": CHAPTER, "four": OTHER})
    made.write("notes/data/table.csv", "1\n")
    made.commit("data")
    return made


def replace(graph: GitNotes, page: str, old: str, new: str) -> None:
    path = f"notes/pages/{page}.md"
    assert old in graph.text(path)
    graph.write(path, graph.text(path).replace(old, new))


def test_nothing_changed(graph: GitNotes) -> None:
    said = graph.tangle("run", "--changed-since", "HEAD")
    assert (said.code, graph.changed()) == (0, [])
    assert "no section changed since HEAD" in said.err


def test_where_one_saved_function_changes_exactly_its_users_run(graph: GitNotes) -> None:
    """3.1 holds it, 3.3 calls it, 4.1 saves a function that calls it, 4.2 calls that one."""
    replace(graph, "three", "3 * radius**2", "math.pi * radius**2")
    said = graph.tangle("run", "--changed-since", "HEAD", "--format", "json")
    document = json.loads(said.out)
    assert said.code == 0
    assert [s["number"] for s in document["sections"]] == ["3.1", "3.3", "4.1", "4.2"]
    assert document["changes"][1] == {"section": "3.3", "reasons": ["saved area"]}
    assert "3.1: changed since HEAD: its code" in said.err


def test_a_borrowed_value(graph: GitNotes) -> None:
    replace(graph, "three", "step = 2", "step = 3")
    assert graph.changed() == ["3.2", "3.4"]
    assert (
        "3.4: changed since HEAD: borrowed step"
        in graph.tangle("list", "--changed-since", "HEAD").err
    )


def test_a_chunk_that_is_no_longer_known_to_fail(tmp_path: Path) -> None:
    page = "- ## 1.1. A\n\t- tangle.xfail:: why\n\t  ```python\n\t  1 / 0\n\t  ```"
    graph = git_notes(tmp_path, {"x": page})
    replace(graph, "x", "tangle.xfail:: why", "tangle.xfail:: another reason")
    assert graph.changed() == []
    replace(graph, "x", "tangle.xfail:: another reason\n\t  ", "")
    assert graph.changed() == ["1.1"]
    said = graph.tangle("run", "--changed-since", "HEAD")
    assert said.code == 1
    assert "1.1: changed since HEAD: its code" in said.err


def test_prose_outputs_and_places_do_not_count(graph: GitNotes) -> None:
    graph.tangle("run", "--all")
    replace(graph, "three", "- ## 3.1. Areas", "- Words before.\n- ## 3.1. Areas of circles")
    assert graph.changed() == []


def test_changes_count_committed_staged_or_not(graph: GitNotes) -> None:
    first = graph.git("rev-parse", "HEAD").strip()
    replace(graph, "three", "'alone'", "'one'")
    graph.commit()
    replace(graph, "four", "'after'", "'later'")
    graph.git("add", "--all")
    replace(graph, "three", "step = 2", "step = 5")
    assert graph.changed(first) == ["3.2", "3.4", "3.5", "4.4"]
    assert graph.changed("HEAD") == ["3.2", "3.4", "4.4"]
    assert graph.changed("HEAD~1") == graph.changed(first)


def test_a_page_renamed_and_a_section_moved_to_another_page(graph: GitNotes) -> None:
    graph.git("mv", "sub dir/notes/pages/four.md", "sub dir/notes/pages/vier.md")
    start = CHAPTER.index("- ## 3.5.")
    moved = CHAPTER[start:]
    graph.write("notes/pages/three.md", CHAPTER[:start])
    graph.write("notes/pages/new.md", moved.replace("3.5. Alone", "3.6. Alone still"))
    assert graph.changed() == []


def test_a_page_without_numbers_renamed(tmp_path: Path) -> None:
    graph = git_notes(tmp_path, {"Loose": "- ```python\n  print(1)\n  ```"})
    graph.git("mv", "sub dir/notes/pages/Loose.md", "sub dir/notes/pages/Strict.md")
    assert graph.changed() == []
    # Another folder is another place to look for data.
    (graph.project / "notes/deep/er").mkdir(parents=True)
    graph.git("mv", "sub dir/notes/pages/Strict.md", "sub dir/notes/deep/er/Strict.md")
    assert graph.changed() == ["Strict"]


def test_a_new_section_on_an_untracked_page(graph: GitNotes) -> None:
    graph.write("notes/pages/five.md", "- ## 5.1. New\n\t- ```python\n\t  print(5)\n\t  ```")
    said = graph.tangle("list", "--changed-since", "HEAD")
    assert "5.1: changed since HEAD: new" in said.err
    assert graph.changed() == ["5.1"]


# --- data -----------------------------------------------------------------------------------------


def test_data_that_code_names_where_nothing_is_known(graph: GitNotes) -> None:
    graph.write("notes/data/table.csv", "2\n")
    graph.write("README.md", "of no section\n")
    assert graph.changed() == ["4.3", "4.4"]  # 4.4 needs 4.3


def test_data_by_what_the_cache_knows(tmp_path: Path) -> None:
    page = """\
- ## 1.1. Puts the name together
	- ```python
	  print(open('../data/' + 'ta' + 'ble.csv').read())
	  ```
- ## 1.2. Names the folder, and reads none of it
	- ```python
	  print('data')
	  ```
- ## 1.3. Lists
	- ```python
	  import os
	  print(sorted(os.listdir('../data')))
	  ```"""
    graph = git_notes(tmp_path, {"x": page})
    graph.write("notes/data/table.csv", "1\n")
    graph.commit()
    graph.tangle("run", "--all")
    graph.write("notes/data/table.csv", "2\n")
    assert graph.changed() == ["1.1"]
    graph.git("checkout", "--quiet", "--", "sub dir/notes/data")
    graph.write("notes/data/more.csv", "2\n")
    assert graph.changed() == ["1.3"]
    (graph.project / "notes/data/more.csv").unlink()
    shutil.rmtree(graph.project / ".tangle")
    graph.write("notes/data/table.csv", "2\n")
    assert graph.changed() == ["1.1", "1.2", "1.3"]  # rather one too many


def test_data_that_only_the_cache_knows_in_a_later_commit(tmp_path: Path) -> None:
    """Known by the run before: not by a name in the code, and whatever it holds now."""
    page = """\
- ## 1.1. Reads by a made-up name
	- ```python
	  name = 'ta' + 'ble'
	  ```
	- ```python
	  print(open(f'../data/{name}.csv').read())
	  ```
- ## 1.2. Reads, and says so where it fails
	- ```python
	  print(open('../da' + 'ta/ta' + 'ble.csv').read())
	  ```
	- tangle.xfail:: why
	  ```python
	  1 / 0
	  ```
- ## 1.3. Alone
	- ```python
	  print('alone')
	  ```"""
    graph = git_notes(tmp_path, {"x": page})
    graph.write("notes/data/table.csv", "1\n")
    graph.write("notes/data/other.csv", "1\n")
    graph.commit()
    assert graph.tangle("run", "--all").code == 0
    first = graph.commit("outputs")
    graph.write("notes/data/other.csv", "2\n")
    graph.commit()
    assert graph.changed(first) == []
    graph.write("notes/data/table.csv", "2\n")
    graph.commit()
    assert graph.changed("HEAD") == []
    assert graph.changed(first) == ["1.1", "1.2"]
    said = graph.tangle("run", "--changed-since", first)
    assert "1.1: changed since" in said.err
    assert "data/table.csv" in said.err
    assert graph.changed("HEAD") == []
    assert graph.changed(first) == ["1.1", "1.2"]  # the cache knows more now, and not less


def test_words_of_prose_and_names_in_code_are_no_paths(tmp_path: Path) -> None:
    page = """\
- ## 1.1. Says much
	- ```python
	  table = [list, 'a table of data']
	  ```
- ## 1.2. By a pattern
	- ```python
	  from pathlib import Path
	  print(len(list(Path('..').rglob('*.csv'))))
	  ```
- ## 1.3. By a module
	- ```python
	  import helper
	  ```
- ## 1.4. By a program
	- ```python
	  !cat ../data/table.csv
	  ```"""
    graph = git_notes(tmp_path, {"x": page})
    graph.write("notes/pages/helper.py", "x = 1\n")
    graph.write("src/helper.py", "x = 1\n")
    assert graph.changed() == ["1.3"]
    graph.write("notes/data/table.csv", "1\n")
    assert graph.changed() == ["1.2", "1.3", "1.4"]
    graph.commit()
    graph.write("src/list.json", "1\n")
    graph.write("src/helper.py", "x = 2\n")
    assert graph.changed() == []


def test_generated_files_and_figures_are_no_data(graph: GitNotes) -> None:
    replace(graph, "four", "print('after')", "print('after', 'generated', 'tangle', 'torch')")
    graph.commit()
    graph.tangle("build")
    graph.write("notes/assets/tangle/4.4-1.svg", "<svg/>")
    assert graph.changed() == []


# --- then and now ---------------------------------------------------------------------------------


def test_the_configuration_changed(graph: GitNotes) -> None:
    everything = ["3.1", "3.2", "3.3", "3.4", "3.5", "4.1", "4.2", "4.3", "4.4"]
    graph.write("tangle.toml", 'graph = "notes"\nbook = ["**"]\ntimeout = 60\n')
    assert graph.changed() == []
    graph.write("tangle.toml", 'graph = "notes"\nbook = ["**"]\nseed = 1\n')
    assert graph.changed() == everything
    assert "tangle.toml: seed" in graph.tangle("list", "--changed-since", "HEAD").err


def test_the_graph_was_elsewhere_and_the_configuration_was_bad(graph: GitNotes) -> None:
    graph.git("mv", "sub dir/notes", "sub dir/wiki")
    graph.write("tangle.toml", 'graph = "wiki"\nbook = ["**"]\n')
    assert graph.changed() == ["4.3", "4.4"]  # the data file went along, and is another one
    graph.write("tangle.toml", "graph = [")
    graph.commit()
    graph.write("tangle.toml", 'graph = "wiki"\nbook = ["**"]\n')
    assert len(graph.changed()) == 9
    assert graph.changed("HEAD~1") == ["4.3", "4.4"]


def test_the_notes_had_errors_then(tmp_path: Path) -> None:
    graph = git_notes(tmp_path, {"a": "- ## 1.1. A\n\t- ```python\n\t  x = = 1\n\t  ```"})
    (graph.project / "notes/pages/b.md").write_bytes(b"- ## 1.2. \xff\n")
    graph.write("notes/pages/c.md", "- ## 1.3. C\n\t- ```python\n\t  print(3)\n\t  ```")
    graph.commit()
    graph.write("notes/pages/a.md", "- ## 1.1. A\n\t- ```python\n\t  x = 1\n\t  ```")
    graph.write("notes/pages/b.md", "- ## 1.2. B\n\t- ```python\n\t  print(2)\n\t  ```")
    assert graph.changed() == ["1.1", "1.2"]


def test_a_revision_from_before_the_graph(tmp_path: Path) -> None:
    graph = git_notes(tmp_path, {"a": "- ## 1.1. A\n\t- ```python\n\t  x = 1\n\t  ```"})
    graph.git("checkout", "--quiet", "--orphan", "other")
    graph.git("rm", "-r", "--quiet", "--cached", ".")
    graph.git("commit", "--quiet", "--allow-empty", "--message", "nothing yet")
    graph.git("branch", "empty")
    graph.git("checkout", "--quiet", "--force", "main")
    assert graph.changed("empty") == ["1.1"]


def test_sections_named_with_it(graph: GitNotes) -> None:
    replace(graph, "three", "3 * radius**2", "4 * radius**2")
    said = graph.tangle("run", "4", "--changed-since", "HEAD", "--format", "json")
    assert [s["number"] for s in json.loads(said.out)["sections"]] == ["4.1", "4.2"]


def test_what_a_changed_section_needs_runs_before_it(graph: GitNotes) -> None:
    replace(graph, "four", "'after'", "'later'")
    assert graph.changed() == ["4.4"]
    said = graph.tangle("run", "--changed-since", "HEAD", "--format", "json")
    assert [s["number"] for s in json.loads(said.out)["sections"]] == ["4.3", "4.4"]


# --- errors ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("revision", ["nope", "--all", "HEAD:sub dir", "", "main..HEAD"])
def test_an_unknown_revision(graph: GitNotes, revision: str) -> None:
    said = graph.tangle("run", f"--changed-since={revision}")
    assert (said.code, said.out) == (2, "")
    assert "git knows no commit of this name; name a commit, a branch or a tag" in said.err


def test_a_shallow_clone_says_how_to_deepen_it(graph: GitNotes, tmp_path: Path) -> None:
    first = graph.git("rev-parse", "HEAD~1").strip()
    url = f"file://{graph.top}"
    shallow = tmp_path / "shallow"
    graph.git("clone", "--quiet", "--depth=1", url, str(shallow))
    config = shallow / "sub dir" / "tangle.toml"
    assert call("--config", str(config), "list", "--changed-since", "HEAD").code == 0
    said = call("--config", str(config), "list", "--changed-since", first)
    assert said.code == 2
    assert "this clone is shallow" in said.err


def test_no_repository(tmp_path: Path) -> None:
    graph = git_notes(tmp_path, {"a": "- ## 1.1. A\n\t- ```python\n\t  x = 1\n\t  ```"})
    shutil.rmtree(graph.top / ".git")
    said = graph.tangle("run", "--changed-since", "HEAD")
    assert said.code == 2
    assert "git has no repository here (not a git repository" in said.err


def test_no_git(graph: GitNotes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    said = graph.tangle("run", "--changed-since", "HEAD")
    assert said.code == 2
    assert "git: no such program" in said.err


# --- outputs proven fresh -------------------------------------------------------------------------


def test_check_proves_outputs_fresh_without_running(graph: GitNotes) -> None:
    graph.tangle("run", "--all")
    said = graph.tangle("check", "--all")
    assert said.code == 0
    assert "6 stored outputs match the current code" in said.err
    replace(graph, "three", "3 * radius**2", "4 * radius**2")
    said = graph.tangle("check", "--all", "--format", "json")
    document = json.loads(said.out)
    stale = [p["section"] for p in document["problems"] if p["code"] == "stale-output"]
    assert (said.code, stale) == (1, ["4.2", "3.3"])
    assert (document["outputs"], document["fresh"]) == (6, 4)
    assert "4 of 6 stored outputs" in graph.tangle("check", "--all").err


def test_line_ends_that_git_converts_are_no_change(graph: GitNotes) -> None:
    path = graph.project / "notes/pages/three.md"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert graph.changed() == []


def test_asking_changes_nothing_in_the_repository(graph: GitNotes) -> None:
    replace(graph, "three", "3 * radius**2", "4 * radius**2")
    before = subprocess.run(
        ["git", "status", "--porcelain"], cwd=graph.top, capture_output=True, check=True
    ).stdout
    graph.changed()
    after = subprocess.run(
        ["git", "status", "--porcelain"], cwd=graph.top, capture_output=True, check=True
    ).stdout
    assert before == after


def test_what_importing_the_package_does_counts_and_a_time_limit_does_not(tmp_path: Path) -> None:
    saves = (
        "- ## 1.1. A\n\t- ```python\n\t  import warnings  #@save\n"
        '\t  warnings.simplefilter("ignore")  #@save\n\t  ```'
    )
    uses = (
        "- ## 1.2. B\n\t- tangle.timeout:: 60\n\t  ```python\n"
        "\t  from d2l import torch as d2l\n\t  print(1)\n\t  ```"
    )
    graph = git_notes(tmp_path, {"a": saves, "b": uses})
    replace(graph, "b", "tangle.timeout:: 60", "tangle.timeout:: 90")
    assert graph.changed() == []
    replace(graph, "a", '"ignore"', '"always"')
    said = graph.tangle("list", "--changed-since", "HEAD")
    assert "1.2: changed since HEAD: what importing d2l does" in said.err
