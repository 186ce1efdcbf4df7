"""Two hundred notebooks as people publish them become pages, and nothing of them is lost."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from pathlib import Path

import nbformat
import pytest

from tangle.model import PagePath
from tangle.parse import parse
from tests.graphs import Notes, new_graph
from tests.verbs.foreign_notebooks import Notebook, published

SEEDS = range(200)


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Notes:
    """A graph into which all the notebooks are imported."""
    return new_graph(tmp_path_factory.mktemp("graph"), {}, book=False)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_published_notebook_becomes_a_page_with_all_of_it(
    graph: Notes, tmp_path: Path, seed: int
) -> None:
    notebook = published(seed)
    path = tmp_path / "study.ipynb"
    path.write_bytes(notebook.data)
    title = f"Study {seed}"
    said = graph.tangle("import", str(path))
    assert said.code == 0
    named = {int(number) for number in re.findall(r"\bcell (\d+): ", said.err)}
    assert lost(notebook, graph.text(title), graph, named) == []
    if notebook.python and notebook.code:
        check_the_way_back(graph, title, tmp_path / "back.ipynb")


def lost(notebook: Notebook, text: str, graph: Notes, named: Collection[int]) -> list[str]:
    """Return what neither the page holds, nor a file that it links, nor a notice names."""
    page = parse(text.encode(), PagePath("pages/x.md"))
    fences = iter([fence.text for fence in page.fences])
    code = [text for text in notebook.code if not any(text.rstrip("\n") in f for f in fences)]
    links = re.findall(r"\.\./(assets/[^)\s]+)", text)
    held = "".join([text, *((graph.root / name).read_text("latin-1") for name in links)])
    words = [word for number, word in notebook.words if word not in held and number not in named]
    return [*code, *words]


def check_the_way_back(graph: Notes, title: str, path: Path) -> None:
    """Export the page, see that Jupyter can read it, and import it again: no byte changes."""
    before = graph.text(title)
    assert graph.tangle("export", title, "-o", str(path)).code == 0
    nbformat.validate(json.loads(path.read_bytes()))
    said = graph.tangle("import", str(path))
    assert said.code == 0
    assert graph.text(title) == before


def test_a_graph_of_imported_notebooks_can_be_listed_and_checked(graph: Notes) -> None:
    assert graph.tangle("list", "--all").code == 0
    assert graph.tangle("check", "--all").code in (0, 1)
