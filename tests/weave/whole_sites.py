"""Every page of whole sites in a browser; pytest collects this file only when it is named.

    make site-proof

Graphs of other people are tested if they are beside the project.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.site_pages import write_graph
from tests.browser import Browser, needs_chromium
from tests.weave.proving import copy_graph, prove, weave

_ROOT = Path(__file__).parents[2]
_SHARED = _ROOT.parent / "shared"
_GRAPHS = (_ROOT / "notes", _SHARED / "graphs" / "logseq-docs", _SHARED / "user-notes")

pytestmark = needs_chromium


@pytest.mark.parametrize("graph", _GRAPHS, ids=lambda path: path.name)
def test_a_real_site_is_without_fault(chromium: Browser, tmp_path: Path, graph: Path) -> None:
    if not graph.is_dir():
        pytest.skip("this graph is not here")
    copy_graph(graph, tmp_path / "graph")
    site = weave(tmp_path / "graph", tmp_path / "site")
    assert list(prove(chromium, site)) == []


def test_a_generated_site_is_without_fault(chromium: Browser, tmp_path: Path) -> None:
    write_graph(tmp_path / "graph", 300)
    site = weave(tmp_path / "graph", tmp_path / "site")
    assert list(prove(chromium, site)) == []
