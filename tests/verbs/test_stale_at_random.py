"""Random sessions: what the cache answers and what copies come to is what a fresh run comes to."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks.asking import Comparison, Counts
from tangle.engine.checkpoint.executor import ResumingExecutor
from tangle.engine.local import LocalExecutor


@pytest.mark.skipif(sys.platform != "linux", reason="sessions are copied on Linux only")
def test_answers_copies_and_fresh_runs_agree(tmp_path: Path) -> None:
    counts = Counts()
    with LocalExecutor() as fresh, ResumingExecutor(threshold=0) as copies:
        for number in range(8):
            (tmp_path / str(number)).mkdir()
            Comparison(tmp_path / str(number), number, fresh, copies).go(4, counts)
    assert counts.mismatches == []
    assert counts.answered > 4
    assert counts.resumed > 4


@pytest.mark.skipif(sys.platform != "linux", reason="sessions are copied on Linux only")
@pytest.mark.parametrize(
    "number",
    [
        pytest.param(8045, id="data changed between runs, and a file appended to"),
        pytest.param(5001, id="data changed between runs, and a folder made"),
        pytest.param(10013, id="a rename that failed, then one that did not"),
    ],
)
def test_sessions_that_once_differed_agree(tmp_path: Path, number: int) -> None:
    counts = Counts()
    with LocalExecutor() as fresh, ResumingExecutor(threshold=0) as copies:
        Comparison(tmp_path, number, fresh, copies).go(8, counts)
    assert counts.mismatches == []
