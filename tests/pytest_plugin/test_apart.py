"""pytest runs what it is asked to: no server is started or used, and no cache answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest

from tangle.engine.forkserver.client import ForkServerClient

from .pages import Graph, Said, section

Make = Callable[..., Graph]

pytestmark = pytest.mark.skipif(not ForkServerClient.possible(), reason="this system has no pidfds")

PAGE = section("3.6", "import os\nprint('parent', os.getppid())", "'last'")
KEPT = section("3.7", "print('kept')")


def tangle(made: Graph, *arguments: str) -> Said:
    return made.python("-m", "tangle_cli", "--graph", "notes", *arguments)


def server(made: Graph) -> dict[str, object]:
    document = json.loads(tangle(made, "server", "status", "--format", "json").out)
    assert isinstance(document, dict)
    return document


@pytest.fixture
def page(graph: Make, socket_folder: str) -> Iterator[Graph]:
    """A graph whose runs may use a server; none is left at the end."""
    del socket_folder
    made = graph(x=PAGE, y=KEPT)
    yield made
    tangle(made, "server", "stop")


def test_no_server_is_started_and_nothing_is_kept(page: Graph) -> None:
    for options in ((), ("-n", "2")):
        assert page.pytest("notes", *options).code == 0
    assert not (page.folder / ".tangle").exists()
    assert server(page) == {"running": False}


def test_a_server_and_a_cache_that_are_there_take_no_part(page: Graph) -> None:
    assert tangle(page, "run", "--all").code == 0
    before = server(page)
    assert before["running"] is not False
    assert tangle(page, "run", "--all", "--format", "json").out.count('"cached": true') == 1
    kept = sorted((page.folder / ".tangle").rglob("*.json"))
    said = page.pytest("notes", "-rA", "--tangle-verify", "-k", "chunk2")
    assert said.code == 0, said.out
    said = page.pytest("notes", "-rA")
    assert "parent " in said.out
    assert f"parent {before['pid']}\n" not in said.out
    after = server(page)
    assert (after["pid"], after["commands"]) == (before["pid"], before["commands"])
    assert sorted((page.folder / ".tangle").rglob("*.json")) == kept
