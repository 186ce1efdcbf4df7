"""Measures tangle.parse beside other parsers, and that its time grows in proportion.

    python -m benchmarks.parse [--graph FOLDER]... [--peer NAME]... [--sizes 1 2 4 8]

Every parser reads every graph five times, in turns, each time in a fresh process; the table has the
medians. What cannot be installed is listed with the reason. Then inputs that were made to be slow
are read at each size (in MB): where time grows faster than size to the power of 1.3, the exit code
is 1. Write the output into benchmarks/README.md.
"""
# ruff: noqa: T201  (a script talks to the person who runs it)

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import math
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import mldoc
from benchmarks.adversarial import INPUTS
from benchmarks.peers import PEERS
from tangle.parse import parse

_ROOT = Path(__file__).parents[1]
_SHARED = _ROOT.parent / "shared"
_GRAPHS = [_SHARED / "graphs" / "logseq-docs", _SHARED / "user-notes", _ROOT / "notes"]
_ROUNDS = 5
_STEEPEST = 1.3
_NAMES = [*PEERS, "mldoc"]


class Graph(NamedTuple):
    """The pages of a graph, and what Logseq makes of them, where that is known.

    Attributes:
        golden: per page the levels of its blocks, and the digests of its code.
    """

    name: str
    pages: list[str]
    golden: list[tuple[list[int], list[str]]] | None

    @property
    def size(self) -> int:
        """Bytes of all pages."""
        return sum(len(text.encode()) for text in self.pages)


def main() -> int:
    """Measure; the exit code."""
    arguments = _arguments()
    _say_where(arguments.python)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        absent = _install(arguments.peer, folder, arguments.python)
        for path in arguments.graph:
            if not path.is_dir():
                print(f"\n{path.name} is not there, and left out")
                continue
            graph = _read(path)
            _print_table(graph, _measure(graph, arguments.peer, absent, folder, arguments.python))
    for peer, reason in absent.items():
        print(f"\n{peer} is absent: {reason}")
    return 1 if arguments.sizes and _too_steep(arguments.sizes) else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--graph", type=Path, action="append", help="a graph's folder")
    parser.add_argument(
        "--peer", action="append", choices=_NAMES, help="a parser to measure; without it all"
    )
    parser.add_argument(
        "--sizes", type=float, nargs="*", default=[1, 2, 4, 8], help="MB; none to skip the check"
    )
    parser.add_argument(
        "--python", default=sys.executable, help="what runs the Python parsers, tangle's too"
    )
    arguments = parser.parse_args()
    arguments.graph = arguments.graph or _GRAPHS
    arguments.peer = arguments.peer or _NAMES
    return arguments


def _say_where(python: str) -> None:
    version = _run([python, "--version"]).stdout.strip()
    node = _run(["node", "--version"]).stdout.strip() or "absent"
    print(f"{version}, node {node}, {platform.machine()}, {platform.system()}, one thread")


def _run(command: Sequence[str], text: str = "") -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command, input=text, capture_output=True, encoding="utf-8", check=False, cwd=_ROOT
        )
    except FileNotFoundError as error:
        return subprocess.CompletedProcess(command, 127, "", str(error))


def _install(names: Sequence[str], folder: Path, python: str) -> dict[str, str]:
    """Fetch the other parsers; for each that is absent the reason."""
    absent: dict[str, str] = {}
    for name in names:
        reason = None
        if name == "mldoc":
            reason = mldoc.absent()
        elif name != "tangle":
            done = _run([python, "-m", "pip", "install", "-q", "--target", str(folder), name])
            reason = done.stderr.strip().split("\n")[-1] if done.returncode else None
            if reason and "Requires-Python" in done.stderr:
                reason = "it asks for a newer Python; see --python"
        if reason:
            absent[name] = reason
    return absent


def _read(path: Path) -> Graph:
    files = sorted(path.rglob("*.md"))
    golden = path.with_name(path.name + ".golden.jsonl.gz")
    known: list[tuple[list[int], list[str]]] | None = None
    if golden.exists():
        with gzip.open(golden, "rt", encoding="utf-8") as lines:
            pages = [json.loads(line) for line in lines][1:]
        files = [path / page["path"] for page in pages]
        known = [
            ([b[3] for b in page["blocks"] if b[0] != "pre"], [code[6] for code in page["src"]])
            for page in pages
        ]
    return Graph(path.name, [file.read_bytes().decode("utf-8-sig") for file in files], known)


