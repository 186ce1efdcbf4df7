"""Every test calls a pytest of its own, in a process of its own."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .pages import Graph, make_graph


@pytest.fixture
def graph(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Graph]:
    """Makes a graph of pages, `x="..."`, in the folder that pytest will be called in."""
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    return lambda **pages: make_graph(pytester, list(pages.items()))
