"""A graph with a server for the tests of a module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.http.serving import Server, serving

PAGES = {
    "One": "- ## One\n- ```python\n  print('hello')\n  ```\n"
    "  id:: 6650f0aa-1111-4222-8333-444455556666\n",
    "Fails": "- ```python\n  1 / 0\n  ```\n",
    "Slow": "- ```python\n  import time\n  time.sleep(120)\n  ```\n",
    "Prose": "- words\n",
    "名字": "- ```python\n  print('你好')\n  ```\n",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server on a graph of a few pages."""
    root = tmp_path_factory.mktemp("served") / "graph"
    (root / "logseq").mkdir(parents=True)
    (root / "pages").mkdir()
    (root / "logseq" / "config.edn").write_text("{}", encoding="utf-8")
    for name, text in PAGES.items():
        (root / "pages" / f"{name}.md").write_text(text, encoding="utf-8")
    with serving(root) as made:
        yield made
