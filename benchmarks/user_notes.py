"""Tells how far each section of a real graph runs: as it is, and after `tangle check --fix`.

    python -m benchmarks.user_notes [GRAPH]

GRAPH is left as it is: a copy is mended and run, with the project's data beside it. Write the
output into docs/user-notes.md.
"""
# ruff: noqa: T201  (a script talks to the person who runs it)

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).parents[1]
_NOTES = _ROOT.parent / "shared" / "user-notes"
_SECONDS = "600"

Document = Mapping[str, Any]


def main() -> int:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("graph", nargs="?", type=Path, default=_NOTES)
    given: Path = parser.parse_args().graph
    with tempfile.TemporaryDirectory() as folder:
        graph = Path(folder) / "graph"
        shutil.copytree(given, graph, copy_function=shutil.copyfile)
        for path in graph.rglob("*"):
            path.chmod(0o755 if path.is_dir() else 0o644)
        graph.chmod(0o755)
        (graph / "data").symlink_to(_ROOT / "notes" / "data")
        found = _runs(graph)
        _tangle(graph, "check", "--fix")
        mended = _runs(graph)
        titles = {row["number"]: row["title"] for row in _json(graph, "list")["sections"]}
    print("| section | | as found | after `--fix` |")
    print("|---|---|---|---|")
    for number, said in found.items():
        print(f"| {number} | {titles[number]} | {said} | {mended[number]} |")
    return 0


def _runs(graph: Path) -> dict[str, str]:
    """For each section with code, how its run ends."""
    report = _json(graph, "run", "--all", "--no-write", "--fresh", "--timeout", _SECONDS)
    return {section["number"]: _ending(section) for section in report["sections"]}


def _ending(section: Document) -> str:
    if section["outcome"] == "passed":
        return "runs to its end"
    for chunk in section["chunks"]:
        if chunk["outcome"] not in ("passed", "skipped"):
            error = chunk["error"]
            where = error.get("line") or chunk["line"]
            message = error["message"].splitlines()[0] if error["message"] else ""
            return f"line {where}: `{error['name']}: {message}`"
    return str(section["outcome"])


def _json(graph: Path, *arguments: str) -> Document:
    document = json.loads(_tangle(graph, *arguments, "--format", "json"))
    assert isinstance(document, dict)
    return document


def _tangle(graph: Path, *arguments: str) -> str:
    line = [sys.executable, "-m", "tangle_cli", "--graph", str(graph), *arguments]
    return subprocess.run(line, stdout=subprocess.PIPE, check=False, encoding="utf-8").stdout


if __name__ == "__main__":
    sys.exit(main())
