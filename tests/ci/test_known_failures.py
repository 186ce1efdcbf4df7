"""A chunk that is known to fail, and fails: it passed, for every command and report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.ci.test_reports import check_junit, valid
from tests.graphs import MakeNotes, Notes

pytestmark = pytest.mark.book

PAGE = """\
- ## 1.1. Known
	- ```python
	  print('before')
	  ```
	- tangle.xfail:: the day is too short
	  ```python
	  print('tried')
	  1 / 0
	  ```
	- ```python
	  print('after')
	  ```
- ## 1.2. Other
	- ```python
	  print('other')
	  ```"""


@pytest.fixture
def graph(notes: MakeNotes) -> Notes:
    made = notes({"x": PAGE})
    said = made.tangle("run", "--all")
    assert said.code == 0, said
    assert "\t\t  ZeroDivisionError: division by zero\n" in made.text("x")
    return made


def sections(graph: Notes, *arguments: str) -> dict[str, dict[str, Any]]:
    said = graph.tangle("run", "--all", "--format", "json", *arguments)
    assert said.code == 0, said
    document = json.loads(said.out)
    valid("run", document)
    return {section["number"]: section for section in document["sections"]}


def test_its_session_is_not_answered_from_the_cache(graph: Notes) -> None:
    before = graph.text("x")
    for _ in range(2):
        found = sections(graph)
        assert {number: s["cached"] for number, s in found.items()} == {"1.1": False, "1.2": True}
        assert graph.text("x") == before
    graph.write("x", before.replace("\t  1 / 0\n", "\t  1 / 1\n"))
    assert sections(graph)["1.1"]["cached"] is False
    assert sections(graph)["1.1"]["cached"] is True


def test_the_document_says_that_it_passed_and_what_was_raised(graph: Notes) -> None:
    section = sections(graph)["1.1"]
    assert section["outcome"] == "passed"
    assert [chunk["outcome"] for chunk in section["chunks"]] == ["passed"] * 3
    assert [chunk["error"] and chunk["error"]["name"] for chunk in section["chunks"]] == [
        None,
        "ZeroDivisionError",
        None,
    ]


def test_no_report_shows_it_as_failed(graph: Notes, tmp_path: Path) -> None:
    reports = [f"--{kind}={tmp_path / kind}" for kind in ("junit-xml", "html", "summary")]
    said = graph.tangle("run", "--all", "--format", "github", *reports)
    assert said.code == 0
    assert "::error" not in said.out
    root = ElementTree.parse(tmp_path / "junit-xml").getroot()
    check_junit(root)
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("4", "0", "0")
    assert root.findall(".//failure") + root.findall(".//error") == []
    case = root.findall(".//testcase")[1]
    assert "ZeroDivisionError: division by zero" in (case.findtext("system-out") or "")
    summary = (tmp_path / "summary").read_text()
    assert "2 of 2 sections passed" in summary
    assert "ZeroDivisionError" not in summary
    page = (tmp_path / "html").read_text()
    assert 'class="error"' not in page
    assert "ZeroDivisionError: division by zero" in page
    plain = graph.tangle("run", "1.1").out
    assert "1.1 Known: passed" in plain
    assert "Traceback" not in plain


def test_verify_holds_it_to_what_it_says(graph: Notes) -> None:
    assert graph.tangle("run", "--all", "--verify").code == 0
    text = graph.text("x")
    graph.write("x", text.replace("  ZeroDivisionError: division by", "  ZeroDivisionError: by"))
    said = graph.tangle("run", "1.1", "--verify", "--format", "json")
    (found,) = json.loads(said.out)["differences"]
    assert (said.code, found["kind"]) == (1, "differs")
    assert "+ZeroDivisionError: division by zero" in found["diff"]


def test_a_known_failure_that_ends_the_process_is_a_failure(notes: MakeNotes) -> None:
    graph = notes({"x": PAGE.replace("1 / 0", "import os; os._exit(3)")})
    said = graph.tangle("run", "1.1", "--format", "json")
    (section,) = json.loads(said.out)["sections"]
    assert (said.code, section["outcome"]) == (1, "died")
