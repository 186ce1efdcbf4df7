"""Each command as a user gives it: what it prints, what it changes, how it ends."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.graphs import MakeNotes, Notes, call

pytestmark = pytest.mark.book

CHAPTER = """\
- # 3 Networks
	- ## 3.1. Lines
		- ```python
		  import math


		  def area(radius):  #@save
		      return math.pi * radius**2
		  ```
		- ```python
		  area(1)
		  ```
	- ## 3.2. Circles
		- ```python
		  from d2l import torch as d2l
		  print(f'{d2l.area(2):.2f}')
		  ```
		- ### 3.2.1. More
			- ```python
			  math.floor(d2l.area(3))
			  ```
	- ## 3.3. Words
		- no code here"""

BROKEN = """\
- ## 1.1. Broken
	- ```python
	  x = 1
	  ```
	- ```python
	  对 = 2
	  y = **x**
	  ```"""


def python(*arguments: str, folder: Path) -> str:
    command = [sys.executable, *arguments]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, encoding="utf-8", check=True
    ).stdout


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, but for what the cache keeps."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".tangle" not in path.parts
    }


# --- list, show, build ----------------------------------------------------------------------------


def test_list_shows_units_with_their_chunks_and_states(notes: MakeNotes) -> None:
    graph = notes({"chapter": CHAPTER})
    said = graph.tangle("list", "--format", "json")
    rows = json.loads(said.out)["sections"]
    assert said.code == 0
    assert [(row["number"], row["chunks"], row["state"]) for row in rows] == [
        ("3.1", 2, "not-run"),
        ("3.2", 2, "not-run"),
        ("3.3", 0, "no-code"),
    ]
    assert (rows[0]["saves"], rows[0]["page"], rows[0]["line"], rows[0]["title"]) == (
        ["area"],
        "pages/chapter.md",
        2,
        "Lines",
    )
    assert rows[1]["borrowed"] == 1
    assert "2 sections with code, 4 chunks" in graph.tangle("list").out


def test_build_writes_what_python_imports_and_runs(notes: MakeNotes, tmp_path: Path) -> None:
    graph, out = notes({"chapter": CHAPTER}), tmp_path / "out"
    (graph.root / "tangle.toml").unlink()
    said = call("--graph", str(graph.root), "--output", str(out), "build")
    assert (said.code, said.err) == (0, "")
    assert python(str(out / "d2l/sections/sec_3_2.py"), folder=Path("/")) == "12.57\n"
    assert python("-m", "d2l", folder=out) == "3.1  Lines\n3.2  Circles\n"
    assert python("-m", "d2l", "3.2", folder=out) == "12.57\n"
    assert not (graph.root / ".tangle").exists()
    assert not (graph.root / "generated").exists()


def test_building_again_changes_nothing_and_check_says_so(notes: MakeNotes) -> None:
    graph = notes({"chapter": CHAPTER})
    assert graph.tangle("build", "--check").code == 1
    assert not (graph.root / "generated").exists()
    graph.tangle("build")
    before = tree(graph.root)
    again = graph.tangle("build")
    assert (again.code, tree(graph.root)) == (0, before)
    assert "up to date" in again.out
    assert graph.tangle("build", "--check").code == 0


def test_build_removes_scripts_of_sections_that_are_gone_and_nothing_else(
    notes: MakeNotes,
) -> None:
    graph = notes({"chapter": CHAPTER})
    graph.tangle("build")
    own = graph.root / "generated" / "d2l" / "mine.py"
    own.write_text("x = 1\n")
    graph.write("chapter", CHAPTER.replace("# 3.2.", "# 3.4."))
    said = graph.tangle("build")
    found = {path.name for path in (graph.root / "generated/d2l/sections").glob("sec_*.py")}
    assert found == {"sec_3_1.py", "sec_3_4.py"}
    assert "sec_3_2.py: removed" in said.out
    assert own.read_text() == "x = 1\n"


NO_CODE = "- ## 3.1. Lines\n\t- words"


@pytest.mark.parametrize(
    ("pages", "count"),
    [
        pytest.param({"chapter": NO_CODE}, "all of its 2 scripts", id="no code any more"),
        pytest.param({}, "all of its 2 scripts", id="no pages"),
        pytest.param({"other": NO_CODE}, "all of its 2 scripts", id="another page"),
    ],
)
def test_build_removes_the_last_scripts_only_if_it_is_forced_to(
    notes: MakeNotes, pages: dict[str, str], count: str
) -> None:
    graph = notes({"chapter": CHAPTER})
    graph.tangle("build")
    before = tree(graph.root / "generated")
    graph.page("chapter").unlink()
    for name, text in pages.items():
        graph.write(name, text)
    said = graph.tangle("build")
    assert (said.code, said.out) == (3, "")
    assert f"{count} would be removed" in said.err
    assert "tangle build --force" in said.err
    assert str(graph.root) in said.err
    assert tree(graph.root / "generated") == before
    looked = graph.tangle("build", "--check")
    assert (looked.code, tree(graph.root / "generated")) == (1, before)
    assert "sec_3_1.py: would be removed" in looked.out
    forced = graph.tangle("build", "--force")
    assert forced.code == 0, forced.err
    assert "sec_3_1.py: removed" in forced.out
    assert not [*(graph.root / "generated/d2l/sections").glob("sec_*.py")]
    assert graph.tangle("build").code == 0


def test_the_only_script_is_the_last_one_too(notes: MakeNotes) -> None:
    graph = notes({"chapter": "- ## 3.1. Lines\n\t- ```python\n\t  1\n\t  ```"})
    graph.tangle("build")
    graph.write("chapter", NO_CODE)
    said = graph.tangle("build")
    assert said.code == 3
    assert "its only script would be removed" in said.err


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("## 3.", "## 7.", id="all sections have other numbers"),
        pytest.param(
            "\t- ## 3.2. Circles\n\t\t- ```python", "\t- ## 3.2. Circles", id="one is left"
        ),
    ],
)
def test_build_asks_nothing_where_a_script_is_left(notes: MakeNotes, old: str, new: str) -> None:
    graph = notes({"chapter": CHAPTER})
    graph.tangle("build")
    graph.write("chapter", CHAPTER.replace(old, new))
    assert graph.tangle("build").code != 3
    assert [*(graph.root / "generated").glob("*/sections/sec_*.py")]


def test_a_page_that_cannot_be_read_takes_no_script_with_it(notes: MakeNotes) -> None:
    graph = notes({"chapter": CHAPTER})
    graph.tangle("build")
    before = tree(graph.root / "generated" / "d2l" / "sections")
    graph.page("chapter").write_bytes(b"- \xff")
    assert graph.tangle("build", "--force").code == 1
    after = tree(graph.root / "generated" / "d2l" / "sections")
    assert before.keys() == after.keys()


def test_a_foreign_file_in_the_way_is_refused(notes: MakeNotes) -> None:
    graph = notes({"chapter": CHAPTER})
    theirs = graph.root / "generated" / "d2l" / "torch.py"
    theirs.parent.mkdir(parents=True)
    theirs.write_text("import this\n")
    said = graph.tangle("build")
    assert said.code == 3
    assert "torch.py" in said.err
    assert tree(graph.root / "generated") == {"d2l/torch.py": b"import this\n"}


def test_a_chunk_that_does_not_parse_is_named_and_the_rest_is_tangled(notes: MakeNotes) -> None:
    graph = notes({"broken": BROKEN})
    said = graph.tangle("build")
    assert said.code == 1
    assert "pages/broken.md:7:8: error: this chunk does not parse" in said.err
    excerpt, caret = said.err.split("\n")[1:3]
    assert excerpt == "    y = **x**"
    assert caret.index("^") == excerpt.index("**")
    script = graph.root / "generated/graph/sections/sec_1_1.py"
    command = [sys.executable, str(script)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "pages/broken.md:7:8" in done.stderr


def test_show_prints_the_script_that_build_writes(notes: MakeNotes) -> None:
    graph = notes({"chapter": CHAPTER})
    graph.tangle("build")
    script = (graph.root / "generated/d2l/sections/sec_3_2.py").read_text()
    assert graph.tangle("show", "3.2").out == script
    assert graph.tangle("show", "3.2.1").out == script
    assert "# from 3.1 (pages/chapter.md)\nimport math\n" in script


@pytest.mark.parametrize("command", ["show", "run"])
def test_an_unknown_section_is_wrong_use_and_the_nearest_is_named(
    notes: MakeNotes, command: str
) -> None:
    said = notes({"chapter": CHAPTER}).tangle(command, "3.9")
    assert said.code == 2
    assert said.err.startswith("tangle: no section '3.9'; chapter 3 has 3.1")


def test_a_section_without_code_cannot_be_run(notes: MakeNotes) -> None:
    said = notes({"chapter": CHAPTER}).tangle("run", "3.3")
    assert (said.code, "it has no code" in said.err) == (2, True)


# --- run ------------------------------------------------------------------------------------------


def run_json(graph: Notes, *arguments: str) -> tuple[int, list[dict[str, object]]]:
    said = graph.tangle("run", *arguments, "--format", "json")
    return said.code, json.loads(said.out)["sections"]


def test_run_writes_outputs_below_their_chunks_and_running_again_changes_nothing(
    notes: MakeNotes,
) -> None:
    graph = notes({"chapter": CHAPTER})
    code, (section,) = run_json(graph, "3.2")
    assert (code, section["outcome"], section["cached"]) == (0, "passed", False)
    text = graph.text("chapter")
    assert "\n\t\t\t- tangle.output:: " in text
    assert "\n\t\t\t  ```text\n\t\t\t  12.57\n\t\t\t  ```\n\t\t- ### 3.2.1. More\n" in text
    assert "\n\t\t\t\t  ```text\n\t\t\t\t  28\n\t\t\t\t  ```\n\t- ## 3.3. Words\n" in text
    code, (again,) = run_json(graph, "3.2")
    assert (code, again["cached"], graph.text("chapter")) == (0, True, text)
    code, (fresh,) = run_json(graph, "3.2", "--fresh")
    assert (code, fresh["cached"], graph.text("chapter")) == (0, False, text)


def test_generated_files_do_not_change_when_outputs_are_written(notes: MakeNotes) -> None:
    graph = notes({"chapter": CHAPTER})
    graph.tangle("build")
    assert graph.tangle("run", "--all").code == 0
    assert graph.tangle("build", "--check").code == 0
    assert graph.tangle("check", "--all").code == 0


def test_clean_gives_the_notes_back_as_they_were(notes: MakeNotes) -> None:
    graph = notes({"chapter": CHAPTER})
    graph.tangle("run", "--all")
    assert graph.text("chapter") != CHAPTER
    said = graph.tangle("clean")
    assert (said.code, graph.text("chapter")) == (0, CHAPTER)
    assert run_json(graph, "3.1")[1][0]["cached"] is False


def test_run_to_the_end_of_a_part(notes: MakeNotes) -> None:
    page = """\
