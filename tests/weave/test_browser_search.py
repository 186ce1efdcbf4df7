"""The search in a browser, from `file://`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser import Tab, needs_chromium

pytestmark = needs_chromium


def search(tab: Tab, words: str) -> list[str]:
    """Type into the dialog; return the titles of the results."""
    tab.press("/")
    tab.wait("document.querySelector('dialog.search-dialog')?.open")
    tab.type(words)
    tab.wait("!['', '正在搜索……'].includes(document.querySelector('.search .status').textContent)")
    tab.wait(
        "document.querySelector('.results li')"
        " || !/^\\d/.test(document.querySelector('.search .status').textContent)"
    )
    titles: list[str] = tab.evaluate(
        "[...document.querySelectorAll('.results .title')].map((title) => title.textContent)"
    )
    return titles


@pytest.mark.parametrize(
    ("words", "titles"),
    [
        ("交叉熵", ["交叉熵", "模型"]),
        ("cross entropy", ["模型", "交叉熵"]),
        ("Cross_Entropy", ["模型", "交叉熵"]),
        ("熵", ["交叉熵", "模型"]),
        ("softm", ["softmax 回归", "模型"]),
        ("softmax回归", ["softmax 回归", "模型"]),
        ("regression", ["线性回归"]),
        ("ＮＥＴＷＯＲＫＳ", ["线性回归"]),
        ("__proto__", ["线性回归"]),
        ("constructor", []),
        ("没有的词", []),
    ],
)
def test_it_finds(tab: Tab, site_folder: Path, words: str, titles: list[str]) -> None:
    tab.open(site_folder / "线性/softmax.html")
    assert sorted(search(tab, words)) == sorted(titles)


def test_a_title_comes_before_a_text(tab: Tab, site_folder: Path) -> None:
    tab.open(site_folder / "线性/softmax.html")
    assert search(tab, "交叉熵")[0] == "交叉熵"


def test_results_show_where_the_words_stand(tab: Tab, site_folder: Path) -> None:
    tab.open(site_folder / "线性/softmax.html")
    search(tab, "衡量")
    assert tab.evaluate("document.querySelector('.results .in-page').textContent") == "softmax 回归"
    assert tab.evaluate("document.querySelector('.results .snippet mark').textContent") == "衡量"


def test_the_texts_of_the_index_are_no_markup(tab: Tab, site_folder: Path) -> None:
    tab.open(site_folder / "index.html")
    search(tab, "机器学习")
    assert "<b>不是标记</b>" in tab.evaluate(
        "document.querySelector('.results .snippet').textContent"
    )
    assert tab.evaluate("document.querySelectorAll('.results b').length") == 0


def test_keys_lead_to_a_result(tab: Tab, site_folder: Path) -> None:
    tab.open(site_folder / "线性/softmax.html")
    search(tab, "交叉熵")
    tab.press("ArrowDown")
    assert tab.evaluate("document.activeElement.matches('.results li:first-child a')")
    tab.press("ArrowUp")
    tab.press("Enter")
    tab.wait("decodeURIComponent(location.pathname).endsWith('pages/交叉熵.html')")


def test_the_page_of_the_search_takes_its_words_from_the_address(
    tab: Tab, site_folder: Path
) -> None:
    tab.open(site_folder / "search.html", "?q=%E4%BA%A4%E5%8F%89%E7%86%B5")
    tab.wait("document.querySelectorAll('.results li').length === 2")
    assert tab.evaluate("document.querySelector('.search input').value") == "交叉熵"


def test_nothing_of_the_index_is_loaded_before_the_first_search(
    tab: Tab, site_folder: Path
) -> None:
    tab.open(site_folder / "线性/softmax.html")
    assert [address for address in tab.requests if "search" in address] == []
    search(tab, "交叉熵")
    assert [address for address in tab.requests if "/search/s-0.js" in address]
