"""When problems are sent, and of which notes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tangle.lsp.publisher import Publisher
from tests.lsp.pages import session_of

if TYPE_CHECKING:
    from lsprotocol import types

    from tests.graphs import MakeNotes

pytestmark = pytest.mark.book


def test_problems_are_those_of_the_last_notes(notes: MakeNotes) -> None:
    """A configuration that is read again gives other notes, while problems are due already."""
    graph = notes({"A": "- ## 1.1. A\n\t- ```python\n\t  absent\n\t  ```\n"})
    before = session_of(graph.root)
    graph.write("A", "- ## 1.1. A\n\t- ```python\n\t  1 / 1\n\t  ```\n")
    sent: list[types.PublishDiagnosticsParams] = []

    async def session() -> None:
        publisher = Publisher(sent.append, print)
        publisher.schedule(before)
        publisher.schedule(session_of(graph.root))
        await asyncio.sleep(0.5)

    asyncio.run(session())
    assert sent == []
