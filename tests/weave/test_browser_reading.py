"""The site in a browser, from `file://`: what the client adds, and what works without it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.browser import Browser, Tab, needs_chromium

pytestmark = needs_chromium

SOFTMAX = "线性/softmax.html"
EVERY_PAGE = (
    SOFTMAX,
    "index.html",
    "all-pages.html",
    "search.html",
    "pages/交叉熵.html",
    "pages/空.html",
)


def query(selector: str) -> str:
    return f"document.querySelector({json.dumps(selector)})"


@pytest.mark.parametrize("page", EVERY_PAGE)
def test_a_page_asks_for_files_of_the_site_and_nothing_else(
    tab: Tab, site_folder: Path, page: str
) -> None:
    tab.open(site_folder / page)
    assert tab.requests
    inside = site_folder.as_uri() + "/"
    assert [address for address in tab.requests if not address.startswith((inside, "about:"))] == []


@pytest.mark.parametrize("page", EVERY_PAGE)
@pytest.mark.parametrize("width", [360, 800, 1400])
def test_nothing_is_wider_than_the_window(
    chromium: Browser, site_folder: Path, page: str, width: int
) -> None:
    with chromium.tab(width=width, height=800) as tab:
        tab.open(site_folder / page)
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
        assert tab.errors == []


def test_an_anchor_with_a_damaged_percent_sign_stops_nothing(
    chromium: Browser, site_folder: Path
) -> None:
    with chromium.tab() as tab:
        tab.open(site_folder / SOFTMAX, "#100%")
        tab.press("?")
        assert tab.evaluate("document.querySelector('dialog.help') !== null")
        assert tab.errors == []


def test_the_text_is_there_without_script(chromium: Browser, site_folder: Path) -> None:
    with chromium.tab(script=False) as tab:
        tab.open(site_folder / SOFTMAX)
        text = tab.evaluate("document.querySelector('main').innerText")
        assert "回归估计一个连续的量" in text
        assert tab.evaluate("document.querySelector('.toc ol').checkVisibility()")
        tab.open(site_folder / "search.html")
        assert "JavaScript" in tab.evaluate("document.querySelector('main').innerText")


def test_the_menu_opens_without_script_on_a_telephone(chromium: Browser, site_folder: Path) -> None:
    with chromium.tab(width=360, height=700, script=False) as tab:
        tab.open(site_folder / SOFTMAX)
        assert not tab.evaluate("document.querySelector('.site-nav').checkVisibility()")
        tab.open(site_folder / SOFTMAX, "#site-nav")
        assert tab.evaluate("document.querySelector('.site-nav').checkVisibility()")


def test_the_scheme_follows_the_system_until_it_is_chosen(
    chromium: Browser, site_folder: Path
) -> None:
    paper = "getComputedStyle(document.documentElement).backgroundColor"
    with chromium.tab(dark=True) as tab:
        tab.open(site_folder / SOFTMAX)
        dark = tab.evaluate(paper)
        tab.press("t")  # to light
        light = tab.evaluate(paper)
        assert dark != light
        tab.open(site_folder / "index.html")
        assert tab.evaluate(paper) == light
        tab.press("t")  # to dark
        tab.press("t")  # to the system's again
        assert tab.evaluate(paper) == dark
        assert tab.evaluate("localStorage.getItem('tangle-theme')") == "auto"


def test_an_anchor_inside_a_fold_opens_it(tab: Tab, site_folder: Path) -> None:
    tab.open(site_folder / SOFTMAX)
    assert not tab.evaluate("document.querySelector('.fold').open")
    tab.evaluate("location.hash = '#inner'")
    tab.wait("document.querySelector('.fold').open")
    tab.open(site_folder / SOFTMAX, "#inner")
    tab.wait("document.querySelector('.fold').open")
    tab.wait("document.getElementById('inner').getBoundingClientRect().top < innerHeight")


def test_solutions_are_closed(tab: Tab, site_folder: Path) -> None:
    tab.open(site_folder / SOFTMAX)
    assert not tab.evaluate("document.querySelector('.solution').open")
    assert not tab.evaluate("document.querySelector('.solution p').checkVisibility()")


def test_the_contents_mark_the_place_where_one_is(tab: Tab, site_folder: Path) -> None:
    tab.open(site_folder / SOFTMAX)
    tab.evaluate("document.getElementById('boxes').scrollIntoView({behavior: 'instant'})")
    tab.wait("document.querySelector('.toc [aria-current]')?.textContent === '提示与引用'")
    assert tab.evaluate("document.querySelectorAll('.toc [aria-current]').length") == 1


def test_a_copy_button_copies_the_code_alone(tab: Tab, site_folder: Path) -> None:
    tab.open(site_folder / SOFTMAX)
    tab.evaluate(
        "Object.defineProperty(navigator, 'clipboard',"
        " {value: {writeText: async (text) => { window.copied = text; }}})"
    )
    tab.evaluate("document.querySelector('.chunk .copy').click()")
    tab.wait("window.copied")
    assert tab.evaluate("window.copied").startswith("def cross_entropy(y_hat, y):\n    # the loss")
    assert tab.evaluate("document.querySelector('.chunk .copy').textContent") == "已复制"


def test_j_and_k_walk_through_the_blocks(tab: Tab, site_folder: Path) -> None:
    here = "document.querySelector('.here')?.closest('.block').id"
    tab.open(site_folder / SOFTMAX)
    visited = []
    for _ in range(3):
        tab.press("j")
        visited.append(tab.evaluate(here))
    assert visited == ["model", "intro", "tasks"]
    tab.press("k")
    assert tab.evaluate(here) == "intro"
    assert tab.evaluate("document.querySelectorAll('.here').length") == 1


def test_brackets_turn_the_page(tab: Tab, site_folder: Path) -> None:
    tab.open(site_folder / SOFTMAX)
    tab.press("]")
    tab.wait("decodeURIComponent(location.pathname).endsWith('pages/交叉熵.html')")
    tab.open(site_folder / SOFTMAX)
    tab.press("[")
    tab.wait("decodeURIComponent(location.pathname).endsWith('线性/回归.html')")


def test_the_help_lists_the_keys_and_escape_closes_it(tab: Tab, site_folder: Path) -> None:
    tab.open(site_folder / SOFTMAX)
    tab.press("?")
    tab.wait("document.querySelector('dialog.help')?.open")
    assert "切换配色" in tab.evaluate("document.querySelector('dialog.help').innerText")
    tab.evaluate("document.querySelector('dialog.help .close').click()")
    assert not tab.evaluate("document.querySelector('dialog.help').open")


def test_a_link_under_the_pointer_shows_its_page(tab: Tab, site_folder: Path) -> None:
    tab.open(site_folder / "pages/空.html")
    tab.open(site_folder / SOFTMAX)
    tab.hover(".page-text a.page-link")
    tab.wait("document.querySelector('.preview iframe')")
    tab.press("Escape")
    assert tab.evaluate("document.querySelector('.preview')") is None


def test_a_page_in_a_frame_shows_its_text_only(tab: Tab, tmp_path: Path, site_folder: Path) -> None:
    # The frame's document is out of reach on file://; its size shows what is in it.
    framed = (site_folder / "pages/交叉熵.html").as_uri()
    (tmp_path / "outer.html").write_text(
        f'<!doctype html><iframe src="{framed}" width="480" height="300"></iframe>'
    )
    tab.open(tmp_path / "outer.html")
    frame = tab.call("Page.getFrameTree")["frameTree"]["childFrames"][0]["frame"]["id"]
    world = tab.call("Page.createIsolatedWorld", frameId=frame)["executionContextId"]
    shown = tab.call(
        "Runtime.evaluate",
        contextId=world,
        expression="['.site-head', '.site-nav', '.site-foot', 'h1', '.page-text p']"
        ".map((one) => document.querySelector(one).checkVisibility())",
        returnByValue=True,
    )
    assert shown["result"]["value"] == [False, False, False, True, True]


def test_a_page_read_to_its_end_counts_as_read(chromium: Browser, site_folder: Path) -> None:
    with chromium.tab(height=500) as tab:
        tab.open(site_folder / SOFTMAX)
        tab.evaluate("localStorage.clear()")
        tab.open(site_folder / SOFTMAX)
        assert tab.evaluate("document.querySelector('.site-nav .read')") is None
        tab.evaluate("document.querySelector('.turn').scrollIntoView({behavior: 'instant'})")
        tab.wait("document.querySelector('.site-nav [aria-current] .read')")
        tab.open(site_folder / "index.html")
        assert tab.evaluate("document.querySelector('.progress span').textContent") == "已读 1 / 4"
        tab.evaluate("document.querySelector('.progress button').click()")
        assert tab.evaluate("document.querySelector('.progress')") is None
        assert tab.errors == []


def test_print_shows_the_text_in_black_and_no_tools(tab: Tab, site_folder: Path) -> None:
    tab.open(site_folder / SOFTMAX)
    tab.call("Emulation.setEmulatedMedia", media="print")
    for selector in (".site-head", ".site-nav", ".toc", ".turn", ".copy", ".solution p"):
        assert not tab.evaluate(f"{query(selector)}.checkVisibility()"), selector
    assert tab.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"


def test_what_scrolls_sideways_takes_the_focus(tab: Tab, site_folder: Path) -> None:
    tab.open(site_folder / SOFTMAX)
    assert tab.evaluate("document.querySelector('.chunk pre').tabIndex") == 0


def test_changed_blocks_get_their_buttons(tab: Tab, site_folder: Path) -> None:
    tab.open(site_folder / "pages/交叉熵.html")
    tab.evaluate(
        "document.querySelector('.page-text').innerHTML ="
        " '<div class=\"highlight\"><pre><code>x = 1</code></pre></div>';"
        "document.dispatchEvent(new CustomEvent('tangle:changed'))"
    )
    assert tab.evaluate("document.querySelectorAll('.copy').length") == 1
