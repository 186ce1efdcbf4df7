"""What tests share: graphs made from texts."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.graphs import MakeNotes, Notes, new_graph

# Coverage and a busy machine make single examples slow; that is not what the laws are about.
settings.register_profile(
    "tangle", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("tangle")


@pytest.fixture(scope="session", autouse=True)
def no_server() -> Iterator[None]:
    """No command that a test runs leaves a server behind; those that want one take `CI` away.

    Not set before hypothesis is imported: it has a profile of its own for a CI.
    """
    before = os.environ.get("CI")
    os.environ["CI"] = "true"
    yield
    del os.environ["CI"]
    if before is not None:
        os.environ["CI"] = before


@pytest.fixture(scope="session", autouse=True)
def english() -> Iterator[None]:
    """Commands speak English, whatever language the machine has."""
    before = os.environ.get("TANGLE_LANG")
    os.environ["TANGLE_LANG"] = "en"
    yield
    del os.environ["TANGLE_LANG"]
    if before is not None:
        os.environ["TANGLE_LANG"] = before


@pytest.fixture(scope="session", autouse=True)
def own_state_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The tests have a user's key of their own."""
    before = os.environ.get("XDG_STATE_HOME")
    os.environ["XDG_STATE_HOME"] = str(tmp_path_factory.mktemp("state"))
    yield
    del os.environ["XDG_STATE_HOME"]
    if before is not None:
        os.environ["XDG_STATE_HOME"] = before


@pytest.fixture
def socket_folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A folder for the sockets of servers, which commands may start; it is removed at the end."""
    folder = tempfile.mkdtemp(prefix="t")  # a socket's path has to be short
    monkeypatch.setenv("XDG_RUNTIME_DIR", folder)
    monkeypatch.delenv("CI")
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def notes(tmp_path: Path, request: pytest.FixtureRequest) -> MakeNotes:
    """Make a graph from page names and texts; all its pages are one book in tests marked so."""
    marked = request.node.get_closest_marker("book") is not None

    def make(pages: Mapping[str, str], config: str = "{}") -> Notes:
        return new_graph(tmp_path / "graph", pages, config, book=marked)

    return make
