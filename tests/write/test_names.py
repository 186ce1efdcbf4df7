from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tangle.model import PagePath, SectionName
from tangle.write import asset_target, figure_label, figure_name


@pytest.mark.parametrize(
    ("section", "name"),
    [
        ("3.6.7", "3.6.7-1.svg"),
        ("4", "4-1.svg"),
        ("深度学习", "深度学习-1.svg"),
        ("con", "con-1.svg"),
        ("attention", "attention-1.svg"),
    ],
)
def test_plain_names(section: str, name: str) -> None:
    assert figure_name(section, 1, "svg") == name


@pytest.mark.parametrize(
    ("section", "start"),
    [
        ("Page#Heading", "Page-Heading-"),
        ("../../etc", "etc-"),
        ("...", ""),
        ("", ""),
        ("a b", "a-b-"),
        ("Softmax", "Softmax-"),
        ("x" * 100, "x" * 80 + "-"),
        ("深" * 100, "深" * 53 + "-"),
        ("3." * 60 + "1", "3-3-"),
        ("\ud800", ""),
    ],
)
def test_names_with_a_digest(section: str, start: str) -> None:
    name = figure_name(section, 2, "png")
    assert name.startswith(start)
    assert re.search(r"(^|-)[0-9a-f]{8}-2\.png$", name)


sections = st.text() | st.text(alphabet="aAbB. -/#é\u0301")


@given(sections, st.integers(1, 9999))
def test_every_name_is_safe(section: str, number: int) -> None:
    name = figure_name(section, number, "svg")
    assert len(name.encode()) <= 200
    assert not set(name) & set('/\\:*?"<>|#%()[] \0\n')
    assert not name.startswith((".", "-"))
    assert name.endswith(f"-{number}.svg")


@given(sections, sections, st.integers(1, 20), st.integers(1, 20))
def test_no_two_figures_share_a_name(one: str, other: str, first: int, second: int) -> None:
    import unicodedata

    def same_title(left: str, right: str) -> bool:
        return unicodedata.normalize("NFC", left) == unicodedata.normalize("NFC", right)

    names = [figure_name(one, first, "svg"), figure_name(other, second, "svg")]
    if not (same_title(one, other) and first == second):
        assert names[0].casefold() != names[1].casefold()


@pytest.mark.parametrize(
    ("page", "target"),
    [
        ("pages/x.md", "../assets/tangle/a.svg"),
        ("x.md", "assets/tangle/a.svg"),
        ("a/b/x.md", "../../assets/tangle/a.svg"),
    ],
)
def test_targets_are_relative_to_the_page(page: str, target: str) -> None:
    assert asset_target(PagePath(page), "a.svg") == target


def test_label() -> None:
    assert figure_label(SectionName("3.6.7"), 1) == "3.6.7 figure 1"
