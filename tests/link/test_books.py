"""Which pages are one book, and what their units are called."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tangle.link import PageNumbers, books
from tangle.model import PagePath
from tests.link.graphs import graph

SAVES = "x = 1  #@save"


def page(*headings: str, code: str = "1", top: str = "") -> str:
    """A page with a chunk below each heading."""
    blocks = (f"- {heading}\n\t- ```python\n\t  {code}\n\t  ```\n" for heading in headings)
    return (f"{top}\n\n" if top else "") + "".join(blocks)


def units(pages: dict[str, str], book: tuple[str, ...] | None = None) -> list[str]:
    """The names of the units with code, in reading order."""
    texts = {f"pages/{name}.md": text for name, text in pages.items()}
    return [unit.name for unit in graph(texts, book=book).units if unit.occurrences]


def codes(pages: dict[str, str], book: tuple[str, ...] | None = None) -> list[str]:
    texts = {f"pages/{name}.md": text for name, text in pages.items()}
    return [problem.code for problem in graph(texts, book=book).problems]


CHAPTER_2 = page("# 2 Basics", "## 2.1. Data", "## 2.2. Loops", code=SAVES)
CHAPTER_4 = page("# 4 Nets", "## 4.1. One", "### 4.1.1. Deep", code=SAVES)

NO_BOOK = {
    "steps of two pages": {"a": page("## 1. Do", "## 2. Look"), "b": page("## 1. Do")},
    "steps with a property": {"a": page("## 1. Do", "## 2. Look", top="tangle.timeout:: 5")},
    "parts without saved code": {"a": page("## 1.1 Do", "## 1.2 Look")},
    "bullets": {"a": page("1.1 Do", "1.2 Look", code=SAVES)},
    "a share in a bullet": {"a": page("0.75 - three quarters", code=SAVES)},
    "versions, times and dates": {"a": page("3.11.2 new", "12.30 lunch", "2024-10-29", code=SAVES)},
    "a title like many": {"7 habits": page("Sleep", code=SAVES)},
    "numbers that stand twice": {
        "a": page("## 1.1 Do", code=SAVES),
        "b": page("## 1.1 Do", code=SAVES),
    },
    "numbers that stand twice on one page": {"a": page("## 1.1 Do", "## 1.1 Do", code=SAVES)},
}


@pytest.mark.parametrize("pages", NO_BOOK.values(), ids=NO_BOOK)
def test_a_page_outside_of_a_book_is_one_unit(pages: dict[str, str]) -> None:
    assert units(pages) == sorted(pages)
    assert "duplicate-section" not in codes(pages)


def test_an_output_makes_no_book() -> None:
    written = "\t\t- tangle.output:: 000000000000.00000000\n\t\t  ```text\n\t\t  1\n\t\t  ```\n"
    assert units({"a": page("## 1.1 Do", "## 1.2 Look") + written}) == ["a"]


def test_pages_that_save_and_are_numbered_in_one_hierarchy_are_a_book() -> None:
    pages = {"z": CHAPTER_2, "a": CHAPTER_4, "other": page("## 1. Do", "## 2. Look")}
    assert units(pages) == ["2", "2.1", "2.2", "4", "4.1", "other"]


JOINING = {
    "the chapter between": page("# 3 Lines", "## 3.1. Points"),
    "the next one": page("# 5 Later", "## 5.1. Points"),
    "the one before": page("# 1 First", "## 1.1. Points"),
    "more of a chapter": page("## 4.2. Two"),
    "a chapter without sections": page("# 5 Outlook"),
}
STRANGE = {
    "a number that the book has": page("## 2.2 Other", "## 2.3 Other"),
    "a chapter that the book has": page("# 4 Other", "## 4.7 Other"),
    "a chapter far behind": page("# 7 Other", "## 7.1 Other"),
    "smaller headings": page("### 3.1 Other"),
    "steps": page("# 5 Do", "# 6 Look"),
    "bullets": page("3.1 Other"),
    "a number twice": page("## 3.1 Other", "## 3.1 Other"),
}


@pytest.mark.parametrize("joining", JOINING.values(), ids=JOINING)
def test_a_page_that_carries_the_numbers_on_joins_a_book(joining: str) -> None:
    assert "x" not in units({"a": CHAPTER_2, "b": CHAPTER_4, "x": joining})


@pytest.mark.parametrize("strange", STRANGE.values(), ids=STRANGE)
def test_a_page_that_does_not_stays_a_page(strange: str) -> None:
    pages = {"a": CHAPTER_2, "b": CHAPTER_4, "x": strange}
    assert units(pages) == ["2", "2.1", "2.2", "4", "4.1", "x"]
    assert codes(pages) == []


def test_pages_follow_one_another_and_two_with_one_number_both_stay_out() -> None:
    far = {"x": page("## 5.1. Five"), "y": page("## 6.1. Six")}
    assert units({"a": CHAPTER_4, **far}) == ["4", "4.1", "5.1", "6.1"]
    assert units({"a": CHAPTER_4, **far, "z": page("## 5.1. Again")}) == ["4", "4.1", "x", "y", "z"]


def test_the_configuration_names_a_book_and_switches_it_off() -> None:
    pages = {"a1": page("3.6 Plain", "## 3.7. Heading"), "a2": page("## 3.8. More"), "b": CHAPTER_2}
    assert units(pages, ("pages/a?.md",)) == ["3.6", "3.7", "3.8", "b"]
    assert units(pages, ("**",)) == ["2", "2.1", "2.2", "3.6", "3.7", "3.8"]
    assert units(pages, ()) == ["a1", "a2", "b"]
    assert codes({"a": page("## 3.7 a"), "b": page("## 3.7 b")}, ("**/*.md",)) == [
        "duplicate-section"
    ]


def test_a_page_names_its_book_and_several_are_distinguished() -> None:
    one = {"a": page("## 3.6. A", "### 3.6.1. Part", top="tangle.book:: one")}
    assert units({**one, "b": CHAPTER_2}) == ["3.6", "b"]  # a name leaves nothing to find
    two = {
        **one,
        "b": page("## 3.6. B", top="tangle.book:: two"),
        "c": page("words", top="title:: 3.6"),
    }
    assert units(two) == ["one#3.6", "two#3.6", "3.6"]
    assert codes(two) == []
    assert units({**one, "c": page("words", top="title:: 3.6")}) == ["3.6", "pages/c.md"]


def test_a_slip_in_a_long_page_is_an_error_of_its_book() -> None:
    headings = [f"## {chapter}.{section}. S" for chapter in (2, 3) for section in range(1, 7)]
    pages = {"a": page(*headings, "## 3.6. Again", code=SAVES), "b": CHAPTER_4}
    assert units(pages)[:3] == ["2.1", "2.2", "2.3"]
    assert codes(pages) == ["duplicate-section"]


def test_a_page_that_starts_again_stays_out_of_the_book_and_leaves_it_alone() -> None:
    again = page("## 7.1 Do", "## 7.2 Look", "## 7.1 Do", "## 7.2 Look", code=SAVES)
    assert units({"a": again, "b": CHAPTER_4}) == ["4", "4.1", "a"]
    assert codes({"a": again, "b": CHAPTER_4}) == ["unclear-book"]
    assert codes({"a": page("## 4.1 Do", code=SAVES), "b": CHAPTER_4}) == ["unclear-book"]


def test_a_share_in_a_bullet_cuts_no_section() -> None:
    text = (
        page("## 3.6. Softmax", code=SAVES)
        + "\t- 0.75 of them\n\t\t- ```python\n\t\t  2\n\t\t  ```\n"
    )
    assert units({"a": text}) == ["3.6"]


def test_a_title_numbers_a_page_that_its_headings_continue() -> None:
    pages = {"3 Lines": page("## 3.1. Points", code=SAVES) + "- ```python\n  0\n  ```\n"}
    assert units(pages) == ["3", "3.1"]
    one = page("Sleep", code=SAVES, top="title:: 3.11 is out")
    assert units({"a": one}) == ["3.11 is out"]  # a version, most likely
    assert units(
        {
            "a": page("x", code=SAVES, top="title:: 3.1 A"),
            "b": page("y", top="title:: 3.2 B\ntangle.run:: no"),
        }
    ) == ["3.1", "3.2"]


NUMBERS = st.lists(st.integers(1, 4), min_size=1, max_size=3).map(tuple)
PAGES = st.dictionaries(
    st.sampled_from("abcdef").map(PagePath),
    st.builds(
        PageNumbers,
        numbers=st.lists(st.tuples(NUMBERS, st.integers(-1, 3)), max_size=4).map(tuple),
        asks=st.booleans(),
        coded=st.booleans(),
    ),
)


@given(PAGES)
def test_a_small_book_that_was_found_has_each_heading_once(
    pages: dict[PagePath, PageNumbers],
) -> None:
    found = books(pages, None)
    assert books(dict(reversed(pages.items())), None).of == found.of
    headings = [number for path in found.of for number, level in pages[path].numbers if level > 0]
    assert len(headings) == len(set(headings))
    assert all(pages[path].asks or pages[path].coded for path in found.of)
    assert all(path not in found.of for _, *both in found.doubles for path in both)
