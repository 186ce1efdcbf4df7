"""What a failure says: lines as they stand once outputs are written, and the hint of `check`."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.graphs import MakeNotes, Notes

pytestmark = pytest.mark.book


def _chunk(code: str) -> str:
    lines = "".join(f"\t  {line}\n" for line in code.split("\n"))
    return f"\t- ```python\n{lines}\t  ```\n"


def _page(*codes: str) -> str:
    return "- ## 1.1 One\n" + "".join(map(_chunk, codes))


def _run(graph: Notes, *arguments: str) -> dict[str, Any]:
    said = graph.tangle("run", "1.1", "--fresh", "--format", "json", *arguments)
    (section,) = json.loads(said.out)["sections"]
    return dict(section)


def _line(graph: Notes, text: str) -> int:
    """The line of the page's code that ends with a text; the output of a failure shows it, too."""
    lines = graph.text("x").split("\n")
    return next(number for number, line in enumerate(lines, start=1) if line.endswith(text))


MOVED = _page(
    "for n in range(20):\n    print(n)",
    "def calls():\n    return divides()\n\ndef divides():\n    return 1 / 0",
    "print('between')",
    "calls()",
    "print('after')",
)


def test_lines_are_those_of_the_page_as_it_was_written(notes: MakeNotes) -> None:
    graph = notes({"x": MOVED})
    section = _run(graph)
    error = section["chunks"][3]["error"]
    assert error["line"] == _line(graph, "return 1 / 0")
    said = [int(line) for line in re.findall(r'File "pages/x.md", line (\d+)', error["traceback"])]
    assert said == [_line(graph, "  calls()"), _line(graph, "return divides()"), error["line"]]
    opened = [n for n, line in enumerate(graph.text("x").split("\n"), 1) if "```python" in line]
    assert [chunk["line"] for chunk in section["chunks"]] == opened


def test_lines_are_right_again_when_outputs_shrink(notes: MakeNotes) -> None:
    graph = notes({"x": MOVED})
    _run(graph)
    graph.write("x", graph.text("x").replace("range(20)", "range(2)"))
    error = _run(graph)["chunks"][3]["error"]
    assert error["line"] == _line(graph, "return 1 / 0")


def test_every_report_has_the_same_lines(notes: MakeNotes, tmp_path: Path) -> None:
    graph = notes({"x": MOVED})
    report = tmp_path / "report.xml"
    said = graph.tangle("run", "1.1", "--fresh", "--format", "github", "--junit-xml", str(report))
    line = _line(graph, "return 1 / 0")
    assert f'File "pages/x.md", line {line}' in said.out
    (annotation,) = (text for text in said.out.split("\n") if text.startswith("::error"))
    assert f"line={line}," in annotation
    (failure,) = ElementTree.parse(report).iter("failure")
    assert f'File "pages/x.md", line {line}' in str(failure.text)


def test_a_syntax_error_is_at_its_line_too(notes: MakeNotes) -> None:
    graph = notes({"x": _page("print(1)", "ok = 1\nif ok print(1)")})
    error = _run(graph)["chunks"][1]["error"]
    assert error["line"] == _line(graph, "if ok print(1)")


@pytest.mark.parametrize(
    ("codes", "hint"),
    [
        (["print(1)", "from sklern.base import x"], "did you mean sklearn?"),
        (["print(1)", "missing_name"], ""),
        (["print(1)", "if True print(2)"], "line in the note"),
    ],
)
def test_run_gives_the_hint_that_check_gives(codes: list[str], hint: str, notes: MakeNotes) -> None:
    graph = notes({"x": _page(*codes)})
    problems = json.loads(graph.tangle("check", "--all", "--format", "json").out)["problems"]
    hints = [problem["hint"] for problem in problems if problem["hint"]]
    error = _run(graph)["chunks"][1]["error"]
    assert error["hint"] in (hints or [None])
    assert hint in (error["hint"] or "")
    said = graph.tangle("run", "1.1", "--fresh").out
    assert (f"hint: {error['hint']}" in said) == bool(error["hint"])