- ## 2.1. Parts
	- ### 2.1.1. First
		- ```python
		  print('one')
		  ```
	- ### 2.1.2. Second
		- ```python
		  print('two')
		  ```
	- ### 2.1.3. Third
		- ```python
		  print('three')
		  ```"""
    graph = notes({"parts": page})
    _, (section,) = run_json(graph, "2.1.2")
    assert [chunk["line"] for chunk in section["chunks"]] == [3, 11]  # type: ignore[attr-defined]
    assert graph.text("parts").count("tangle.output") == 2


def test_a_chapter_is_all_its_sections_each_in_a_process_of_its_own(notes: MakeNotes) -> None:
    page = """\
- ## 1.1. One
	- ```python
	  import os
	  shared = os.getpid()
	  ```
- ## 1.2. Two
	- ```python
	  try:
	      del globals()['shared']
	      print('leaked')
	  except KeyError:
	      print('clean')
	  ```
- ## 2.1. Other
	- ```python
	  1
	  ```"""
    graph = notes({"x": page})
    code, sections = run_json(graph, "1", "--jobs", "2")
    assert (code, [section["number"] for section in sections]) == (0, ["1.1", "1.2"])
    assert "clean" in graph.text("x")


FAILING = """\
- ## 1.1. Fails
	- ```python
	  print('first')
	  ```
	- ```python
	  def f(x):
	      return 1 / x
	  ```
	- Here it is called.
	  ```python
	  print('before')
	  y = f(0)
	  ```
	- ```python
	  print('never', y)
	  ```"""


def test_a_failure_names_page_and_line_and_earlier_outputs_are_written(notes: MakeNotes) -> None:
    graph = notes({"x": FAILING})
    said = graph.tangle("run", "1.1")
    assert said.code == 1
    assert "1.1 Fails: failed" in said.out
    # The output of the first chunk, four lines, was written above.
    assert 'File "pages/x.md", line 16, in ' in said.out
    assert 'File "pages/x.md", line 11, in f' in said.out
    assert "ZeroDivisionError: division by zero" in said.out
    text = graph.text("x")
    assert "first\n" in text
    assert "never\n\t\t  ```" not in text
    assert text.count("tangle.output") == 2
    assert "[[x]] line 11, in f: `return 1 / x`\n\t\t  [[x]] line 16: `y = f(0)`\n" in text


def test_a_failure_in_saved_code_is_shown_where_the_note_has_it(notes: MakeNotes) -> None:
    page = """\
