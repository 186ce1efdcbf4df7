"""What is remembered between commands changes no answer, and damage to it does no harm."""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import tangle.pipeline.memory as memory_module
from tangle.emit import files
from tangle.model import Problem
from tangle.pipeline import Project, check, find_project, sections
from tangle.pipeline.checking import stale_outputs
from tangle.pipeline.findings import Findings, FoundProblem, UnitFindings
from tangle.pipeline.load import load
from tangle.pipeline.memory import MEMORY, Memory
from tangle.pipeline.renewal import renewed
from tangle.pipeline.survey import Survey, survey
from tests.graphs import MakeNotes, Notes

FIRST = """\
- ## 1.1. One
	- ```python
	  import math
	  def area(r):  #@save
	      return math.pi * r ** 2
	  ```
	- ```python
	  x = 2
	  ```
"""
SECOND = """\
- ## 1.2. Two
	- ```python
	  from d2l import torch as d2l
	  print(d2l.area(x), yy)
	  ```
"""
OTHER = "- prose about ((00000000-0000-4000-8000-000000000000))\n"
PAGES = {"a": FIRST, "b": SECOND, "c": OTHER}


def project(notes: Notes) -> Project:
    return find_project(start=notes.root, graph=notes.root)


def kept(notes: Notes) -> list[Path]:
    return sorted((notes.root / MEMORY).rglob("*.json"))


def told(found: Survey) -> object:
    return found.problems, dict(found.files), tuple(stale_outputs(found))


def remembering(notes: Notes) -> Findings:
    """What is remembered after a survey that was allowed to."""
    memory = Memory(project(notes), create=True)
    survey(project(notes), memory)
    found = memory.recall()
    assert found is not None
    return found


@pytest.fixture
def graph(notes: MakeNotes) -> Notes:
    return notes(PAGES)


def test_a_survey_tells_what_a_full_reading_does(graph: Notes) -> None:
    loaded, found = load(project(graph)), survey(project(graph))
    folders = {path: project(graph).folder_from_output(path) for path in loaded.pages}
    assert found.problems == loaded.problems
    assert dict(found.files) == dict(files(loaded.plan, folders=folders, seed=0))


EDITS = {
    "code that others borrow": ("a", FIRST.replace("x = 2", "x = 3")),
    "code that is saved": ("a", FIRST.replace("r ** 2", "r * r")),
    "a name that others wait for": ("a", FIRST.replace("x = 2", "x = 2\n\t  yy = 3")),
    "a name that was borrowed": ("a", FIRST.replace("x = 2", "z = 2")),
    "a chunk that no longer parses": ("a", FIRST.replace("x = 2", "x = = 2")),
    "a line above": ("a", FIRST.replace("One\n", "One\n\t- prose\n")),
    "a property": (
        "a",
        FIRST.replace("- ```python\n\t  x", "- tangle.run:: no\n\t  ```python\n\t  x"),
    ),
    "prose": ("c", OTHER + "- more\n"),
    "a reference": ("c", ""),
}


@pytest.mark.parametrize(("name", "text"), EDITS.values(), ids=EDITS)
def test_common_edits_are_renewed_and_tell_the_same(graph: Notes, name: str, text: str) -> None:
    known = remembering(graph)
    graph.write(name, text)
    here = project(graph)
    right = survey(here)
    data = {path: (here.graph / path).read_bytes() for path in known.pages}
    digests = {path: page.digest for path, page in right.findings.pages.items()}
    changed = {path: new for path, new in digests.items() if new != known.pages[path].digest}
    assert list(changed) == [f"pages/{name}.md"]
    assert renewed(here, known, data, changed) is not None
    assert told(survey(here, Memory(here))) == told(right)
    assert told(survey(here, Memory(here))) == told(right)


def test_what_does_not_follow_from_memory_is_looked_at_anew(graph: Notes) -> None:
    remembering(graph)
    for name, text in (
        ("d", "- new page\n"),
        ("a", FIRST.replace("1.1", "1.3")),
        ("c", "title:: Else\n\n- x\n"),
        ("b", SECOND.replace("print", "def area2(): ...  #@save\n\t  print")),
    ):
        graph.write(name, text)
        assert told(survey(project(graph), Memory(project(graph)))) == told(survey(project(graph)))
    graph.page("b").unlink()
    assert told(survey(project(graph), Memory(project(graph)))) == told(survey(project(graph)))


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[: len(data) // 2],
        lambda data: data.replace(b"math.pi", b"math.po"),
        lambda data: data[:0],
        lambda data: b"\xff" * len(data),
        lambda data: data.replace(b"\n", b"\n ", 1),
    ],
    ids=["cut", "altered", "empty", "noise", "shifted"],
)
def test_a_damaged_memory_counts_as_none(graph: Notes, damage: object) -> None:
    assert callable(damage)
    remembering(graph)
    (path,) = kept(graph)
    path.write_bytes(damage(path.read_bytes()))
    assert Memory(project(graph)).recall() is None
    assert told(survey(project(graph), Memory(project(graph)))) == told(survey(project(graph)))


