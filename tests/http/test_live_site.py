"""The site that `tangle serve` shows, live in a browser."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.browser import Browser, Tab, browsing, needs_chromium
from tests.graphs import MakeNotes
from tests.http.serving import PATIENCE, Server, serving

TEXTS = "[...document.querySelectorAll('.page-text .block-text')].map((b) => b.innerText.trim())"
LONG = "".join(f"- block {number} of a long page\n" for number in range(200))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser for the tests of this module."""
    with browsing() as made:
        yield made


def write(server: Server, name: str, text: str) -> None:
    """Write a page."""
    (server.root / "pages" / f"{name}.md").write_text(text, encoding="utf-8")


def address(server: Server, name: str) -> str:
    """The address of a page of the site."""
    return f"http://127.0.0.1:{server.port}/{name}"


def loaded(tab: Tab) -> None:
    """Wait until the page follows the server."""
    tab.wait("document.querySelector('.live-status') !== null")
    time.sleep(0.3)  # the page has compared itself with what the server has now


def test_pages_are_served_as_they_are_woven(server: Server) -> None:
    no_token = {"Authorization": ""}
    for path, kind in (
        ("/", "text/html"),
        ("/One.html", "text/html"),
        ("/live.js", "text/javascript"),
    ):
        answer = server.ask(path, headers=no_token)
        assert answer.status == 200
        assert answer.headers["content-type"].startswith(kind)
    for path in ("/search/index.js", "/search/s-0.js"):  # made when they are asked for
        assert server.ask(path, headers=no_token).body.startswith(b"tangleIndex(")
    assert server.ask("/search/s-99.js", headers=no_token).status == 404
    assert server.ask("/Nothing.html", headers=no_token).status == 404
    assert "content-security-policy" not in server.ask("/One.html", headers=no_token).headers
    assert server.ask("/One.html", {}, headers=no_token).status == 405


@needs_chromium
def test_no_file_beside_the_pages_runs(server: Server, browser: Browser) -> None:
    script = '<a xmlns="http://www.w3.org/1999/xhtml"><script>window.hit = 1</script></a>'
    (server.root / "assets").mkdir(exist_ok=True)
    names = {"a.rdf": "a.rdf.txt", "a.xmpx": "a.xmpx", "a.html.gz": "a.html.gz.txt"}
    for name in names:
        (server.root / "assets" / name).write_text(script)
    write(server, "Files", "".join(f"- [x](../assets/{name})\n" for name in names))
    end = time.monotonic() + PATIENCE
    while server.ask("/assets/a.rdf.txt").status != 200:
        assert time.monotonic() < end
        time.sleep(0.1)
    with browser.tab() as tab:
        for name in names.values():
            answer = server.ask(f"/assets/{name}")
            assert answer.headers["content-security-policy"] == "script-src 'none'"
            if answer.headers["content-type"] != "application/octet-stream":  # no download
                tab.open(address(server, f"assets/{name}"))
                assert tab.evaluate("window.hit") is None, name


@needs_chromium
def test_a_save_replaces_what_changed_and_nothing_else(server: Server, browser: Browser) -> None:
    write(server, "Live", "- first\n- second\n\t- below\n- third\n")
    with browser.tab() as tab:
        tab.open(address(server, "Live.html"))
        loaded(tab)
        tab.evaluate("document.querySelectorAll('li.block').forEach((b) => (b.mark = b.innerText))")
        write(server, "Live", "- first\n- second, changed\n\t- below\n- between\n- third\n")
        tab.wait("document.getElementById('main').innerText.includes('between')")
        marks = tab.evaluate(
            "[...document.querySelectorAll('.page-text > ul > li.block')].map((b) => b.mark ?? '')"
        )
        texts = tab.evaluate(TEXTS)
        assert texts == ["first", "second, changed", "below", "between", "third"]
        assert marks == ["first", "", "", "third"]
        write(server, "Live", "- third\n- first\n")
        tab.wait("!document.getElementById('main').innerText.includes('between')")
        texts = tab.evaluate(TEXTS)
        assert texts == ["third", "first"]
        assert tab.errors == []


@needs_chromium
def test_the_place_of_the_reader_is_kept(server: Server, browser: Browser) -> None:
    write(server, "Long", LONG)
    with browser.tab(height=600) as tab:
        tab.open(address(server, "Long.html"))
        loaded(tab)
        tab.evaluate("scrollTo({top: 2500, behavior: 'instant'})")
        seen = (
            "[...document.querySelectorAll('.block-text')]"
            ".find((b) => b.getBoundingClientRect().top > 200).innerText.trim()"
        )
        before = tab.evaluate(seen)
        assert before.startswith("block")
        write(server, "Long", "- new above\n" * 30 + LONG)
        tab.wait("document.getElementById('main').innerText.includes('new above')")
        assert tab.evaluate(seen) == before


