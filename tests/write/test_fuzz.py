"""A small part of benchmarks/fuzz_write.py at each run, and outputs into the fuzzer's corpus."""

from __future__ import annotations

import json
import random
from collections import Counter
from pathlib import Path

from benchmarks import fuzz_write
from benchmarks.fuzz_parse import Task

CORPUS = Path(__file__).parents[1] / "corpus" / "parse.json"


def corpus() -> list[bytes]:
    return [text.encode("latin-1") for text in json.loads(CORPUS.read_bytes())]


def test_outputs_into_damaged_pages() -> None:
    """No exception, no change outside output blocks, twice is once, and the page comes back."""
    done = fuzz_write.run(Task(seed=1, inputs=300, material=corpus()))
    assert done.failures == []
    assert done.counts["written"] > 200


def test_outputs_into_the_corpus() -> None:
    """The same for pages that lead the parser to all of its code."""
    rng, counts, material = random.Random(1), Counter[str](), corpus()
    broken = []
    for data in material:
        page = fuzz_write.with_chunk(rng, data)
        broken += [(page, what) for what in fuzz_write.check(rng, page, material, counts)]
    assert broken == []
    assert counts["written"] > 300
