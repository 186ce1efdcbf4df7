"""Each kind of page against axe-core, in both schemes and at two widths."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.browser import Browser, Tab, needs_chromium

AXE = Path(sys.prefix) / "axe/node_modules/axe-core/axe.min.js"

pytestmark = [
    needs_chromium,
    pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed: make axe"),
]

PAGES = ("线性/softmax.html", "index.html", "all-pages.html", "search.html", "pages/空.html")
FOUND = """
axe.run({exclude: %s}, {resultTypes: ['violations'], preload: false}).then(
  (result) => result.violations.map((one) =>
    [one.id, ...one.nodes.map((node) => `${node.html} ${node.failureSummary}`)].join('\\n')))
"""


def violations(tab: Tab, *without: str) -> Any:
    """What axe-core finds in the page that a tab shows, outside of what some selectors find."""
    tab.evaluate(AXE.read_text(encoding="utf-8") + ";null")
    return tab.evaluate(FOUND % json.dumps(without))


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [360, 1400])
def test_pages_have_no_violation(
    chromium: Browser, site_folder: Path, page: str, dark: bool, width: int
) -> None:
    with chromium.tab(width=width, dark=dark) as tab:
        tab.open(site_folder / page)
        assert violations(tab) == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize(("key", "dialog"), [("/", "search-dialog"), ("?", "help")])
def test_dialogs_have_no_violation(
    chromium: Browser, site_folder: Path, dark: bool, key: str, dialog: str
) -> None:
    with chromium.tab(dark=dark) as tab:
        tab.open(site_folder / PAGES[0])
        tab.press(key)
        tab.wait(f"document.querySelector({json.dumps(f'dialog.{dialog}')})?.open")
        if dialog == "search-dialog":
            tab.type("交叉熵")
            tab.wait("document.querySelector('.results mark')")
        assert violations(tab) == []


def test_a_violation_is_found(chromium: Browser, tmp_path: Path) -> None:
    (tmp_path / "bad.html").write_text("<!doctype html><title>x</title><img src='data:,'>")
    with chromium.tab() as tab:
        tab.open(tmp_path / "bad.html")
        assert any(found.startswith("image-alt") for found in violations(tab))
