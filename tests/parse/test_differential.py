"""Outlines that hypothesis makes, read by Logseq's own parser and by ours.

Needs node and mldoc: `npm install mldoc@1.5.7` in some folder, and `TANGLE_MLDOC` naming it.
`python -m benchmarks.differential` compares many more.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import mldoc

from .outlines import outlines

_FOLDER = Path(os.environ["TANGLE_MLDOC"]) if "TANGLE_MLDOC" in os.environ else None
_ABSENT = mldoc.absent(_FOLDER)


@pytest.mark.skipif(_ABSENT is not None, reason=f"TANGLE_MLDOC: {_ABSENT}")
@settings(max_examples=5)
@given(st.lists(outlines, min_size=1, max_size=20))
def test_same_as_logseq(pages: list[str]) -> None:
    """Blocks, levels, properties, code and its text are the same; a batch has its own process."""
    assert _FOLDER is not None
    for text, theirs in zip(pages, mldoc.outlines(pages, _FOLDER), strict=True):
        assert mldoc.differences(text, theirs) == {}