- ## 1.1. Saves
	- ```python
	  def half(x):  #@save
	      return x / 0
	  ```
- ## 1.2. Uses
	- ```python
	  from d2l import torch as d2l
	  d2l.half(2)
	  ```"""
    said = notes({"x": page}).tangle("run", "1.2")
    assert said.code == 1
    assert 'File "pages/x.md", line 4, in half' in said.out
    assert 'File "pages/x.md", line 9, in ' in said.out


def test_run_as_json_has_what_the_contract_names(notes: MakeNotes) -> None:
    code, (section,) = run_json(notes({"x": FAILING}), "1.1")
    assert code == 1
    assert {"number", "outcome", "seconds", "cached", "device", "chunks"} <= section.keys()
    assert (section["number"], section["outcome"], section["device"]) == ("1.1", "failed", "cpu")
    chunks = section["chunks"]
    assert isinstance(chunks, list)
    assert [chunk["outcome"] for chunk in chunks] == ["passed", "passed", "failed", "skipped"]
    assert chunks[0]["outputs"] == [{"output_type": "stream", "name": "stdout", "text": "first\n"}]
    assert chunks[2]["error"]["name"] == "ZeroDivisionError"
    assert (chunks[2]["error"]["path"], chunks[2]["error"]["line"]) == ("pages/x.md", 11)
    assert chunks[2]["line"] == 14
    assert chunks[3]["error"] is None


def test_no_write_leaves_the_notes_alone(notes: MakeNotes) -> None:
    graph = notes({"chapter": CHAPTER})
    said = graph.tangle("run", "3.2", "--no-write")
    assert (said.code, graph.text("chapter")) == (0, CHAPTER)
    assert "12.57" in said.out


def test_the_limit_of_time_is_a_result(notes: MakeNotes) -> None:
    page = "- ## 1.1. Loops\n\t- ```python\n\t  print('on')\n\t  while True:\n\t      pass\n\t  ```"
    graph = notes({"x": page})
    said = graph.tangle("run", "1.1", "--timeout", "1")
    assert said.code == 1
    assert "1.1 Loops: timed-out" in said.out
    assert graph.text("x") == page


def test_an_expected_failure_passes_and_is_shown(notes: MakeNotes) -> None:
    page = "- ## 1.1. Raises\n\t- tangle.raises:: ValueError\n\t  ```python\n\t  int('x')\n\t  ```"
    graph = notes({"x": page})
    assert graph.tangle("run", "1.1").code == 0
    assert "ValueError: invalid literal" in graph.text("x")


def test_chunks_that_are_not_run_are_not_run(notes: MakeNotes) -> None:
    page = """\
