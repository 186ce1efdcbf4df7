"""Two processes: one types in an editor, and `tangle run` writes outputs into the page."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks.demonstration import demonstrate

SENTENCE = "Nobody waits for a run to end before the next sentence, 或者别的。 " * 4


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux closes the last gap")
def test_typing_while_tangle_runs_loses_no_letter_and_no_output(tmp_path: Path) -> None:
    said: list[str] = []
    shown = demonstrate(tmp_path, SENTENCE, pause=0.01, say=said.append)
    assert shown.faults == []
    assert shown.letters == len(SENTENCE)
    assert len(shown.codes) == len(said) > 0