@pytest.mark.parametrize("findings", [None, [], {}, [1] * 20, ["x", [], 3]])
def test_a_memory_of_another_shape_counts_as_none(graph: Notes, findings: object) -> None:
    memory = Memory(project(graph), create=True)
    survey(project(graph), memory)
    memory._cache.put(memory._key, {"stamp": memory_module._stamp(), "findings": findings})
    assert memory.recall() is None


def test_a_memory_of_another_tangle_counts_as_none(graph: Notes) -> None:
    memory = Memory(project(graph), create=True)
    survey(project(graph), memory)
    document = memory._cache.get(memory._key)
    assert document is not None
    assert memory.recall() is not None
    memory._cache.put(memory._key, {**document, "stamp": ["0.0", sys.version, "other code"]})
    assert memory.recall() is None


def test_each_output_and_option_has_a_memory_of_its_own(graph: Notes) -> None:
    remembering(graph)
    (graph.root / "tangle.toml").write_text("seed = 7\n")
    other = find_project(start=graph.root)
    assert Memory(other).recall() is None
    assert "7" in "".join(survey(other, Memory(other, create=True)).files.values())
    assert Memory(other).recall() is not None


def test_a_configuration_of_the_graph_that_changes_is_read(graph: Notes) -> None:
    remembering(graph)
    (graph.root / "logseq/config.edn").write_text('{:hidden ["/pages/a.md"]}')
    found = survey(project(graph), Memory(project(graph)))
    assert "pages/a.md" not in found.findings.pages
    assert told(found) == told(survey(project(graph)))


def test_pages_that_cannot_be_read_are_told_and_nothing_is_kept(graph: Notes) -> None:
    remembering(graph)
    (before,) = (path.read_bytes() for path in kept(graph))
    graph.page("b").write_bytes(b"- \xff\n")
    found = survey(project(graph), Memory(project(graph)))
    assert [problem.code for problem in found.unread] == ["not-utf8"]
    assert [path.read_bytes() for path in kept(graph)] == [before]


def test_check_and_list_keep_something_only_where_tangle_keeps_things_already(
    graph: Notes,
) -> None:
    assert graph.tangle("check").code == 1
    assert graph.tangle("list").code == 0
    assert graph.tangle("build", "--check").code == 1
    assert not (graph.root / ".tangle").exists()
    graph.tangle("build")
    (path,) = kept(graph)
    path.unlink()
    graph.tangle("check")
    assert kept(graph) == [path]
    graph.tangle("clean")
    assert kept(graph) == []


def test_a_folder_that_cannot_be_written_works_as_an_empty_memory(graph: Notes) -> None:
    (graph.root / ".tangle").mkdir()
    (graph.root / MEMORY).write_text("a file where the folder should be")
    assert told(survey(project(graph), Memory(project(graph)))) == told(survey(project(graph)))
    assert Memory(project(graph)).recall() is None
    assert (graph.root / MEMORY).read_text() == "a file where the folder should be"


def test_several_at_once_leave_a_memory_that_is_whole(graph: Notes) -> None:
    here = project(graph)
    texts = [FIRST.replace("x = 2", f"x = {n}") for n in range(12)]

    def work(text: str) -> None:
        graph.write("a", text)
        survey(here, Memory(here, create=True))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, texts))
    assert Memory(here).recall() is not None
    assert told(survey(here, Memory(here))) == told(survey(here))


def test_rows_and_problems_come_out_of_memory_as_they_went_in(graph: Notes) -> None:
    remembering(graph)
    rows, problems = sections(project(graph)), check(project(graph))
    assert (sections(project(graph)), check(project(graph))) == (rows, problems)
    assert [row.saves for row in rows] == [("area",), ()]


def test_every_field_of_a_problem_is_kept() -> None:
    fields = {*Problem.__dataclass_fields__} - {"place"} | {"path", "line", "column"}
    assert {*FoundProblem._fields} == fields


def test_what_is_kept_holds_no_other_values_than_json_does(graph: Notes) -> None:
    found = survey(project(graph)).findings
    again = json.loads(json.dumps(found))
    assert UnitFindings._make(again[UNITS][0]).name == "1.1"


UNITS = Findings._fields.index("units")
