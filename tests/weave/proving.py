"""Open the pages of a site in Chromium, and find what is wrong with or without script."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import quote

from tangle.weave.templates import SEARCH_PAGE
from tests.browser import Browser, Tab
from tests.http.serving import serving
from tests.weave.checking import faults
from tests.weave.test_browser_accessibility import AXE, violations

_PATIENCE: Final = 240.0
"""Seconds that axe-core may take for a long chapter on a busy machine."""
_WEAVES: Final = 900.0
"""Seconds that weaving a site may take."""
_TEXT: Final = """
(() => { const copy = document.querySelector('main').cloneNode(true);
  copy.querySelectorAll('button, dialog, script, a.here-link').forEach((one) => one.remove());
  return copy.textContent.replace(/\\s+/g, ' ').trim(); })()
"""


class Site(NamedTuple):
    """A woven site.

    Attributes:
        graph: the copy of the graph that it was woven from.
        folder: of the site.
    """

    graph: Path
    folder: Path

    @property
    def pages(self) -> list[str]:
        """The addresses of its pages, from its root."""
        found = (path.relative_to(self.folder) for path in self.folder.rglob("*.html"))
        return sorted(path.as_posix() for path in found)


def copy_graph(graph: Path, target: Path) -> None:
    """Copy a graph without what tangle keeps beside it."""
    shutil.copytree(graph, target, ignore=shutil.ignore_patterns(".tangle", "generated", "site"))


def weave(graph: Path, folder: Path) -> Site:
    """Weave a graph into a folder."""
    done = subprocess.run(
        [sys.executable, "-m", "tangle_cli", "--graph", graph, "weave", "--output", folder],
        capture_output=True, check=False, text=True, timeout=_WEAVES,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(done.stderr)
    return Site(graph, folder)


def prove(browser: Browser, site: Site, every: int = 1, *, served: bool = True) -> Iterator[str]:
    """Yield what is wrong with a site.

    Args:
        browser: opens the pages.
        site: whose pages.
        every: open each page whose number this divides.
        served: whether to open them from `tangle serve` too.
    """
    browser.patience = _PATIENCE
    yield from faults(site.folder)
    pages = site.pages[::every]
    yield from _opened(browser, site.folder.as_uri() + "/", pages)
    if served:
        with serving(site.graph) as server:
            yield from _opened(browser, f"http://127.0.0.1:{server.port}/", pages)


def _opened(browser: Browser, root: str, pages: Sequence[str]) -> Iterator[str]:
    with (
        browser.tab() as light,
        browser.tab(dark=True) as dark,
        browser.tab(script=False) as plain,
    ):
        for page in pages:
            address = root + quote(page)
            seen = [(name, tab, _shown(tab, address)) for name, tab in _named(light, dark, plain)]
            for name, tab, text in seen:
                yield from (f"{root}{page} ({name}): {fault}" for fault in _faults(tab, root))
                if text != seen[0][2] and page != SEARCH_PAGE:
                    yield f"{root}{page} ({name}): the text is another than in the light scheme"
            for tab in (light, dark) if AXE.exists() else ():
                # The insides of formulas are those of KaTeX.
                yield from (f"{root}{page}: {fault}" for fault in violations(tab, ".katex"))


def _named(light: Tab, dark: Tab, plain: Tab) -> list[tuple[str, Tab]]:
    return [("light", light), ("dark", dark), ("without script", plain)]


def _shown(tab: Tab, address: str) -> str:
    tab.open(address)
    return str(tab.evaluate(_TEXT))


def _faults(tab: Tab, root: str) -> Iterator[str]:
    """Yield what a tab noted since it was asked last."""
    yield from tab.errors
    yield from (f"asks for {one}" for one in tab.requests if not one.startswith((root, "about:")))
    tab.errors.clear()
    tab.requests.clear()