- ## 1.1. Switches
	- tangle.run:: no
	  ```python
	  raise SystemExit
	  ```
	- tangle.skip:: yes
	  ```python
	  also not python
	  ```
	- ```python
	  print('here')
	  ```"""
    graph = notes({"x": page})
    code, (section,) = run_json(graph, "1.1")
    assert (code, len(section["chunks"])) == (0, 1)  # type: ignore[arg-type]
    assert graph.tangle("check", "--all").code == 0


def test_sections_that_are_needed_run_first(notes: MakeNotes) -> None:
    page = """\
- ## 1.1. User
  tangle.needs:: 1.2
	- ```python
	  print(open('made.txt').read())
	  ```
- ## 1.2. Maker
	- ```python
	  _ = open('made.txt', 'w').write('made')
	  ```"""
    code, sections = run_json(notes({"x": page}), "1.1")
    assert (code, [section["number"] for section in sections]) == (0, ["1.2", "1.1"])


def test_the_cache_notices_a_data_file_that_changed(notes: MakeNotes) -> None:
    page = "- ## 1.1. Reads\n\t- ```python\n\t  print(open('../data.txt').read())\n\t  ```"
    graph = notes({"x": page})
    (graph.root / "data.txt").write_text("one")
    run_json(graph, "1.1")
    assert run_json(graph, "1.1")[1][0]["cached"] is True
    (graph.root / "data.txt").write_text("two")
    assert run_json(graph, "1.1")[1][0]["cached"] is False
    assert "two" in graph.text("x")


def test_the_cache_notices_a_saved_function_that_changed(notes: MakeNotes) -> None:
    graph = notes({"chapter": CHAPTER})
    run_json(graph, "--all")
    graph.write("chapter", graph.text("chapter").replace("math.pi * radius", "3 * radius"))
    rows = {
        row["number"]: row["state"]
        for row in json.loads(graph.tangle("list", "--format", "json").out)["sections"]
    }
    assert rows == {"3.1": "stale", "3.2": "stale", "3.3": "no-code"}
    problems = json.loads(graph.tangle("check", "--all", "--format", "json").out)["problems"]
    assert {problem["code"] for problem in problems} == {"stale-output"}
    assert run_json(graph, "3.2")[1][0]["cached"] is False
    assert "12.00" in graph.text("chapter")


def test_junit_report(notes: MakeNotes, tmp_path: Path) -> None:
    from xml.etree import ElementTree

    target = tmp_path / "report.xml"
    notes({"x": FAILING}).tangle("run", "1.1", "--junit-xml", str(target))
    suite = ElementTree.parse(target).getroot()[0]
    counts = {key: suite.get(key) for key in ("tests", "failures", "errors", "skipped")}
    assert counts == {"tests": "4", "failures": "1", "errors": "0", "skipped": "1"}
    failure = suite.find("testcase/failure")
    assert failure is not None
    assert failure.get("message") == "ZeroDivisionError: division by zero"


# --- figures --------------------------------------------------------------------------------------

FIGURES = """\
- ## 1.1. Figures
	- ```python
	  from matplotlib import pyplot as plt
	  plt.plot([1, 2]);
	  ```
	- ### 1.1.1. More
		- ```python
		  plt.plot([2, 1])
		  plt.show()
		  plt.plot([3, 1]);
		  ```"""


def _unnamed(figure: str) -> str:
    """The name of a figure without the digest of its content."""
    return re.sub(r"-[0-9a-f]{8}\.svg$", "", figure)


def test_figures_are_files_beside_the_page_and_go_when_unused(notes: MakeNotes) -> None:
    graph = notes({"x": FIGURES})
    other = graph.root / "assets" / "tangle" / "mine.svg"
    other.parent.mkdir(parents=True)
    other.write_text("<svg/>")
    assert graph.tangle("run", "1.1").code == 0
    assets = graph.root / "assets" / "tangle"
    names = sorted(path.name for path in assets.iterdir())
    assert [_unnamed(name) for name in names] == ["1.1-1", "1.1.1-1", "1.1.1-2", "mine.svg"]
    assert f"![1.1.1 figure 2](../assets/tangle/{names[2]})" in graph.text("x")
    before = tree(graph.root)
    assert graph.tangle("run", "1.1", "--fresh").code == 0
    assert tree(graph.root) == before
    graph.write("x", graph.text("x").replace("\t\t  plt.show()\n", ""))
    graph.tangle("run", "1.1")
    left = sorted(path.name for path in assets.iterdir())
    assert [_unnamed(name) for name in left] == ["1.1-1", "1.1.1-1", "mine.svg"]
    graph.tangle("clean")
    assert sorted(path.name for path in assets.iterdir()) == ["mine.svg"]


# --- check ----------------------------------------------------------------------------------------


def codes(graph: Notes) -> list[tuple[str, int]]:
    said = graph.tangle("check", "--all", "--format", "json")
    found = [(p["code"], p["line"]) for p in json.loads(said.out)["problems"]]
    errors = [p for p in json.loads(said.out)["problems"] if p["severity"] == "error"]
    assert said.code == (1 if errors else 0)
    return found


def test_check_is_silent_on_good_notes(notes: MakeNotes) -> None:
    graph = notes({"chapter": CHAPTER})
    said = graph.tangle("check", "--all")
    assert (said.code, said.out, said.err) == (0, "", "no problems\n")


def test_check_finds_generated_files_that_are_stale(notes: MakeNotes) -> None:
    graph = notes({"chapter": CHAPTER})
    graph.tangle("build")
    graph.write("chapter", CHAPTER.replace("area(1)", "area(5)"))
    assert codes(graph) == [("stale-generated", 1)]


def test_check_finds_outputs_edited_by_hand_and_run_leaves_them(notes: MakeNotes) -> None:
    graph = notes({"chapter": CHAPTER})
    graph.tangle("run", "3.2")
    edited = graph.text("chapter").replace("12.57", "my own words")
    graph.write("chapter", edited)
    assert [code for code, _ in codes(graph)] == ["edited-output"]
    said = graph.tangle("run", "3.2", "--fresh")
    assert (said.code, graph.text("chapter")) == (0, edited)
    assert "edited by hand" in said.out
    graph.tangle("run", "3.2", "--force")
    assert "my own words" not in graph.text("chapter")


def test_check_for_github_annotates(notes: MakeNotes, monkeypatch: pytest.MonkeyPatch) -> None:
    graph = notes({"broken": BROKEN})
    monkeypatch.chdir(graph.root)
    said = call("check", "--format", "github")
    assert said.code == 1
    assert said.out.startswith("::error file=pages/broken.md,line=7,col=8,title=tangle%3A syntax")


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ("- ## 1.1. A\n- ## 1.1. B", [("duplicate-section", 2)]),
        ("- tangle.skpi:: yes\n  ```python\n  x = 1\n  ```", [("unknown-property", 1)]),
        ("- tangle.timeout:: soon\n  ```python\n  x = 1\n  ```", [("bad-property", 1)]),
        ("- ```python\n  <<none>>\n  ```", [("unknown-chunk", 2)]),
        (
            "- tangle.name:: a\n  ```python\n  <<a>>\n  ```",
            [("reference-cycle", 3)],
        ),
        (
            "- tangle.name:: a\n  ```python\n  1\n  ```\n- tangle.name:: a\n  ```python\n  ```",
            [("duplicate-name", 6)],
        ),
        ("- ```python\n  x = true_w\n  ```", [("undefined-name", 2)]),
        (
            "- ```python\n  from d2l import torch as d2l\n  a = 1  #@save\n  d2l.a, d2l.b\n  ```",
            [("unsaved-name", 4)],
        ),
        (
            "- ```python\n  def f():  #@save\n      return w\n  w = 1\n  ```",
            [("saved-needs-unsaved", 3)],
        ),
        (
            "- ```python\n  def f(): ...  #@save\n  def f(): ...  #@save\n  ```",
            [("saved-twice", 3)],
        ),
        (
            "- ((6543ed3a-0000-4000-8000-0000000000aa))\n- ```python\n  1\n  ```",
            [("unresolved-reference", 1)],
        ),
        ("- ```python\n  x = 1\n", [("unclosed-fence", 1)]),
    ],
)
def test_check_finds(notes: MakeNotes, page: str, expected: list[tuple[str, int]]) -> None:
    found = codes(notes({"x": page}))
    # Half of the pages begin with a property, which is worth a warning by itself.
    assert [entry for entry in found if entry[0] != "first-block-property"] == expected


# --- init, outline, completion, where the notes are -----------------------------------------------


def test_init_writes_a_configuration_that_is_obeyed(
    notes: MakeNotes, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = notes({"chapter": CHAPTER})
    (graph.root / "tangle.toml").unlink()
    project = graph.root.parent
    monkeypatch.chdir(project)
    assert call("init").code == 0
    config = project / "tangle.toml"
    assert 'graph = "graph"' in config.read_text()
    config.write_text(config.read_text().replace('package = ""', 'package = "d2l.tools"'))
    again = call("init")
    assert (again.code, "exists already" in again.err) == (3, True)
    assert call("build").code == 0
    assert (project / "generated" / "d2l" / "tools.py").is_file()


def test_without_a_graph_the_message_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for command in (["list"], ["build"], ["run", "3.6"], ["check"], ["clean"], ["init"]):
        said = call(*command)
        assert (said.code, "no Logseq graph" in said.err) == (2, True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("graph = ", "no TOML"),
        ('grap = "notes"', "did you mean graph?"),
        ("seed = 'x'", "it takes a whole number"),
        ('borrow = "maybe"', "one of on, off"),
        ('package = "d2l"', "such as d2l.torch"),
    ],
)
def test_a_bad_configuration_is_named(
    notes: MakeNotes, monkeypatch: pytest.MonkeyPatch, text: str, words: str
) -> None:
    graph = notes({"chapter": CHAPTER})
    (graph.root / "tangle.toml").write_text(text)
    monkeypatch.chdir(graph.root)
    said = call("list")
    assert said.code == 2
    assert "tangle.toml:" in said.err
    assert words in said.err


def test_outline_prints_one_json_object_a_page(notes: MakeNotes) -> None:
    graph = notes({"a": "- x\n\t- ```python\n\t  y\n\t  ```", "b": "- z"})
    said = call("outline", str(graph.root), "--format", "json")
    assert said.code == 0
    first, second = (json.loads(line) for line in said.out.rstrip("\n").split("\n"))
    assert [block["level"] for block in first["blocks"]] == [1, 2]
    assert first["code"][0]["code"] == "y\n"
    assert second["path"].endswith("pages/b.md")
    assert "x" in call("outline", str(graph.page("a"))).out


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(shell: str) -> None:
    said = call("completion", shell)
    assert (said.code, "_TANGLE_COMPLETE" in said.out) == (0, True)


def test_sections_are_completed(notes: MakeNotes) -> None:
    graph = notes({"chapter": CHAPTER})
    done = subprocess.run(
        [sys.executable, "-m", "tangle_cli"],
        env={
            "_TANGLE_COMPLETE": "bash_complete",
            "COMP_WORDS": f"tangle --graph {graph.root} run 3",
            "COMP_CWORD": "4",
            "PYTHONPATH": ":".join(path for path in sys.path if path),
        },
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "plain,3.1\nplain,3.2\n"


def test_help_names_every_command_with_a_sentence() -> None:
    said = call("--help")
    assert said.code == 0
    for name in ("init", "list", "build", "show", "run", "check", "outline", "clean"):
        assert f"\n  {name} " in said.out
        assert call(name, "--help").code == 0


def test_several_graphs_to_choose_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("one", "two"):
        (tmp_path / name / "logseq").mkdir(parents=True)
        (tmp_path / name / "logseq" / "config.edn").touch()
    monkeypatch.chdir(tmp_path)
    said = call("init")
    assert (said.code, "one, two" in said.err) == (2, True)


def test_an_output_folder_that_is_not_there_yet(notes: MakeNotes, tmp_path: Path) -> None:
    graph = notes({"x": "- ## 1.1. A\n\t- ```python\n\t  print(7)\n\t  ```"})
    (graph.root / "tangle.toml").unlink()
    for verb in (["run", "1.1"], ["build"], ["clean"]):
        out = tmp_path / "new" / verb[0]
        assert call("--graph", str(graph.root), "--output", str(out), *verb).code == 0
    assert not (graph.root / ".tangle").exists()
