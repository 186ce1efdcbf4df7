"""Prints how far each section of a real graph runs: as it is, and after `tangle check --fix`.

    python -m benchmarks.user_notes [GRAPH] [--with d2l] [--with requests]

GRAPH is left as it is: a copy is repaired and run, with the project's data beside it. `--with`
installs a distribution from PyPI, without what it depends on, into a temporary folder that the runs
import from. docs/explanation/user-notes.md has the output.
"""
# ruff: noqa: T201  (a script talks to the person who runs it)

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

_ROOT = Path(__file__).parents[1]
_NOTES = _ROOT.parent / "shared" / "user-notes"
_SECONDS = "600"

Document = Mapping[str, Any]


class End(NamedTuple):
    """How the run of a section ends: the line and the error at which it stops, if it does."""

    line: int = 0
    error: str = ""

    def __str__(self) -> str:
        """It in words."""
        return f"line {self.line}: `{self.error}`" if self.error else "runs to its end"


class Graph(NamedTuple):
    """A copy of the graph, and the folder of the distributions that its runs import."""

    root: Path
    installed: Path

    def tangle(self, *arguments: str) -> str:
        """Return what a command prints."""
        line = [sys.executable, "-m", "tangle_cli", "--graph", str(self.root), *arguments]
        paths = [str(self.installed), os.environ.get("PYTHONPATH", "")]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
        return subprocess.run(
            line, stdout=subprocess.PIPE, check=False, encoding="utf-8", env=environment
        ).stdout

    def json(self, *arguments: str) -> Document:
        """Return what a command prints as JSON."""
        document = json.loads(self.tangle(*arguments, "--format", "json"))
        assert isinstance(document, dict)
        return document

    def ends(self) -> dict[str, End]:
        """Return how each section with code ends."""
        report = self.json("run", "--all", "--no-write", "--fresh", "--timeout", _SECONDS)
        return {section["number"]: _end(section) for section in report["sections"]}


def main() -> int:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("graph", nargs="?", type=Path, default=_NOTES)
    parser.add_argument("--with", dest="wanted", action="append", default=[], metavar="NAME")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        graph = Graph(root=Path(folder) / "graph", installed=Path(folder) / "installed")
        _copy(given.graph, graph.root)
        _install(given.wanted, graph.installed)
        found = graph.ends()
        graph.tangle("check", "--fix")
        repaired = graph.ends()
        problems = graph.json("check")["problems"]
        titles = {row["number"]: row["title"] for row in graph.json("list")["sections"]}
    print("| section | | as found | after `--fix` | reported |")
    print("|---|---|---|---|---|")
    for number, end in repaired.items():
        reported = ", ".join(f"`{code}`" for code in _reported(problems, end))
        print(f"| {number} | {titles[number]} | {found[number]} | {end} | {reported} |")
    passed = sum(not end.error for end in repaired.values())
    print(f"\n{passed} of {len(repaired)} sections run to their end")
    return 0


def _copy(source: Path, root: Path) -> None:
    shutil.copytree(source, root, copy_function=shutil.copyfile)
    for path in (root, *root.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    (root / "data").symlink_to(_ROOT / "notes" / "data")


def _install(names: Sequence[str], folder: Path) -> None:
    folder.mkdir()
    if names:
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "--no-deps", "--target", str(folder), *names], check=True)


def _end(section: Document) -> End:
    if section["outcome"] == "passed":
        return End()
    for chunk in section["chunks"]:
        if chunk["outcome"] not in ("passed", "skipped"):
            error = chunk["error"]
            message = error["message"].splitlines()[0] if error["message"] else ""
            line = error.get("line") or chunk["line"]
            return End(line=line, error=f"{error['name']}: {message}")
    return End(line=0, error=str(section["outcome"]))


def _reported(problems: Sequence[Document], end: End) -> list[str]:
    """The codes of what `check` says of the line at which a section stops, or of its name there."""
    quoted = re.findall(r"'(\w+)'", end.error)[-1:]
    codes = (
        problem["code"]
        for problem in problems
        if end.error and (problem["line"] == end.line or _names(problem["message"], quoted))
    )
    return sorted(set(codes))


def _names(message: str, names: Sequence[str]) -> bool:
    return any(name in re.findall(r"\w+", message) for name in names)


if __name__ == "__main__":
    sys.exit(main())
