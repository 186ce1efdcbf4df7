"""The user's own notes: each fault that reading them finds, and what each section then does."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.graphs import Notes

ROOT = Path(__file__).parents[2]
USER_NOTES = ROOT.parent / "shared" / "user-notes"
PAGE = "pages/动手学深度学习.md"
DATA = ROOT / "notes" / "data" / "FashionMNIST"

# Written down from reading the notes: line, section, what is wrong, and the name that is lacking.
BROKEN = {
    (47, "2.1.4", "syntax-error"),  # output pasted under the code
    (54, "2.1.4", "syntax-error"),
    (184, "2.3.6", "syntax-error"),  # **True**
    (500, "3.2.1", "syntax-error"),  # a tab inside indentation by spaces
    (529, "3.2.2", "mixed-indentation"),
    (548, "3.2.4", "syntax-error"),  # a stray star behind a docstring
}
FAULTS = {
    *((line, "2.2.1", "marks-in-text") for line in (90, 91, 92, 93)),  # '**\n**' is written to CSV
    (297, "2.5.3", "list-dash"),  # `- u.sum().backward()`
    (457, "3.1.3", "unsaved-name"),  # d2l.plot
    (461, "3.1.3", "unsaved-name"),  # d2l.plt
    (515, "3.2.1", "unsaved-name"),  # d2l.set_figsize
    (516, "3.2.1", "unsaved-name"),  # d2l.plt
    (584, "3.2.7", "undefined-name"),  # batch_size
    (616, "3.3.1", "misspelt-name"),  # ture_w
    (617, "3.3.1", "misspelt-name"),  # ture_b
    (771, "3.5.1", "unsaved-name"),  # d2l.plt
    (871, "3.6.3", "undefined-name"),  # W
    (956, "3.6.6", "undefined-name"),  # Animator
    (976, "3.6.6", "undefined-name"),  # cross_entropy
    (1078, "4.1.2", "unsaved-name"),  # d2l.plot
    (1297, "4.4.4", "unsaved-name"),  # d2l.Animator
    (1389, "4.5.2", "unsaved-name"),  # d2l.Animator
    (1560, "4.6.5", "unsaved-name"),  # d2l.plt
    (1629, "4.8.1", "unsaved-name"),  # d2l.plot
}
# Blocks that the notes refer to are in pages that they do not have.
UNRESOLVED = {
    *(26, 118, 132, 257, 258, 361, 363, 432, 433, 465),
    *(712, 875, 1062, 1126, 1221, 1223, 1617),
}
# Where each section that cannot run stops, and the name that check told. 2.3 and 2.5 stop at
# values, which no analysis of names can know; of 2.5's, `list-dash` warns.
STOPS = {
    "2.3": (146, "RuntimeError", "The size of tensor a (5) must match"),
    "2.5": (297, "TypeError", "bad operand type for unary -"),
    "3.1": (457, "AttributeError", "'plot'"),
    "3.2": (515, "AttributeError", "'set_figsize'"),
    "3.5": (771, "AttributeError", "'plt'"),
    "3.6": (976, "NameError", "'cross_entropy'"),
    **dict.fromkeys(("3.7", "4.2", "4.3", "4.6"), (956, "NameError", "'Animator'")),
    "4.1": (1078, "AttributeError", "'plot'"),
    "4.4": (1297, "AttributeError", "'Animator'"),
    "4.5": (1389, "AttributeError", "'Animator'"),
    "4.8": (1629, "AttributeError", "'plot'"),
}
RUN = {"2.1", "2.2", "2.6", "2.7", "3.3"}

pytestmark = pytest.mark.skipif(
    not USER_NOTES.exists(), reason="the user's notes are not beside the project"
)


@pytest.fixture
def graph(tmp_path: Path) -> Notes:
    root = tmp_path / "graph"
    shutil.copytree(USER_NOTES, root, copy_function=shutil.copyfile)
    for path in (root, *root.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return Notes(root=root)


def document(graph: Notes, *arguments: str) -> dict[str, Any]:
    found = json.loads(graph.tangle(*arguments, "--format", "json").out)
    assert isinstance(found, dict)
    return found


def faults(graph: Notes, *arguments: str) -> dict[tuple[int, str, str], str]:
    problems = document(graph, "check", *arguments)["problems"]
    assert {problem["path"] for problem in problems} == {PAGE}
    return {(p["line"], p["section"], p["code"]): p["message"] for p in problems}


def test_each_fault_is_reported_and_nothing_else(graph: Notes) -> None:
    found = set(faults(graph))
    unresolved = {entry for entry in found if entry[2] == "unresolved-reference"}
    assert {line for line, _, _ in unresolved} == UNRESOLVED
    assert found - unresolved == BROKEN | FAULTS


def test_what_runs_and_where_the_others_stop(graph: Notes) -> None:
    if not DATA.is_dir():
        pytest.skip("Fashion-MNIST is not here: make data")
    (graph.root / "data").symlink_to(DATA.parent)
    told = faults(graph, "--fix")
    assert {entry for entry in told if entry[2] != "unresolved-reference"} == FAULTS
    report = document(graph, "run", "--all", "--no-write", "--fresh")
    assert {s["number"] for s in report["sections"] if s["outcome"] == "passed"} == RUN
    stops = {s["number"]: stop(s) for s in report["sections"] if s["outcome"] != "passed"}
    assert stops.keys() == STOPS.keys()
    for number, (line, error, words) in STOPS.items():
        assert stops[number][:2] == (line, error), number
        assert words in stops[number][2]
        if error in ("NameError", "AttributeError"):
            name = words.strip("'")
            assert any(name in message.split() for message in map(plain, told.values())), name


def plain(message: str) -> str:
    return message.replace(",", " ")


def stop(section: dict[str, Any]) -> tuple[int, str, str]:
    first = next(c for c in section["chunks"] if c["outcome"] not in ("passed", "skipped"))
    error = first["error"]
    return error["line"] or first["line"], error["name"], error["message"]
