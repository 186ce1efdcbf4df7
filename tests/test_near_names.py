"""Which known names are near to one that is not known."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tangle.near_names import device_meant, did_you_mean, nearest

KNOWN = ("Sales plots", "Sales analysis", "Report", "线性回归模型", "Café", "run", "check")


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("Reprot", ["Report"]),
        ("REPORT", ["Report"]),
        ("Ｒｅｐｏｒｔ", ["Report"]),
        ("sales  plot", ["Sales plots"]),
        ("Slaes", ["Sales plots", "Sales analysis"]),
        ("plots", ["Sales plots"]),
        ("analysis sales", ["Sales analysis"]),
        ("线性回规模型", ["线性回归模型"]),
        ("回归", ["线性回归模型"]),
        ("rnu", ["run"]),
        ("x", []),
        ("", []),
        ("something else", []),
    ],
)
def test_near_names(wanted: str, found: list[str]) -> None:
    assert sorted(nearest(wanted, KNOWN)) == sorted(found)


def test_the_likeliest_name_comes_first() -> None:
    assert nearest("chekc", ["checks of it", "chess", "check"])[0] == "check"


def test_of_names_that_differ_in_case_the_first_stands_for_all() -> None:
    assert nearest("repotr", ["Report", "report"]) == ["Report"]


@given(st.text(alphabet="abc 回归", min_size=2, max_size=12))
def test_a_name_with_two_neighbours_exchanged_is_near(name: str) -> None:
    key = " ".join(name.split())
    if len(key) > 2:
        assert nearest(key[1] + key[0] + key[2:], [key]) == [key]


def test_the_question() -> None:
    assert did_you_mean("plot", KNOWN) == "did you mean 'Sales plots'?"
    assert did_you_mean("sale", KNOWN) == "did you mean 'Sales plots' or 'Sales analysis'?"
    assert did_you_mean("chek", KNOWN, quoted=False) == "did you mean check?"
    assert did_you_mean("nothing like it", KNOWN) == ""


@pytest.mark.parametrize(
    ("wanted", "meant"), [("gpu", "cuda"), ("Metal", "mps"), ("cdua", "cuda"), ("tpu", None)]
)
def test_devices(wanted: str, meant: str | None) -> None:
    assert device_meant(wanted) == ("" if meant is None else f"did you mean {meant}?")