def _measure(
    graph: Graph, names: Sequence[str], absent: dict[str, str], folder: Path, python: str
) -> dict[str, list[dict[str, Any]]]:
    """The passes of each parser, which take turns."""
    passes: dict[str, list[dict[str, Any]]] = {}
    text = json.dumps(graph.pages)
    for _ in range(_ROUNDS):
        for name in names:
            if name in absent:
                continue
            done = _run(_command(name, folder, python), text)
            if done.returncode:
                absent[name] = done.stderr.strip().split("\n")[-1]
            else:
                passes.setdefault(name, []).append(json.loads(done.stdout))
    return passes


def _command(name: str, folder: Path, python: str) -> list[str]:
    here = Path(__file__).parent
    if name == "mldoc":
        return ["node", str(here / "mldoc_speed.js"), str(mldoc.FOLDER)]
    return [python, str(here / "peers.py"), name, str(_ROOT if name == "tangle" else folder)]


def _print_table(graph: Graph, passes: dict[str, list[dict[str, Any]]]) -> None:
    speeds = {
        name: graph.size / statistics.median(one["seconds"] for one in all_passes) / 1e6
        for name, all_passes in passes.items()
    }
    count = f"{len(graph.pages)} pages, {graph.size / 1e6:.2f} MB"
    if graph.golden is not None:
        blocks = sum(len(levels) for levels, _ in graph.golden)
        count += f"; Logseq finds {blocks} blocks and {sum(len(c) for _, c in graph.golden)} codes"
    print(f"\n### {graph.name}: {count}\n")
    print("| parser | MB/s | times mldoc | blocks | pages with the right tree | right code texts |")
    print("|---|--:|--:|--:|--:|--:|")
    for name, speed in sorted(speeds.items(), key=lambda item: -item[1]):
        one = passes[name][0]
        ratio = f"{speed / speeds['mldoc']:.1f}" if "mldoc" in speeds else "–"
        pages, code = _right(graph, one["found"]) if name != "mldoc" else ("–", "–")
        blocks = sum(len(levels) for levels, _ in one["found"])
        print(
            f"| {name} {one['version']} | {speed:.2f} | {ratio} | {blocks} | {pages} | {code} |",
            flush=True,
        )


def _right(graph: Graph, found: Sequence[tuple[list[int], list[str]]]) -> tuple[str, str]:
    """How many pages have their levels, and how many code texts are Logseq's."""
    if graph.golden is None:
        return "–", "–"
    pages = code = 0
    for (levels, texts), (right, digests) in zip(found, graph.golden, strict=True):
        pages += levels == right
        ours = Counter(hashlib.sha256(text.encode()).hexdigest()[:16] for text in texts)
        code += (ours & Counter(digests)).total()
    return str(pages), str(code)


def _too_steep(sizes: Sequence[float]) -> bool:
    """Read what was made to be slow; whether any takes out of proportion longer when larger."""
    print("\n### Inputs made to be slow\n")
    print("| input | " + " | ".join(f"{size:g} MB" for size in sizes) + " | exponent |")
    print("|---|" + "--:|" * (len(sizes) + 1))
    steep = []
    for name, make in INPUTS.items():
        seconds = [_seconds(make(int(size * 1e6))) for size in sizes]
        exponent = _slope([math.log(size) for size in sizes], [math.log(s) for s in seconds])
        rates = " | ".join(f"{size / s:.1f}" for size, s in zip(sizes, seconds, strict=True))
        shown = name.replace("|", "\\|")
        print(f"| `` {shown} `` | {rates} | {exponent:.2f} |", flush=True)
        if exponent > _STEEPEST:
            steep.append(name)
    print(f"\nMB/s; steeper than {_STEEPEST}: {', '.join(steep) or 'none'}")
    return bool(steep)


def _seconds(data: bytes) -> float:
    began = time.process_time()
    parse(data)
    return time.process_time() - began


def _slope(xs: Sequence[float], ys: Sequence[float]) -> float:
    return statistics.linear_regression(xs, ys).slope if len(xs) > 1 else 1.0


if __name__ == "__main__":
    sys.exit(main())
