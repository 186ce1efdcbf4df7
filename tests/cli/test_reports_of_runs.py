"""The end of a run's report: counts, failures with their places, and why sections were skipped."""

from __future__ import annotations

import json
import os
import re

import pytest

from tests.graphs import MakeNotes

FINE = "- ```python\n  print(1)\n  ```\n"
BAD = "- words\n- ```python\n  x = 1\n  x / 0\n  ```\n"
BUSY = "- ```python\n  import os\n  os._exit(3)\n  ```\n"
SLOW = "- ```python\n  import time\n  time.sleep(60)\n  ```\n  tangle.timeout:: 0.2\n"


def needing(page: str) -> str:
    return f"tangle.needs:: [[{page}]]\n\n{FINE}"


def without_seconds(text: str) -> str:
    return re.sub(r"\d+\.\d s", "S s", text)


def test_the_last_lines_are_the_failures_and_the_counts(notes: MakeNotes) -> None:
    graph = notes({"A": FINE, "B": BAD, "C": needing("B"), "D": BUSY})
    graph.tangle("run", "A")
    said = graph.tangle("run", "--all")
    assert said.code == 1
    b, d = (os.path.relpath(graph.page(name)) for name in "BD")
    lines = without_seconds(said.err).splitlines()
    assert lines[-3] == f"{b}:4:3: failed: ZeroDivisionError: division by zero (section B)"
    assert lines[-2].startswith(f"{d}:2:3: died: WorkerDied: ")
    assert lines[-1] == ("4 sections: 1 passed, 1 failed, 1 died, 1 skipped, 1 from the cache, S s")


def test_a_line_for_a_failure_is_of_the_note_as_it_is_at_the_end(notes: MakeNotes) -> None:
    graph = notes({"A": FINE, "B": f"{FINE}{BAD}"})
    said = graph.tangle("run", "A", "B")
    place = re.search(r"(?m)^\S+B\.md:(\d+):3: failed: .*\n2 sections", said.err)
    assert place is not None
    assert graph.text("B").split("\n")[int(place[1]) - 1].strip() == "x / 0"
    assert "B.md:7:3: failed: " in said.err  # when it failed, before an output came above it
    assert int(place[1]) > 7


def test_more_than_twenty_failures_are_counted(notes: MakeNotes) -> None:
    chunk = "- ```python\n  1 / 0\n  ```\n"
    graph = notes({"A": chunk * 23, "B": FINE})
    lines = graph.tangle("run", "A", "B", "--no-write").err.splitlines()
    assert lines[-2] == "[… 3 more failures]"
    end = lines.index(lines[-2])
    assert len([line for line in lines[end - 20 : end] if "ZeroDivisionError" in line]) == 20


def test_one_section_has_no_counts_and_json_has_none(notes: MakeNotes) -> None:
    graph = notes({"A": FINE, "B": FINE})
    assert without_seconds(graph.tangle("run", "A").err) == "A: running\nA: passed, S s\n"
    said = graph.tangle("run", "--all", "--format", "json")
    assert "sections:" not in said.err
    assert len(json.loads(said.out)["sections"]) == 2


@pytest.mark.parametrize(
    ("page", "why"),
    [
        (BAD, "failed"),
        (BUSY, "ended its process"),
        (
            "- ```python\n  import time\n  time.sleep(60)\n  ```\n  tangle.timeout:: 0.2\n",
            "took too long",
        ),
    ],
)
def test_a_skipped_section_says_which_it_needs(notes: MakeNotes, page: str, why: str) -> None:
    graph = notes({"Sales": page, "Plots": needing("Sales"), "Report": needing("Plots")})
    said = graph.tangle("run", "Report")
    assert f"Plots: skipped: needs Sales, which {why}\n" in said.out
    assert f"Report: skipped: needs Plots, which needs Sales, which {why}\n" in said.out
    assert "chunks ran" not in said.out
    sections = json.loads(graph.tangle("run", "Report", "--format", "json").out)["sections"]
    reasons = {entry["number"]: entry["chunks"][0]["reason"] for entry in sections}
    assert reasons["Plots"] == f"skipped: needs Sales, which {why}"


def test_the_outputs_of_the_others_are_said_to_be_those_in_the_notes(notes: MakeNotes) -> None:
    graph = notes({"A": FINE, "B": BAD, "C": BAD, "D": needing("B")})
    end = "2 sections failed, 1 skipped; the outputs of the others are those in the notes"
    first = graph.tangle("run", "--all").out.splitlines()
    assert first[-1].startswith("outputs written to ")
    assert graph.tangle("run", "--all").out.splitlines()[-1] == end
    verified = graph.tangle("run", "--all", "--verify")
    assert verified.out.splitlines()[-1] == end
    assert "the outputs match" not in verified.out
    assert graph.tangle("run", "A", "--verify").out.splitlines()[-1] == (
        "the outputs match those in the notes"
    )
    assert graph.tangle("run", "B", "--verify").out.splitlines()[-1] == "1 section failed"


def test_outputs_that_differ_are_not_said_to_be_the_same(notes: MakeNotes) -> None:
    graph = notes({"A": FINE, "B": BAD})
    graph.tangle("run", "A")
    graph.write("A", graph.text("A").replace("\t  1\n", "\t  2\n").replace("print(1)", "print(2)"))
    out = graph.tangle("run", "--all", "--verify").out
    assert "are those in the notes" not in out
