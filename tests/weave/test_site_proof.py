"""A sample of what `make site-proof` opens in full: whole sites, from the disk and served."""

from __future__ import annotations

from pathlib import Path

from benchmarks.site_pages import write_graph
from tests.browser import Browser, needs_chromium
from tests.weave.proving import copy_graph, prove, weave

_NOTES = Path(__file__).parents[2] / "notes"


@needs_chromium
def test_a_generated_site_is_without_fault(chromium: Browser, tmp_path: Path) -> None:
    write_graph(tmp_path / "graph", 40)
    site = weave(tmp_path / "graph", tmp_path / "site")
    assert len(site.pages) > 40
    assert list(prove(chromium, site, 10)) == []


@needs_chromium
def test_the_shipped_notes_are_a_site_without_fault(chromium: Browser, tmp_path: Path) -> None:
    copy_graph(_NOTES, tmp_path / "graph")
    site = weave(tmp_path / "graph", tmp_path / "site")
    assert list(prove(chromium, site, 9, served=False)) == []
    for query, title in (("交叉熵", "交叉熵"), ("cross entropy", "cross_entropy")):
        with chromium.tab() as tab:
            tab.open(site.folder / "index.html")
            tab.press("/")
            tab.wait("document.querySelector('dialog.search-dialog')?.open")
            tab.type(query)
            tab.wait("document.querySelector('.results mark')")
            assert title in tab.evaluate("document.querySelector('.results').innerText")


@needs_chromium
def test_faults_are_found(chromium: Browser, tmp_path: Path) -> None:
    write_graph(tmp_path / "graph", 2)
    site = weave(tmp_path / "graph", tmp_path / "site")
    (tmp_path / "site" / "bad.html").write_text(
        "<!doctype html><title>x</title><main>a<script>document.currentScript.after('b');"
        "fetch('https://example.org/').catch(() => null); throw new Error('bad');</script>"
        "<a href='nowhere.html'>c</a></main>"
    )
    found = " ".join(prove(chromium, site, served=False))
    for said in ("nowhere.html leads nowhere", "Error: bad", "asks for https://", "the text"):
        assert said in found
