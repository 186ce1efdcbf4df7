"""Outlines that hypothesis makes, read by Logseq's own parser and by ours.

Needs node and mldoc, which `make test` installs where node and npm are there.
`python -m benchmarks.differential` compares many more.
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import mldoc
from benchmarks.outlines import outlines

_ABSENT = mldoc.absent()


@pytest.mark.skipif(_ABSENT is not None, reason=str(_ABSENT))
@settings(max_examples=5)
@given(st.lists(outlines, min_size=1, max_size=20))
def test_same_as_logseq(pages: list[str]) -> None:
    """Blocks, levels, properties, code and its text are the same; a batch has its own process."""
    for text, theirs in zip(pages, mldoc.outlines(pages), strict=True):
        assert mldoc.differences(text, theirs) == {}
