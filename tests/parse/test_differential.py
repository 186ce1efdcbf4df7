"""Outlines that hypothesis makes, read by Logseq's own parser and by ours.

Needs node and mldoc, which `make test` installs where node and npm are there.
`make reading` compares many more.
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import mldoc
from benchmarks.outlines import mixture, outlines

_ABSENT = mldoc.absent()


@pytest.mark.skipif(_ABSENT is not None, reason=str(_ABSENT))
@settings(max_examples=5)
@given(st.lists(outlines, min_size=1, max_size=20))
def test_same_as_logseq(pages: list[str]) -> None:
    """Blocks, levels, properties, code and its text are the same; a batch has its own process."""
    for text, theirs in zip(pages, mldoc.outlines(pages), strict=True):
        assert mldoc.differences(text, theirs) == {}


@pytest.mark.skipif(_ABSENT is not None, reason=str(_ABSENT))
def test_mixed_constructs_are_the_same_as_in_logseq() -> None:
    """Blocks, properties, ids, references and code of pages that mix whole constructs."""
    pages = [mixture(number) for number in range(150)]
    different = [
        number
        for number, (text, theirs) in enumerate(zip(pages, mldoc.outlines(pages), strict=True))
        if mldoc.differences(text, theirs)
    ]
    assert different == []
