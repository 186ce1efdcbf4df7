"""The rules of the outline grammar, one golden case each."""

from __future__ import annotations

import pytest

from .reading import CASES, Case, cases, describe

_ALL = [case for path in sorted(CASES.glob("*.md")) for case in cases(path)]


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in _ALL])
def test_case(case: Case) -> None:
    """A page reads as its case says."""
    assert describe(case.data) == case.expected


def test_there_are_cases() -> None:
    """The files hold cases at all."""
    assert len(_ALL) > 50
