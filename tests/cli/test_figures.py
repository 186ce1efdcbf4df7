"""Figures are files of tangle's own beside the pages: none takes another's place, none is lost."""

from __future__ import annotations

import json
import shutil

import pytest

from tests.graphs import MakeNotes, Notes

pytestmark = pytest.mark.book

FIGURE = """\
- ## 1.1. F
	- ```python
	  from matplotlib import pyplot as plt
	  plt.plot([1, 2]);
	  ```"""


def problems(graph: Notes) -> list[dict[str, object]]:
    found = json.loads(graph.tangle("check", "--all", "--format", "json").out)["problems"]
    assert isinstance(found, list)
    return found


def test_a_figure_does_not_take_the_place_of_someones_file(notes: MakeNotes) -> None:
    graph = notes({"x": FIGURE})
    graph.tangle("run", "1.1")
    theirs = graph.figure("1.1-1")
    graph.tangle("clean")
    graph.write("x", FIGURE)
    shutil.rmtree(graph.root / ".tangle")
    theirs.write_text("mine")
    said = graph.tangle("run", "1.1")
    assert said.code == 3
    assert f"{theirs.name}:1:1: error: a file stands here that tangle did not write" in said.out
    assert (theirs.read_text(), graph.text("x")) == ("mine", FIGURE)
    graph.tangle("clean")
    assert theirs.read_text() == "mine"
    theirs.unlink()
    assert graph.tangle("run", "1.1").code == 0
    assert theirs.read_text().startswith("<?xml")


def test_a_figure_that_is_gone_is_noticed_and_made_again(notes: MakeNotes) -> None:
    graph = notes({"x": FIGURE})
    graph.tangle("run", "1.1")
    figure = graph.figure("1.1-1")
    figure.unlink()
    (problem,) = problems(graph)
    assert (problem["code"], problem["section"]) == ("stale-output", "1.1")
    assert figure.name in str(problem["message"])
    graph.tangle("run", "1.1")
    assert figure.exists()
    assert problems(graph) == []


def test_a_figures_titles_are_the_alternative_text_of_its_link(notes: MakeNotes) -> None:
    code = "plt.plot([1, 2], label='a'); plt.title('损失 #loss [[x]] `y` ((z)) ![a](b)')"
    graph = notes({"x": FIGURE.replace("plt.plot([1, 2]);", f"{code}; plt.xlabel('轮次');")})
    report = graph.root.parent / "report.html"
    assert graph.tangle("run", "1.1", "--html", str(report)).code == 0
    said = "损失 loss x y z a b , 轮次"
    assert f"![1.1 figure 1, {said}](../assets/tangle/1.1-1" in graph.text("x")
    assert 'alt="figure 1, 损失 #loss' in report.read_text(encoding="utf-8")
    graph.tangle("run", "1.1", "--fresh")
    assert graph.text("x").count("figure 1") == 1
