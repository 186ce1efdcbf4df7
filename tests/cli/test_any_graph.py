"""Graphs of the kinds that people keep are read as their writers mean them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks import any_pages
from benchmarks.any_pages import Score
from tests.graphs import call

_PAGES = 150


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Score:
    root: Path = tmp_path_factory.mktemp("any") / "graph"
    pages = any_pages.graph(_PAGES, seed=1)
    any_pages.write(root, pages)

    def answer(*arguments: str) -> Any:
        return json.loads(call("--graph", str(root), *arguments, "--format", "json").out)

    return any_pages.score(
        pages, answer("check", "--all"), answer("list"), answer("run", "--all", "--no-write")
    )


def test_nearly_all_problems_are_true(found: Score) -> None:
    assert found.true_share >= 0.95, found.false


def test_no_kind_of_true_problem_is_missed(found: Score) -> None:
    assert not found.missed


def test_what_could_pass_does(found: Score) -> None:
    assert not found.stuck


def test_what_is_wrong_or_no_program_does_not_pass(found: Score) -> None:
    assert not found.wrong


def test_no_unit_is_cut_or_merged(found: Score) -> None:
    assert not found.units
