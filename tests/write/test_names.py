from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tangle.model import PagePath, SectionName
from tangle.write import asset_name, asset_target, figure_label, is_named_after


@pytest.mark.parametrize(
    ("section", "name"),
    [
        ("3.6.7", "3.6.7-1-ba7816bf.svg"),
        ("4", "4-1-ba7816bf.svg"),
        ("深度学习", "深度学习-1-ba7816bf.svg"),
        ("con", "con-1-ba7816bf.svg"),
        ("attention", "attention-1-ba7816bf.svg"),
    ],
)
def test_plain_names(section: str, name: str) -> None:
    assert asset_name(section, 1, b"abc", "svg") == name


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
    name = asset_name(section, 2, b"abc", "png")
    assert name.startswith(start)
    assert re.search(r"(^|-)[0-9a-f]{8}-2-ba7816bf\.png$", name)


sections = st.text() | st.text(alphabet="aAbB. -/#é\u0301")


@given(sections, st.integers(1, 9999))
def test_every_name_is_safe(section: str, number: int) -> None:
    name = asset_name(section, number, b"abc", "svg")
    assert len(name.encode()) <= 210
    assert not set(name) & set('/\\:*?"<>|#%()[] \0\n')
    assert not name.startswith((".", "-"))
    assert name.endswith(f"-{number}-ba7816bf.svg")
    assert is_named_after(name, b"abc")
    assert is_named_after(name, b"abd") is False


@given(sections, sections, st.integers(1, 20), st.integers(1, 20))
def test_no_two_figures_share_a_name(one: str, other: str, first: int, second: int) -> None:
    import unicodedata

    def same_title(left: str, right: str) -> bool:
        return unicodedata.normalize("NFC", left) == unicodedata.normalize("NFC", right)

    names = [asset_name(one, first, b"", "svg"), asset_name(other, second, b"", "svg")]
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


def test_another_content_has_another_name() -> None:
    names = {asset_name("3.6", 1, data, "html") for data in (b"a", b"b", b"a")}
    assert len(names) == 2


@pytest.mark.parametrize("name", ["3.6-1.svg", "mine.svg", "3.6-1-9C0F3A51.svg", "9c0f3a51.svg"])
def test_other_names_say_nothing_of_the_content(name: str) -> None:
    assert is_named_after(name, b"abc") is None


def test_line_ends_that_git_changed_are_no_other_content() -> None:
    assert is_named_after(asset_name("3.6", 1, b"a\nb\n", "svg"), b"a\r\nb\r\n")


def test_label() -> None:
    assert figure_label(SectionName("3.6.7"), 1) == "3.6.7 figure 1"
