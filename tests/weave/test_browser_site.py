"""Real notes, woven and opened in a browser: what the parts of the site are together."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser import Browser, Tab, needs_chromium
from tests.graphs import MakeNotes
from tests.weave.checking import faults
from tests.weave.test_browser_accessibility import AXE, violations

pytestmark = [needs_chromium, pytest.mark.book]

CHAPTER = """\
- # 1 线性模型
	- 见 [[线性回归]]，#损失 是 $y-\\hat{y}$：$$L=\\frac{1}{n}\\sum_i (y_i-\\hat{y}_i)^2$$
	- ## 1.1. 平方损失
	  collapsed:: true
		- ```python
		  def squared_loss(y_hat, y):  #@save
		      \"\"\"Return half of the square of each error.\"\"\"
		      return (y_hat - y) ** 2 / 2

		  print(squared_loss(3, 1))
		  ```
			- tangle.output:: 0123456789ab.01234567
			  ```text
			  2.0
			  ```
		- #+BEGIN_WARNING
		  The square of a large error overflows.
		  #+END_WARNING
		- TODO [#A] 比较绝对损失
		  SCHEDULED: <2024-05-01 Wed>
		- | loss | robust |
		  |------|--------|
		  | squared | no |
	- ## 1.2. 练习
		- Why is the loss halved?
		  id:: 6630a0b0-0000-4000-8000-000000000001
			- The derivative has no factor then.
			  tangle.solution:: true
			- 折叠的块
			  collapsed:: true
				- 里面的块
"""
CONCEPT = """\
source:: lecture 3

- 见 ((6630a0b0-0000-4000-8000-000000000001)) 和 {{embed ((6630a0b0-0000-4000-8000-000000000001))}}
- cross entropy 是 ^^另一种^^ 损失。
  - 1. first
"""


@pytest.fixture
def woven(notes: MakeNotes, tmp_path: Path) -> Path:
    graph = notes({"线性模型": CHAPTER, "线性回归": CONCEPT})
    said = graph.tangle("weave", "--output", str(tmp_path / "site"))
    assert said.code == 0, said.err
    return tmp_path / "site"


def test_every_page_is_well_formed_and_opens_without_an_error(
    woven: Path, chromium: Browser
) -> None:
    assert list(faults(woven)) == []
    pages = sorted(woven.rglob("*.html"))
    assert len(pages) >= 6
    with chromium.tab(width=360, dark=True) as tab:
        for page in pages:
            tab.open(page)
            assert tab.evaluate("document.documentElement.scrollWidth") <= 360, page.name
        assert tab.errors == []
        inside = (woven.as_uri(), "about:")
        assert [address for address in tab.requests if not address.startswith(inside)] == []


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed: make axe")
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_no_page_violates_accessibility(woven: Path, chromium: Browser, dark: bool) -> None:
    with chromium.tab(dark=dark) as tab:
        for page in sorted(woven.rglob("*.html")):
            tab.open(page)
            assert violations(tab) == [], page.name


@pytest.mark.parametrize("words", ["平方损失", "cross entropy", "squared_loss"])
def test_the_search_finds_what_the_notes_say(woven: Path, tab: Tab, words: str) -> None:
    tab.open(woven / "search.html", f"?q={words.replace(' ', '+')}")
    tab.wait("document.querySelector('.results mark')")
    href = tab.evaluate("document.querySelector('.results a').href")
    tab.open(href)
    assert tab.evaluate(
        "!location.hash || !!document.getElementById(decodeURIComponent(location.hash.slice(1)))"
    )


def test_a_style_sheet_of_the_graph_comes_after_the_sites(
    notes: MakeNotes, tmp_path: Path, tab: Tab
) -> None:
    graph = notes({"a": "- text\n"})
    folder = graph.root / "logseq"
    folder.mkdir(exist_ok=True)
    (folder / "site.css").write_text(":root { --accent: rgb(1, 2, 3); }")
    assert graph.tangle("weave", "--output", str(tmp_path / "site")).code == 0
    tab.open(tmp_path / "site/a.html")
    color = "getComputedStyle(document.querySelector('.skip')).color"
    assert tab.evaluate(color) == "rgb(1, 2, 3)"
    (folder / "site.css").unlink()
    assert graph.tangle("weave", "--output", str(tmp_path / "site")).code == 0
    tab.open(tmp_path / "site/a.html")
    assert tab.evaluate(color) != "rgb(1, 2, 3)"
    assert not (tmp_path / "site/static/own.css").exists()


def test_a_style_sheet_that_leads_out_of_the_graph_does_not_count(
    notes: MakeNotes, tmp_path: Path
) -> None:
    graph = notes({"a": "- text\n"})
    (tmp_path / "secret").write_text("secret")
    (graph.root / "logseq").mkdir(exist_ok=True)
    (graph.root / "logseq/site.css").symlink_to(tmp_path / "secret")
    assert graph.tangle("weave", "--output", str(tmp_path / "site")).code == 0
    assert not (tmp_path / "site/static/own.css").exists()


def test_a_link_to_a_solution_opens_what_holds_it(woven: Path, tab: Tab) -> None:
    chapter = woven / "线性模型.html"
    tab.open(chapter)
    assert not tab.evaluate("document.querySelector('.solution').open")
    anchor = tab.evaluate("document.querySelector('.fold:not([open]) .block').id")
    tab.open(chapter, f"#{anchor}")
    tab.wait("document.querySelector(':target').checkVisibility()")
