"""The search index."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from tangle.weave.search import divide, segment_files
from tangle.weave.views import Link, SearchEntry
from tests.weave.sample import search_files


def entry(
    title: str, text: str = "", code: str = "", page: str = "", href: str = ""
) -> SearchEntry:
    return SearchEntry(
        link=Link(href=href or f"{title}.html", text=title), page=page, text=text, code=code
    )


def value(script: bytes) -> tuple[str, object]:
    """Return what a file of the index hands over."""
    text = script.decode()
    assert text.startswith("tangleIndex(")
    assert text.endswith(");\n")
    name, found = json.loads(f"[{text[len('tangleIndex(') : -3]}]")
    return name, found


def terms(*entries: SearchEntry) -> dict[str, dict[int, int]]:
    """Return the weights by term and entry, of a site that is one segment."""
    _, found = value(search_files(entries)["search/s-0.js"])
    assert isinstance(found, dict)
    lines = [line.split(" ") for line in found["terms"].split(",")]
    return {
        term: {int(n): int(weight or 2) for n, _, weight in map(split_weight, postings)}
        for term, *postings in lines
    }


def split_weight(posting: str) -> tuple[str, str, str]:
    return posting.partition(".")


def test_words_are_lower_case_and_chinese_is_in_pairs() -> None:
    assert set(terms(entry("x", "Cross Entropy：交叉熵，好"))) == {
        *("x", "cross", "entropy", "交叉", "叉熵", "熵", "好")
    }


def test_a_change_of_script_ends_a_word() -> None:
    assert set(terms(entry("softmax回归"))) == {"softmax", "回归", "归"}


def test_names_in_code_are_found_by_their_words() -> None:
    found = set(terms(entry("x", code="class LinearRegression: cross_entropy = HTTPServer")))
    assert found >= {"linearregression", "regression", "cross", "entropy", "httpserver", "server"}


def test_full_width_letters_are_letters() -> None:
    assert "entropy" in terms(entry("x", "ＥＮＴＲＯＰＹ"))


def test_data_is_no_word() -> None:
    assert set(terms(entry("x", "A" * 5000 + " short"))) == {"x", "short"}


def test_a_title_weighs_more_than_a_heading_and_a_heading_more_than_text_and_code() -> None:
    found = terms(
        entry("word", href="a.html"),
        entry("word", page="other", href="b.html#h"),
        entry("b", "word " * 1000),
        entry("c", code="word " * 1000),
    )["word"]
    assert found[0] > found[1] > found[2] > found[3]


def test_a_heading_is_found_with_the_title_of_its_page() -> None:
    assert 0 in terms(entry("模型", page="softmax", href="a.html#m"))["softmax"]


def test_words_that_are_names_of_objects_in_javascript_are_words() -> None:
    assert {"proto", "constructor"} <= set(terms(entry("x", "__proto__ constructor")))


def test_terms_are_in_the_order_of_javascript() -> None:
    found = list(terms(entry("x", "ﬀ 𠀀 豈 z Z é")))
    assert found == sorted(found, key=lambda term: term.encode("utf-16-be"))


def test_texts_are_beside_the_index() -> None:
    files = search_files([entry("a", "first  line\nsecond", "x = 1")])
    _, index = value(files["search/s-0.js"])
    assert isinstance(index, dict)
    [[href, title, page, text, place]] = index["entries"]
    assert (href, title, page) == ("a.html", "a", "")
    _, texts = value(files[f"search/t-{text}.js"])
    assert isinstance(texts, list)
    assert texts[place] == ["first line second", "x = 1"]


def test_a_graph_without_pages_has_an_index() -> None:
    files = search_files([])
    assert value(files["search/index.js"]) == ("index", {"segments": 1})
    assert "search/s-0.js" in files


def test_a_changed_page_changes_one_segment() -> None:
    pages = [entry(f"page {n}", f"text {n}") for n in range(1000)]
    before = search_files(pages)
    pages[500] = entry("page 500", "something else")
    after = search_files(pages)
    changed = [name for name in before if before[name] != after[name]]
    assert before.keys() == after.keys()
    assert sorted(name[:9] for name in changed) == ["search/s-", "search/t-"]


def test_another_page_leaves_the_other_segments_alone() -> None:
    pages = [entry(f"page {n}", f"text {n}") for n in range(1000)]
    before, after = search_files(pages), search_files([*pages, entry("new", "text")])
    assert len([name for name in before if before[name] != after.get(name)]) == 2


def test_pages_are_spread_evenly() -> None:
    pages = [entry(f"page {n}") for n in range(5000)]
    segments, texts, parts = divide(pages)
    assert segments == 128
    assert texts == 512
    sizes = [len(part) for part in parts.values()]
    assert sum(sizes) == 5000
    assert max(sizes) < 80


def test_headings_stay_with_their_page() -> None:
    pages = [
        one
        for n in range(300)
        for one in (
            entry(f"p{n}", href=f"p{n}.html"),
            entry("h", page=f"p{n}", href=f"p{n}.html#h"),
        )
    ]
    _, _, parts = divide(pages)
    place = {one.link.href: part for part, members in parts.items() for one in members}
    assert all(place[href] == place[href.partition("#")[0]] for href in place)


@given(st.lists(st.text(max_size=60), max_size=8))
def test_any_text_gives_files_that_can_be_read(texts: list[str]) -> None:
    entries = [entry(f"t{n}", text, text) for n, text in enumerate(texts)]
    for name, script in search_files(entries).items():
        said, _ = value(script)
        assert name == f"search/{said}.js"


@given(st.lists(st.text(max_size=40), min_size=1, max_size=5))
def test_each_entry_is_listed_once_for_a_term(texts: list[str]) -> None:
    entries = [entry(f"t{n}", text) for n, text in enumerate(texts)]
    _, found = value(segment_files(0, entries, 1)["search/s-0.js"])
    assert isinstance(found, dict)
    for line in found["terms"].split(","):
        numbers = [split_weight(posting)[0] for posting in line.split(" ")[1:]]
        assert len(numbers) == len(set(numbers)) > 0
