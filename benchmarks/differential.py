"""Compares tangle.parse with Logseq's own parser on outlines that hypothesis makes.

    make mldoc
    python -m benchmarks.differential --pages 20000 --seed 1

Prints every difference, and ends with 1 where there are any. Each batch of pages is read by a
fresh process, and each page by a fresh copy of mldoc, which keeps state from call to call.
"""
# ruff: noqa: T201  (a script talks to the person who runs it)

from __future__ import annotations

import argparse
import sys
from collections import Counter

from hypothesis import HealthCheck, Phase, given, seed, settings

from benchmarks import mldoc
from benchmarks.outlines import mixture, outlines

_BATCH = 100


def main() -> int:
    """Compare; the exit code."""
    arguments = _arguments()
    if (reason := mldoc.absent()) is not None:
        print(f"skipped: {reason}", file=sys.stderr)
        return 2
    pages = _pages(arguments.pages, arguments.seed)
    different: Counter[str] = Counter()
    for start in range(0, len(pages), _BATCH):
        batch = pages[start : start + _BATCH]
        for text, theirs in zip(batch, mldoc.outlines(batch), strict=True):
            for respect, (ours, other) in mldoc.differences(text, theirs).items():
                different[respect] += 1
                print(f"{text!r}\n  {respect}\n    tangle {ours}\n    mldoc  {other}", flush=True)
    print(f"{len(pages)} pages, {different.total()} differences {dict(different)}")
    return 1 if different else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--pages", type=int, default=2_000, help="how many pages (2000)")
    parser.add_argument("--seed", type=int, default=1, help="other pages for another seed (1)")
    return parser.parse_args()


def _pages(count: int, number: int) -> list[str]:
    """Different pages: one in four as hypothesis makes them, the others of whole constructs."""
    found = {mixture(number * 1_000_003 + index): None for index in range(count - count // 4)}

    @seed(number)
    @settings(
        max_examples=count // 4,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(outlines)
    def collect(text: str) -> None:
        found[text] = None

    collect()
    return list(found)


if __name__ == "__main__":
    sys.exit(main())
