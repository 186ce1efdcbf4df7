"""Compares what the cache answers and what copies of sessions come to with fresh runs.

    python -m benchmarks.stale_answers --sessions 300 --times 8 --seed 1

Sessions and changes are random (`benchmarks.asking`). Prints each mismatch, and the counts; ends
with 1 where there is a mismatch.
"""
# ruff: noqa: T201  (a script talks to the person who runs it)

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from benchmarks.asking import Comparison, Counts
from tangle.engine.checkpoint.executor import ResumingExecutor
from tangle.engine.local import LocalExecutor

_OFTEN = 50
"""Sessions after which the counts so far are printed."""


def main() -> int:
    """Compare; the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--sessions", type=int, default=300, help="how many sessions (300)")
    parser.add_argument("--times", type=int, default=8, help="runs of each (8)")
    parser.add_argument("--seed", type=int, default=1, help="the number of the first session (1)")
    given = parser.parse_args()
    counts = Counts()
    with LocalExecutor() as fresh, ResumingExecutor(threshold=0) as copies:
        for number in range(given.seed, given.seed + given.sessions):
            known = len(counts.mismatches)
            with tempfile.TemporaryDirectory() as folder:
                Comparison(Path(folder), number, fresh, copies).go(given.times, counts)
            for text in counts.mismatches[known:]:
                print(text, flush=True)
            if number % _OFTEN == 0:
                print(_said(counts), flush=True)
    print(_said(counts))
    return 1 if counts.mismatches else 0


def _said(counts: Counts) -> str:
    return (
        f"{counts.runs} runs: {counts.answered} answered, {counts.resumed} resumed, "
        f"{len(counts.mismatches)} mismatches"
    )


if __name__ == "__main__":
    raise SystemExit(main())
