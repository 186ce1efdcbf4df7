"""Looks for inputs that the parser or the writer cannot bear, led by which code they reach.

    pip install atheris
    python -m benchmarks.fuzz_atheris parse -runs=1000000 -seed=1 CORPUS
    python -m benchmarks.fuzz_atheris write -runs=1000000 -seed=1 CORPUS

What follows the first word are libFuzzer's options, and a folder in which it keeps the inputs that
reached something new; the folder is filled with the golden cases of the parser first. The laws are
those of `benchmarks.fuzz_parse` and `benchmarks.fuzz_write`. An input that breaks one is written to
a file `crash-...`, and ends the run.
"""
# ruff: noqa: T201  (a script talks to the person who runs it)

from __future__ import annotations

import importlib
import random
import sys
from collections import Counter
from pathlib import Path
from typing import Any


def main() -> int:
    """Fuzz until the runs are done or a law is broken; the exit code."""
    if len(sys.argv) < 3 or sys.argv[1] not in {"parse", "write"}:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        atheris = importlib.import_module("atheris")
    except ImportError:
        print("there is no atheris: pip install atheris", file=sys.stderr)
        return 2
    target = _instrumented(atheris, sys.argv.pop(1))
    _fill(Path(sys.argv[-1]))
    atheris.Setup(sys.argv, target)
    atheris.Fuzz()
    return 0


def _instrumented(atheris: Any, which: str) -> Any:
    with atheris.instrument_imports(include=["tangle"]):
        fuzz_parse = importlib.import_module("benchmarks.fuzz_parse")
        fuzz_write = importlib.import_module("benchmarks.fuzz_write")

    def parsed(data: bytes) -> None:
        for failure in fuzz_parse.check(data):
            if not failure.what.startswith("slow"):  # instrumented code is
                raise AssertionError(failure.what)

    def written(data: bytes) -> None:
        # The page comes first, what is printed behind a zero byte; digests from no chance.
        page, _, text = data.decode("utf-8", "replace").partition("\0")
        material = [text.encode() or b"x"]
        for what in fuzz_write.check(random.Random(7), page.encode(), material, Counter()):
            raise AssertionError(what)

    return parsed if which == "parse" else written


def _fill(corpus: Path) -> None:
    gather = importlib.import_module("benchmarks.fuzz_parse").gather
    corpus.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(gather([])):
        (corpus / f"case-{number}").write_bytes(data)


if __name__ == "__main__":
    sys.exit(main())
