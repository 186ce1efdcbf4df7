"""Names that are dates, and what else a page may be called."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tangle.link import GraphConfig, graph_config, journal_day, journal_title

from .graphs import graph

FORMATS = [
    "MMM do, yyyy",
    "MMMM do, yyyy",
    "do MMMM yyyy",
    "E, dd-MM-yyyy",
    "EEE, MM/dd/yyyy",
    "EEEE, yyyy/MM/dd",
    "yyyy-MM-dd EEEE",
    "yyyyMMdd",
    "dd.MM.yyyy",
    "d.M.yyyy",
    "yyyy年MM月dd日",
    "dd-MM-yy",
]


@pytest.mark.parametrize(
    ("name", "title_format", "day"),
    [
        ("2023_07_01", "MMM do, yyyy", date(2023, 7, 1)),
        ("2023-07-01", "MMM do, yyyy", date(2023, 7, 1)),
        ("Jul 1st, 2023", "yyyy-MM-dd", date(2023, 7, 1)),
        ("jul 1ST, 2023", "yyyy-MM-dd", date(2023, 7, 1)),
        ("01.07.2023", "dd.MM.yyyy", date(2023, 7, 1)),
        ("01.07.2023", "MMM do, yyyy", None),
        ("2023_13_01", "MMM do, yyyy", None),
        ("2023_02_30", "MMM do, yyyy", None),
        ("2023_07_01 x", "MMM do, yyyy", None),
        ("２０２３_07_01", "MMM do, yyyy", None),
        ("notes", "MMM do, yyyy", None),
        ("2023", "yyyy", None),
        ("2023 2023-07", "yyyy yyyy-MM", None),
        ("a3", "(", None),
    ],
)
def test_the_day_of_a_name(name: str, title_format: str, day: date | None) -> None:
    assert journal_day(name, title_format) == day


@pytest.mark.parametrize(
    ("day", "word"),
    [
        *((1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (12, "12th")),
        *((13, "13th"), (20, "20th"), (21, "21st"), (22, "22nd"), (23, "23rd"), (31, "31st")),
    ],
)
def test_ordinals(day: int, word: str) -> None:
    assert journal_title(date(2024, 1, day), "do") == word


@given(st.dates(min_value=date(2000, 1, 1), max_value=date(2099, 12, 31)), st.sampled_from(FORMATS))
def test_a_title_is_read_as_its_day(day: date, title_format: str) -> None:
    assert journal_day(journal_title(day, title_format), title_format) == day


def test_journals_in_any_folder_have_the_title_of_their_day() -> None:
    notes = {"journals/2023_07_01.md": "- x\n", "pages/2023-07-02.md": "- y\n"}
    linked = graph(notes)
    assert list(linked.titles.values()) == ["Jul 1st, 2023", "Jul 2nd, 2023"]
    assert linked.names["2023_07_01"] == linked.names["jul 1st, 2023"] == "journals/2023_07_01.md"


def test_the_configuration_says_how_days_are_written() -> None:
    config, problems = graph_config('{:journal/page-title-format "yyyy/MM/dd"}')
    assert (config, problems) == (GraphConfig(journal_format="yyyy/MM/dd"), ())
    linked = graph({"journals/2023_07_01.md": "- x\n"}, config)
    assert linked.titles == {"journals/2023_07_01.md": "2023/07/01"}


def test_the_digits_of_a_day_number_no_section() -> None:
    notes = {"journals/2023_07_01.md": "- x\n"}
    linked = graph(notes, GraphConfig(journal_format="d.M.yy"))
    assert linked.titles == {"journals/2023_07_01.md": "1.7.23"}
    assert linked.units == ()
    (unit,) = graph({"pages/a.md": "title:: 1.7.23 x\n\n- x\n"}).units
    assert unit.name == "1.7"


def test_one_day_in_two_files_is_one_title_twice() -> None:
    linked = graph({"journals/2023_07_01.md": "- x\n", "pages/Jul 1st, 2023.md": "- y\n"})
    (problem,) = linked.problems
    assert (problem.code, str(problem.place)) == ("duplicate-title", "pages/Jul 1st, 2023.md:1:1")
    assert "'Jul 1st, 2023'" in problem.message
    assert "journals/2023_07_01.md:1:1" in problem.message


def test_aliases_are_names_of_the_page() -> None:
    linked = graph({"pages/a.md": "x:: 1\nalias:: B, [[C, d]]，e\n\n- x\n", "pages/f.md": "- y\n"})
    assert linked.names == {
        **dict.fromkeys(("a", "b", "c, d", "e"), "pages/a.md"),
        "f": "pages/f.md",
    }
    assert linked.problems == ()


def test_an_alias_in_a_block_is_none() -> None:
    assert set(graph({"pages/a.md": "- alias:: b\n"}).names) == {"a"}


def test_an_alias_that_is_taken_is_reported_and_the_title_goes_before_it() -> None:
    notes = {"pages/a.md": "alias:: b, c\n\n- x\n", "pages/b.md": "icon:: i\nalias:: C\n\n- y\n"}
    linked = graph(notes)
    assert linked.names == {"a": "pages/a.md", "b": "pages/b.md", "c": "pages/a.md"}
    told = [(p.code, p.severity, str(p.place), p.message) for p in linked.problems]
    taken = "is already used at pages/"
    assert told == [
        ("duplicate-alias", "warning", "pages/a.md:1:1", f"alias 'b' {taken}b.md:1:1"),
        ("duplicate-alias", "warning", "pages/b.md:2:1", f"alias 'C' {taken}a.md:1:1"),
    ]
