"""Addresses of pages and files, and anchors of blocks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tangle.parse import parse
from tangle.weave.urls import Titled, Urls, anchors, asset_href


def of(*titles: str) -> list[str]:
    urls = Urls(Titled(title=title) for title in titles)
    return [urls[title] for title in titles]


@pytest.mark.parametrize(
    ("title", "href"),
    [
        ("交叉熵", "交叉熵.html"),
        ("Two words", "Two-words.html"),
        ("Dive/Into/Code", "Dive/Into/Code.html"),
        ("What is 100%?", "What-is-100.html"),
        ("C# : a\\b", "C-a-b.html"),
        (".hidden", "hidden.html"),
        ("../up", "-/up.html"),
        ("CON", "-CON.html"),
        ("nul/x", "-nul/x.html"),
        ("x.html/y", "x-html/y.html"),
        ("???", "-.html"),
        ("emoji 🎉", "emoji-🎉.html"),
        ("Cafe\u0301", "Café.html"),
    ],
)
def test_a_title_is_readable_in_its_address(title: str, href: str) -> None:
    assert of(title) == [href]


def test_a_day_of_the_journal_is_found_by_its_date() -> None:
    urls = Urls([Titled(title="May 1st, 2024", day=date(2024, 5, 1))])
    assert urls["may 1st, 2024"] == "journals/2024-05-01.html"


@pytest.mark.parametrize("title", ["index", "Search", "sections", "static/site", "Assets/x"])
def test_what_the_site_has_itself_is_not_written_over(title: str) -> None:
    (href,) = of(title)
    assert href.startswith(f"{title}~")


def test_a_long_title_is_shortened_and_stays_distinct() -> None:
    one, other = of("中" * 300, "中" * 299 + "国")
    assert one != other
    assert max(len(part.encode()) for href in (one, other) for part in href.split("/")) < 130


def test_titles_that_fall_together_on_a_disk_without_case_have_their_own_files() -> None:
    found = of("A b", "a-b", "A?b", "STRASSE", "Straße")
    assert len({href.casefold() for href in found}) == len(found)
    assert found[1] == "a-b.html"  # the one that is called like its address
    assert found[3] == "STRASSE.html"


def test_folders_that_differ_only_in_case_are_one() -> None:
    assert {href.split("/")[0] for href in of("Ab/x", "aB/y", "ab/z/t")} == {"Ab"}


def test_a_page_keeps_its_address_when_a_concept_comes() -> None:
    alone = Urls([Titled(title="A b")])
    both = Urls([Titled(title="a?b", written=False), Titled(title="A b")])
    assert both["a b"] == alone["a b"] == "A-b.html"


names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=40)


@given(st.lists(names, max_size=8, unique_by=lambda title: title.lower()))
def test_every_title_has_an_address_that_any_disk_can_hold(titles: list[str]) -> None:
    urls = Urls(Titled(title=title) for title in titles)
    hrefs = [urls[title] for title in titles]
    assert len({href.casefold() for href in hrefs}) == len(set(urls))
    for part in parts(hrefs):
        assert part not in ("", ".", "..")
        assert len(part.encode()) < 150
        assert not set(part) & set('/\\?#%:*"<>|& \t\n')
        assert not part.startswith((".", " "))


def parts(hrefs: list[str]) -> Iterator[str]:
    return (part for href in hrefs for part in href.split("/"))


def test_a_file_of_the_graph_keeps_its_name_where_it_can() -> None:
    assert asset_href("assets/tangle/3.1-1.svg") == "assets/tangle/3.1-1.svg"
    for name in ("a.html", "a.RDF", "a.xslt", "a.svgz", "a.html.gz", "a.svg.xml.Z"):
        assert asset_href(f"assets/{name}").endswith(".txt"), name
    for name in ("a.png", "a.csv.gz", "a.html.png", "a.pdf", "html"):
        assert not asset_href(f"assets/{name}").endswith(".txt"), name
    spaced = asset_href("assets/my plan.png")
    assert spaced.startswith("assets/my-plan~")
    assert spaced.endswith(".png")
    assert asset_href("data/x.csv") != asset_href("assets/x.csv")


def named(text: str) -> list[str]:
    return list(anchors(parse(text.encode())))


def test_a_block_with_an_id_is_found_by_it_in_any_case() -> None:
    assert named("- a\n  id:: 65A0B6F2-0000-4000-8000-000000000001\n") == [
        "65a0b6f2-0000-4000-8000-000000000001"
    ]


def test_an_anchor_stays_when_other_blocks_change() -> None:
    before = named("- one\n- two\n\t- three\n")
    after = named("- new\n- two\n\t- new\n\t- three\n- one\n")
    assert [after[4], after[1], after[3]] == before


def test_a_heading_keeps_its_anchor_when_its_text_changes() -> None:
    assert named("- # Head\n  words")[0] == named("- # Head\n  other words")[0]


def test_equal_blocks_and_equal_ids_have_distinct_anchors() -> None:
    found = named("- a\n- a\n- b\n  id:: 65a0b6f2-0000-4000-8000-000000000001\n" * 2)
    assert len(set(found)) == len(found) == 6
