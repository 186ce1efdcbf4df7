"""Hostile notes, woven and opened in a browser: nothing runs, and nothing is asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser import Browser, Tab, needs_chromium
from tests.graphs import MakeNotes, Notes
from tests.weave.hostile import HOSTILE

pytestmark = needs_chromium

TRAP = """
window.hits = [];
window.hit = () => window.hits.push("hit");
for (const name of ["alert", "confirm", "prompt", "open", "print"])
  window[name] = () => window.hits.push(name);
"""
MARKDOWN = [
    "[x](javascript:hit())",
    "[x](JaVa&#115;cript:hit())",
    "[x](<javascript:hit()>)",
    '[x](https://a.example/"onmouseover="hit())',
    "![x](javascript:hit())",
    '![x" onerror="hit()](https://evil.example/a.png)',
    "![](https://evil.example/a.png)",
    "![x](data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9ImhpdCgpIi8+)",
    "[[<script>hit()</script>]] #[[<img src=x onerror=hit()>]]",
    "`</code><script>hit()</script>`",
    "$</span><script>hit()</script>$ $$\\href{javascript:hit()}{x}$$",
    "{{video javascript:hit()}} {{video https://evil.example/v.mp4}}",
    "{{renderer <script>hit()</script>}} {{embed [[<script>hit()</script>]]}}",
    "```</code></pre><script>hit()</script>\n  </code></pre><script>hit()</script>\n  ```",
    "```html\n  <script>hit()</script>\n  ```",
    "#+BEGIN_EXPORT html\n  <script>hit()</script><img src=x onerror=hit()>\n  #+END_EXPORT",
    "#+BEGIN_NOTE\n  <img src=x onerror=hit()>\n  #+END_NOTE",
    '[:div {:onclick "hit()"} "x"] [:script "hit()"]',
    "text\n  title:: <script>hit()</script>\n  <b>a:: <img src=x onerror=hit()>",
    "|a|b|\n  |--|--|\n  |<img src=x onerror=hit()>|</td><script>hit()</script>|",
    '# </h1><script>hit()</script>" onclick="hit()',
    "TODO [#A] <script>hit()</script> SCHEDULED: <2024-01-01 <script>>",
    "[^1] \n- [^1]: <script>hit()</script>",
    "![plan](../assets/evil.svg) [plan](../assets/evil.svg) [page](../assets/evil.html)",
]


@pytest.fixture
def hostile(notes: MakeNotes) -> Notes:
    """Each piece on a page, by itself, in a line and below a heading."""
    pages = {
        f"page {number}": f"- {piece}\n- a {piece} b\n- # c {piece}\n"
        for number, piece in enumerate([*HOSTILE, *MARKDOWN])
    }
    graph = notes(pages)
    assets = graph.root / "assets"
    assets.mkdir(exist_ok=True)
    (assets / "evil.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" onload="hit()"><script>hit()</script></svg>'
    )
    (assets / "evil.html").write_text("<script>hit()</script>")
    return graph


def test_every_hostile_page_is_harmless(hostile: Notes, tmp_path: Path, chromium: Browser) -> None:
    folder = tmp_path / "site"
    said = hostile.tangle("weave", "--output", str(folder))
    assert said.code == 0
    pages = sorted(folder.rglob("*.html"))
    assert len(pages) > len(HOSTILE) + len(MARKDOWN)
    with chromium.tab() as tab:
        tab.call("Page.addScriptToEvaluateOnNewDocument", source=TRAP)
        for page in [*pages, *folder.rglob("*.svg"), *folder.rglob("*.txt")]:
            tab.open(page)
            assert tab.evaluate("window.hits") == [], page.name
            assert strangers(tab, folder) == [], page.name
            lists = "new Set([...document.querySelectorAll('.block')].map(e => e.parentElement))"
            assert tab.evaluate(f"{lists}.size") < 2, page.name
            assert (
                tab.evaluate(
                    "[...document.querySelectorAll('*')].flatMap(e => [...e.attributes])"
                    ".filter(a => /^on/i.test(a.name) || /^\\s*javascript:/i.test(a.value))"
                    ".map(a => a.name + '=' + a.value)"
                )
                == []
            ), page.name
    assert tab.errors == []


def strangers(tab: Tab, folder: Path) -> list[str]:
    """What pages asked for outside of the site."""
    inside = folder.as_uri()
    return [url for url in tab.requests if not url.startswith((inside, "about:"))]


def test_the_trap_catches_what_runs(tmp_path: Path, chromium: Browser) -> None:
    page = tmp_path / "a.html"
    page.write_text("<img src=x onerror=hit()><img src='https://evil.example/a.png'>")
    with chromium.tab() as tab:
        tab.call("Page.addScriptToEvaluateOnNewDocument", source=TRAP)
        tab.open(page)
        tab.wait("window.hits.length")
        assert strangers(tab, tmp_path) == ["https://evil.example/a.png"]
