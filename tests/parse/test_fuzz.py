"""A small part of benchmarks/fuzz_parse.py at each run, and the inputs that it once failed on.

`tests/corpus/parse.json` has the fewest inputs that reach all code that atheris reached
(benchmarks/fuzz_atheris.py, 117,198 inputs), each a text of one character a byte.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.fuzz_parse import Task, check, run


def test_damaged_pages() -> None:
    """Outlines and golden cases, cut and mixed: nothing raises, no byte is lost."""
    material = [b"- a\n  k:: v\n\t- ```python\n\t  x\n\t  ```\n", b"> q\r\n* i\n  1. j\n"]
    assert run(Task(seed=1, inputs=2_000, material=material)) == []


@pytest.mark.parametrize(
    "data",
    [
        b"- > ````pytho\r:\n  >     pass\n  > ```\n",
        "`aä::\r".encode(),  # a key in backquotes that a lone carriage return voids is no fence
        b"$a::\r\n- b\n$$\n",  # nor is it a formula
    ],
)
def test_found_by_fuzzing(data: bytes) -> None:
    """Inputs that broke a law before."""
    assert list(check(data)) == []


CORPUS = Path(__file__).parents[1] / "corpus" / "parse.json"


def test_the_corpus() -> None:
    """What the fuzzer found on its way through the parser keeps the laws still."""
    inputs = [text.encode("latin-1") for text in json.loads(CORPUS.read_bytes())]
    assert len(inputs) > 500
    assert [failure for data in inputs for failure in check(data)] == []
