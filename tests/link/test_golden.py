"""How pages are linked, one golden case a rule."""

from __future__ import annotations

from pathlib import Path

import pytest

from .graphs import Case, cases, describe, graph

_ALL = [
    case for path in sorted((Path(__file__).parent / "cases").glob("*.md")) for case in cases(path)
]


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in _ALL])
def test_case(case: Case) -> None:
    assert describe(graph(case.text)) == case.expected


def test_there_are_cases() -> None:
    assert len(_ALL) > 30