def test_the_hint_is_of_the_error_and_not_of_a_warning_at_its_line(notes: MakeNotes) -> None:
    graph = notes({"x": _page("::stop-commands::x")})
    problems = json.loads(graph.tangle("check", "--all", "--format", "json").out)["problems"]
    assert [problem["severity"] for problem in problems] == ["warning", "error"]
    assert _run(graph)["chunks"][0]["error"]["hint"] == problems[1]["hint"]


def test_a_name_that_is_defined_later(notes: MakeNotes) -> None:
    graph = notes({"x": _page("for n in range(9):\n    print(n)", "print(later)", "later = 1")})
    hint = _run(graph)["chunks"][1]["error"]["hint"]
    assert f"pages/x.md:{_line(graph, 'later = 1')}" in hint


def test_no_hint_where_check_has_none(notes: MakeNotes) -> None:
    graph = notes({"x": _page("1 / 0")})
    assert _run(graph)["chunks"][0]["error"]["hint"] is None


def test_what_comes_late_is_shown_and_not_written(notes: MakeNotes) -> None:
    code = "import atexit\natexit.register(print, 'said', 'late')\nprint('in time')"
    graph = notes({"x": _page(code)})
    said = graph.tangle("run", "1.1", "--fresh")
    assert (said.code, "    said late" in said.out.split("\n")) == (0, True)
    assert "in time" in graph.text("x")
    assert "said late\n" not in graph.text("x")
    (late,) = _run(graph)["late"]
    assert late["text"] == "said late\n"


def test_a_session_that_does_not_end_is_noticed(notes: MakeNotes) -> None:
    code = (
        "import threading, time\nthreading.Thread(target=time.sleep, args=(99,)).start()\nprint(1)"
    )
    graph = notes({"x": _page(code)})
    said = graph.tangle("run", "1.1", "--fresh")
    assert said.code == 0
    assert "notice: the session did not end by itself" in said.out


@pytest.mark.parametrize("kind", ["link", "file"])
def test_figures_without_a_folder_are_refused_before_anything_runs(
    kind: str, notes: MakeNotes, tmp_path: Path
) -> None:
    graph = notes({"x": _page("open('ran.txt', 'w').close()")})
    (graph.root / "assets").mkdir()
    place = graph.root / "assets" / "tangle"
    place.symlink_to(tmp_path) if kind == "link" else place.write_text("")
    said = graph.tangle("run", "1.1")
    assert said.code == 3
    assert not (graph.root / "pages" / "ran.txt").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
@pytest.mark.parametrize("folder", ["assets/tangle", "assets", ".tangle"])
def test_other_folders_are_looked_at_too(folder: str, notes: MakeNotes) -> None:
    graph = notes({"x": _page("open('ran.txt', 'w').close()")})
    place = graph.root / folder
    place.mkdir(parents=True, exist_ok=True)
    place.chmod(0o555)
    try:
        said = graph.tangle("run", "1.1")
    finally:
        place.chmod(0o755)
    assert said.code == 3
    assert not (graph.root / "pages" / "ran.txt").exists()


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
    said = graph.tangle("run", "1.2", "--format", "json", "--junit-xml", str(report))
    (section,) = json.loads(said.out)["sections"]
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
    found = json.loads(graph.tangle("run", "1.1", "--format", "json").out)["sections"]
    assert [section["outcome"] for section in found] == ["failed", "skipped"]
    assert graph.tangle("run", "1.1").code == 1


def test_an_interrupt_that_the_code_raises_is_a_failure(notes: MakeNotes) -> None:
    page = "- ## 1.1. K\n\t- ```python\n\t  raise KeyboardInterrupt\n\t  ```"
    said = notes({"x": page}).tangle("run", "1.1")
    assert (said.code, "1.1 K: failed" in said.out) == (1, True)
