"""A model of Logseq types into pages that `tangle watch` writes into."""

from __future__ import annotations

import sys

import pytest

from benchmarks.typing import type_beside


@pytest.mark.skipif(sys.platform == "win32", reason="only elsewhere is a watcher interrupted so")
def test_who_types_loses_no_word_and_is_asked_nothing() -> None:
    for pause, met in type_beside([], (0.5, 1.5), 8.0).items():
        assert met.saves > 2, pause
        assert (met.questions, met.replaced) == (0, 0), pause
        assert met.late is not None, pause
