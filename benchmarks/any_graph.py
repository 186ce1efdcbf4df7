"""Compares the reading of generated graphs of all kinds with the right one.

    python -m benchmarks.any_graph [--pages 3000] [--seed 1] [--details]

Makes a graph with `benchmarks.any_pages`, asks `check`, `list` and `run` about it, and prints the
share of problems that are true, the share of chunks that could pass and do, the units that are cut
or merged, and how precise each code is.
"""
# ruff: noqa: T201  (a script talks to the person who runs it)

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks import any_pages
from benchmarks.any_pages import Score


def main() -> int:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--details", action="store_true", help="name each difference")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "graph"
        pages = any_pages.graph(given.pages, given.seed)
        any_pages.write(root, pages)
        check, listed = _answer(root, "check", "--all"), _answer(root, "list")
        ran = _answer(root, "run", "--all", "--no-write", "--no-server")
    found = any_pages.score(pages, check, listed, ran)
    print(f"{len(pages)} pages, {sum(len(page.fences) for page in pages)} fences of interest\n")
    _print(found)
    if given.details:
        for name in ("false", "missed", "stuck", "wrong", "units"):
            for each in getattr(found, name):
                print(name, *each, sep="\t")
    return 0


def _answer(root: Path, *arguments: str) -> Any:
    """What a command prints; usage errors end the script."""
    command = [sys.executable, "-m", "tangle_cli", "--graph", str(root), *arguments]
    ended = subprocess.run([*command, "--format", "json"], capture_output=True, check=False)
    if ended.returncode == 2:
        raise SystemExit(ended.stderr.decode())
    return json.loads(ended.stdout)


def _print(found: Score) -> None:
    could = found.passed + len(found.stuck)
    print(f"problems that are true: {found.true_share:.1%}")
    print(f"true problems that were missed: {len(found.missed)}")
    print(f"chunks that could pass and do: {found.passed} of {could}, {found.passed_share:.1%}")
    print(f"chunks that pass and should not: {len(found.wrong)}")
    print(f"pages with units cut or merged: {len(found.units)}\n")
    print("| code | true | false |\n|---|--:|--:|")
    false = Counter(code for _, code, _ in found.false)
    for code in sorted(found.true.keys() | false.keys()):
        print(f"| `{code}` | {found.true[code]} | {false[code]} |")


if __name__ == "__main__":
    sys.exit(main())
