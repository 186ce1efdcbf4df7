"""What is kept of the last runs, and what it decides: order and GPUs, never a result."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tangle.engine.events import Event, SessionStarted
from tangle.store import HISTORY, Records
from tangle.verbs.job_builder import RunOptions
from tangle.verbs.project import find_project
from tangle.verbs.run import run
from tangle.verbs.run_history import History, thread_settings
from tests.graphs import MakeNotes, Notes

pytestmark = pytest.mark.book

PAGE = "- ## {0}. S\n\t- ```python\n\t  import time\n\t  time.sleep({1})\n\t  {2}\n\t  ```"


def page(*sections: tuple[str, float, str]) -> str:
    return "\n".join(PAGE.format(*section) for section in sections)


def order(graph: Notes, **options: object) -> list[str]:
    """The sections of a run in the order in which they start, one at a time."""
    events: list[Event] = []
    project = find_project(start=graph.root, graph=graph.root)
    chosen = RunOptions(jobs=1, fresh=True, **options)  # type: ignore[arg-type]
    run(project, None, chosen, observe=events.append)
    return [event.section for event in events if isinstance(event, SessionStarted)]


def kept(graph: Notes) -> Path:
    (path,) = (graph.root / HISTORY).iterdir()
    return path


def test_the_second_run_starts_with_what_took_longest(notes: MakeNotes) -> None:
    graph = notes({"a": page(("1.1", 0, "1"), ("1.2", 0.6, "2"), ("1.3", 0, "3"))})
    assert order(graph) == ["1.1", "1.2", "1.3"]
    assert order(graph)[0] == "1.2"


def test_a_new_section_goes_first_and_one_that_is_gone_is_forgotten(notes: MakeNotes) -> None:
    graph = notes({"a": page(("1.1", 0, "1"), ("1.2", 0.3, "2"))})
    order(graph)
    graph.write("a", page(("1.2", 0.3, "2"), ("1.3", 0, "3")))
    assert order(graph) == ["1.3", "1.2"]
    project = find_project(start=graph.root, graph=graph.root)
    assert set(History(project).recall()) == {"1.2", "1.3"}


def test_a_section_that_failed_keeps_the_time_it_takes(notes: MakeNotes) -> None:
    graph = notes({"a": page(("1.1", 0.3, "1"))})
    project = find_project(start=graph.root, graph=graph.root)
    order(graph)
    before = History(project).recall()
    graph.write("a", page(("1.1", 0, "1 / 0")))
    order(graph)
    assert History(project).recall() == before


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"rubbish",
        b"\xff" * 100,
        json.dumps({"sections": {"1.1": 5}}).encode(),
        json.dumps({"sections": []}).encode(),
    ],
)
def test_a_damaged_history_counts_as_none(notes: MakeNotes, damage: bytes) -> None:
    graph = notes({"a": page(("1.1", 0, "1"), ("1.2", 0.3, "2"))})
    order(graph)
    kept(graph).write_bytes(damage)
    assert order(graph) == ["1.1", "1.2"]
    assert order(graph) == ["1.2", "1.1"]


GOOD = {"seconds": 1, "device": "cpu", "code": "0"}


@pytest.mark.parametrize(
    "document",
    [
        {"1.1": GOOD, "1.2": {**GOOD, "seconds": -1}},
        {"1.1": GOOD, "1.2": {**GOOD, "device": None}},
        {"1.1": GOOD, "1.2": {"seconds": 1}},
        {"1.1": GOOD, "1.2": []},
        {"sections": {"1.1": GOOD}},  # as an older tangle kept it
        [GOOD],
    ],
)
def test_a_history_that_says_what_cannot_be_counts_as_none(
    notes: MakeNotes, document: object
) -> None:
    graph = notes({"a": page(("1.1", 0, "1"))})
    project = find_project(start=graph.root, graph=graph.root)
    records = Records(project.state / HISTORY, object)
    records.put("sections", {"1.1": GOOD})
    assert set(History(project).recall()) == {"1.1"}
    records.put("sections", document)
    assert History(project).recall() == {}
    order(graph)
    assert set(History(project).recall()) == {"1.1"}


def test_a_history_that_cannot_be_kept_is_no_failure(notes: MakeNotes) -> None:
    graph = notes({"a": page(("1.1", 0, "1"))})
    (graph.root / ".tangle").mkdir()
    (graph.root / HISTORY).write_text("in the way")
    assert graph.tangle("run", "--all").code == 0


def test_clean_forgets_it(notes: MakeNotes) -> None:
    graph = notes({"a": page(("1.1", 0, "1"))})
    order(graph)
    assert kept(graph).exists()
    graph.tangle("clean")
    assert list((graph.root / HISTORY).iterdir()) == []


def test_threads_share_the_cores_unless_the_user_says_otherwise() -> None:
    one, many = thread_settings(1, {}), thread_settings(10_000, {})
    assert int(one["OMP_NUM_THREADS"]) >= 1 == int(many["OMP_NUM_THREADS"])
    assert thread_settings(2, {"OMP_NUM_THREADS": "7"}) == {"OMP_WAIT_POLICY": "PASSIVE"}