@needs_chromium
def test_a_chunk_runs_from_the_page(server: Server, browser: Browser) -> None:
    write(server, "Runs", "- ```python\n  print(6 * 7)\n  ```\n")
    with browser.tab() as tab:
        tab.open(address(server, "Runs.html"), f"#token={server.token}")
        loaded(tab)
        assert "token" not in tab.evaluate("location.href")
        tab.wait("document.querySelector('button.run') !== null")
        tab.evaluate("document.querySelector('button.run').click()")
        tab.wait("document.querySelector('.output:not(.live-output)')?.innerText.includes('42')")
        assert tab.errors == []
    assert "42" in (server.root / "pages" / "Runs.md").read_text("utf-8")


@needs_chromium
def test_many_edits_end_in_the_page_that_would_be_loaded(server: Server, browser: Browser) -> None:
    with browser.tab() as tab:
        write(server, "Edits", "- a\n")
        tab.open(address(server, "Edits.html"))
        loaded(tab)
        for number in range(12):
            lines = [f"- line {n} {(n * number) % 5}" for n in range(number % 7 + 1)]
            nested = [f"\t- below {number}" if n % 2 else "" for n in range(len(lines))]
            text = "\n".join(
                line for pair in zip(lines, nested, strict=True) for line in pair if line
            )
            write(server, "Edits", text + "\n")
            time.sleep(0.15)
        write(server, "Edits", "- the\n\t- last\n- text\n")
        tab.wait("document.getElementById('main').innerText.includes('last')")
        live = tab.evaluate("document.querySelector('.page-text').innerHTML")
        tab.open(address(server, "Edits.html"))
        loaded(tab)
        assert live == tab.evaluate("document.querySelector('.page-text').innerHTML")


@needs_chromium
def test_a_page_says_that_the_connection_is_lost(server: Server, browser: Browser) -> None:
    root = server.root.parent / "other"
    (root / "logseq").mkdir(parents=True)
    (root / "pages").mkdir()
    (root / "logseq" / "config.edn").write_text("{}", encoding="utf-8")
    (root / "pages" / "A.md").write_text("- before\n", encoding="utf-8")
    with browser.tab() as tab:
        with serving(root) as first:
            port = first.port
            tab.open(address(first, "A.html"))
            loaded(tab)
        tab.wait("document.querySelector('.live-status').textContent !== ''")
        (root / "pages" / "A.md").write_text("- after\n", encoding="utf-8")
        with serving(root, port=port):
            end = time.monotonic() + PATIENCE
            while "after" not in tab.evaluate("document.getElementById('main').innerText"):
                assert time.monotonic() < end
                time.sleep(0.1)
            tab.wait("document.querySelector('.live-status').textContent === ''")


@needs_chromium
def test_a_tab_that_stays_open_over_a_restart_asks_for_the_new_token(
    notes: MakeNotes, browser: Browser
) -> None:
    graph = notes({"Sum": "- ```python\n  print(20 + 22)\n  ```\n"})
    with browser.tab() as tab:
        with serving(graph.root) as first:
            tab.open(address(first, "Sum.html"), f"#token={first.token}")
            loaded(tab)
        tab.wait("document.querySelector('.live-status').textContent !== ''")
        with serving(graph.root, port=first.port) as second:
            tab.wait("document.querySelector('.live-status').textContent === ''")
            tab.evaluate(
                "window.asked = []; window.prompt = (question) => {"
                f" asked.push(question); return {json.dumps(second.token)}; }}"
            )
            tab.evaluate("document.querySelector('figure.chunk .run').click()")
            tab.wait(
                "document.querySelector('.output:not(.live-output)')?.innerText.includes('42')"
            )
            assert tab.evaluate("asked.length") == 1
            assert tab.evaluate("sessionStorage.getItem('tangle-token')") == second.token
    assert "42" in graph.text("Sum")


@needs_chromium
def test_many_pages_one_after_the_other_and_at_once(server: Server, browser: Browser) -> None:
    write(server, "Next", "- text\n")
    with ExitStack() as opened:
        tabs = [opened.enter_context(browser.tab()) for _ in range(4)]
        for _ in range(4):  # a browser keeps six connections to a server
            for tab in tabs:
                tab.open(address(server, "Next.html"))
                loaded(tab)
        assert [tab.errors for tab in tabs] == [[]] * 4


@needs_chromium
def test_a_save_between_loading_and_connecting_shows(server: Server, browser: Browser) -> None:
    write(server, "Between", "- before\n")
    with browser.tab(script=False) as tab:
        tab.open(address(server, "Between.html"))
        write(server, "Between", "- after\n")
        tab.call("Emulation.setScriptExecutionDisabled", value=False)
        html = tab.evaluate("document.documentElement.outerHTML")
        assert "before" in html
        # The scripts begin only now, on the page as it was loaded.
        tab.evaluate(
            "(async () => { for (const name of ['static/site.js', 'live.js']) {"
            " const script = document.createElement('script'); script.src = name;"
            " document.head.append(script);"
            " await new Promise((done) => (script.onload = done)); } })()"
        )
        tab.wait("document.getElementById('main')?.innerText.includes('after')")
