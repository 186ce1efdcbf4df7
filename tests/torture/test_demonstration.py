"""Two processes: somebody types in an editor, and `tangle run` writes outputs into the page."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.graphs import MakeNotes

# Logseq keeps the page in memory, and writes all of it a moment after each key.
TYPIST = """\
import pathlib, re, sys, time
page, sentence = pathlib.Path(sys.argv[1]), sys.argv[2]
for end in range(1, len(sentence) + 1):
    text = page.read_text()
    page.write_text(re.sub(r"^- typed:.*", "- typed: " + sentence[:end], text, count=1))
    print(end, flush=True)
    time.sleep(0.01)
"""
SENTENCE = "Nobody waits for a run to end before the next sentence. " * 4
PAGE = """\
- typed:
- ## 1.1. Runs
	- ```python
	  import time
	  time.sleep(0.3)
	  print('first')
	  ```
	- ```python
	  time.sleep(0.3)
	  print('second')
	  ```
- ## 1.2. Runs too
	- ```python
	  print('third')
	  ```
- the end
"""


def python(*arguments: str | Path) -> subprocess.Popen[str]:
    root = Path(__file__).parents[2]
    return subprocess.Popen(
        [sys.executable, "-c", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": f"{root}{os.pathsep}{root / 'cli'}"},
    )


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux closes the last gap")
def test_typing_while_tangle_runs_loses_no_letter_and_no_output(notes: MakeNotes) -> None:
    graph = notes({"x": PAGE})
    with python(TYPIST, graph.page("x"), SENTENCE) as typist:
        assert typist.stdout is not None
        assert typist.stdout.readline() == "1\n"
        runs = 0
        while typist.poll() is None:
            call = "from tangle_cli.main import main; main()"
            tangle = python(call, "--graph", graph.root, "run", "--all", "--fresh")
            _, said = tangle.communicate(timeout=60)
            # The page may be saved five times while it is placed: then that is said, as refused.
            assert tangle.returncode in {0, 3}, said
            runs += 1
            typist.stdout.read(1)
            time.sleep(0.01)
        assert (typist.returncode, runs > 0) == (0, True)
    assert graph.tangle("run", "--all").code == 0
    text = graph.text("x")
    assert text.startswith(f"- typed: {SENTENCE}\n")
    assert [f"\t\t  {word}\n" in text for word in ("first", "second", "third")] == [True] * 3
    assert text.count("tangle.output:: ") == 3
    graph.tangle("clean")
    assert graph.text("x") == PAGE.replace("- typed:", f"- typed: {SENTENCE}")
    assert list(graph.root.rglob(".tangle-*")) == []
