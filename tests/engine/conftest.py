"""Every test of sessions runs them twice: each in a fresh process, and forked by a fork server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tangle.engine.local import LocalExecutor

from . import sessions


@pytest.fixture(params=["fresh", "forked"], autouse=True)
def executor(request: pytest.FixtureRequest) -> Iterator[None]:
    """How `sessions.run` runs sessions."""
    with LocalExecutor(warm=request.param == "forked") as made:
        sessions.executor = made
        yield
