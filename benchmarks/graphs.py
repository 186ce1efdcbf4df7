"""Measures commands on graphs of many pages: cold, with nothing changed, with one page changed.

    python -m benchmarks.graphs [--graph FOLDER]... [--pages 10000] [--code 1000] [--rounds 5]

Makes two graphs in a folder that is removed again. One is of prose: the pages of real graphs over
and over, every copy with titles, file names and ids of its own. The other is of code: numbered
sections, a page each, which borrow from the sections before them. Then it times whole commands,
each in a fresh process, Python's start and the output included; a figure is the median of the
rounds. Write the output into benchmarks/README.md.
"""
# ruff: noqa: T201  (a script talks to the person who runs it)

from __future__ import annotations

import argparse
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from itertools import count, islice
from pathlib import Path

_ROOT = Path(__file__).parents[1]
_SHARED = _ROOT.parent / "shared"
_GRAPHS = [_SHARED / "graphs" / "logseq-docs", _SHARED / "user-notes", _ROOT / "notes"]
_ID = re.compile(rb"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_TITLE = re.compile(rb"^(title:: .*?)(\r?)$", re.MULTILINE)
_NUMBER = re.compile(
    rb"^([ \t]*(?:- #*|#+)[ \t]*)([0-9]{1,3})(?=(?:\.[0-9]+)*\.?[ \t])", re.MULTILINE
)
_CHAPTER = re.compile(r"^[0-9]{1,3}")

Edit = Callable[[int], None]


def main() -> int:
    """Measure; the exit code."""
    arguments = _arguments()
    print(
        f"Python {platform.python_version()}, {platform.machine()}, {platform.system()}, "
        f"{os.cpu_count()} processors; medians of {arguments.rounds} fresh processes"
    )
    with tempfile.TemporaryDirectory() as name:
        prose, code = Path(name) / "prose", Path(name) / "code"
        pages = write_prose(prose, arguments.graph or _GRAPHS, arguments.pages)
        _table(f"{arguments.pages} pages, mostly prose", prose, _prose_edits(pages), arguments)
        write_code(code, arguments.code)
        _table(f"{arguments.code} pages of code", code, _code_edits(code, arguments), arguments)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--graph", type=Path, action="append", help="a graph's folder")
    parser.add_argument("--pages", type=int, default=10_000, help="pages of prose")
    parser.add_argument("--code", type=int, default=1_000, help="pages of code")
    parser.add_argument("--rounds", type=int, default=5)
    return parser.parse_args()


# --- the graphs ----------------------------------------------------------------------------------


def write_prose(folder: Path, graphs: Sequence[Path], number: int) -> list[Path]:
    """Write pages of real graphs, in copies; their files."""
    originals = [
        path
        for graph in graphs
        if graph.is_dir()
        for path in sorted(graph.rglob("*.md"))
        if not any(part.startswith(".") or part == "bak" for part in path.parts)
    ]
    pages = _pages_folder(folder)
    written: list[Path] = []
    for copy, path in islice(((n, path) for n in count() for path in originals), number):
        chapter = _CHAPTER.match(path.stem)
        stem = _CHAPTER.sub(_chapter(chapter[0], copy), path.stem) if chapter else path.stem
        target = pages / f"{stem} {copy}.{len(written)}.md"
        target.write_bytes(_as_copy(path.read_bytes(), copy))
        written.append(target)
    return written


def _as_copy(data: bytes, copy: int) -> bytes:
    """A page with ids, a title and chapters that no other copy has.

    Numbers go up to three digits, so that after some copies chapters stand twice, as they do where
    somebody numbers the points of a page.
    """

    def fresh(match: re.Match[bytes]) -> bytes:
        return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{match[0].decode()} {copy}")).encode()

    def renumbered(match: re.Match[bytes]) -> bytes:
        return match[1] + _chapter(match[2], copy).encode()

    data = _ID.sub(fresh, data)
    data = _TITLE.sub(rb"\1 " + str(copy).encode() + rb"\2", data)
    return _NUMBER.sub(renumbered, data)


def _chapter(number: str | bytes, copy: int) -> str:
    return str((int(number) + copy * 20) % 1000)


def write_code(folder: Path, number: int) -> None:
    """Write numbered sections, a page each, that borrow from each other."""
    pages = _pages_folder(folder)
    for index in range(number):
        text = "\n".join(_section(index)) + "\n"
        (pages / f"page {index}.md").write_text(text, encoding="utf-8")


def _section(index: int) -> Iterator[str]:
    """A section that takes a tensor and a function from a section shortly before it."""
    lender = max(0, index - 1 - index * 7 % 5)
    saved = "  #@save" if index % 20 == 0 else ""
    first = "import torch\nfrom torch import nn" if index % 7 == 0 else "batch_size = 16\nlr = 0.1"
    yield f"- ## {index // 50 + 1}.{index % 50 + 1}. Topic {index}"
    yield "\t- Prose about the thing, with a [[link]], that goes on for a while."
    for code in (
        f"import math\n{first}",
        (
            f"def f_{index}(x, y=2):{saved}\n"
            f'    """Doc."""\n'
            f"    return math.sqrt(x) + y * {index}\n\n"
            f"class Net_{index}:\n"
            f"    def __init__(self, width=3):\n"
            f"        self.width = width\n\n"
            f"    def forward(self, X):\n"
            f"        return [v * self.width for v in X]"
        ),
        (
            f"a_{index} = torch.ones(3)\n"
            f"b_{index} = a_{lender} + f_{lender}(3)\n"
            f"net = Net_{index}()\n"
            f"for epoch in range(3):\n"
            f"    total = sum(net.forward([1, 2, batch_size]))\n"
            f"    print(epoch, total)"
        ),
        (
            f"values = [f_{index}(v) for v in range(10)]\nplot = dict(zip(range(10), values))\n"
            f"print(len(plot), lr)"
        ),
        f"assert f_{index}(4) == 2 + 2 * {index}\nb_{index}",
    ):
        yield "\t- Prose before it that says what the next chunk does, in a sentence or two."
        yield "\t- ```python"
        yield from (f"\t  {line}" for line in code.split("\n"))
        yield "\t  ```"


def _pages_folder(folder: Path) -> Path:
    (folder / "logseq").mkdir(parents=True)
    (folder / "logseq" / "config.edn").write_text("{}\n", encoding="utf-8")
    pages = folder / "pages"
    pages.mkdir()
    return pages


# --- the edits -----------------------------------------------------------------------------------


def _prose_edits(pages: Sequence[Path]) -> dict[str, Edit]:
    page = pages[len(pages) // 2]
    return {"a line of prose in the middle": lambda n: _insert(page, f"- A line more, {n}.\n")}


def _insert(page: Path, line: str) -> None:
    """Put a block before the one in the middle of a page."""
    lines = page.read_text(encoding="utf-8").splitlines(keepends=True)
    starts = [at for at, text in enumerate(lines) if text.startswith("- ")] or [len(lines)]
    lines.insert(starts[len(starts) // 2], line)
    page.write_text("".join(lines), encoding="utf-8")


def _code_edits(folder: Path, arguments: argparse.Namespace) -> dict[str, Edit]:
    middle = arguments.code // 2 // 140 * 140  # a multiple of 7 and of 20
    plain = folder / "pages" / f"page {middle + 3}.md"
    lending = folder / "pages" / f"page {middle + 7}.md"
    saving = folder / "pages" / f"page {middle}.md"
    return {
        "code that none borrows": lambda n: _replace(plain, r"print\(epoch.*\)", n),
        "prose above all the code of a page": lambda n: _replace(plain, r"for a while.*", n),
        "code that many borrow": lambda n: _replace(lending, r"import torch$|import torch  #.*", n),
        "code that is saved": lambda n: _replace(saving, r"math\.sqrt\(x\).*", n),
    }


_NEW = {
    "print": "print(epoch, total, {})",
    "for a": "for a while, {} times.\n\t- And on.",
    "impor": "import torch  # {}",
    "math.": "math.sqrt(x) + y * {}",
}


def _replace(page: Path, pattern: str, number: int) -> None:
    text = page.read_text(encoding="utf-8")

    def new(match: re.Match[str]) -> str:
        return _NEW[match[0][:5]].format(number)

    changed = re.sub(pattern, new, text, count=1, flags=re.MULTILINE)
    if changed == text:
        raise ValueError(f"{page}: nothing to edit")
    page.write_text(changed, encoding="utf-8")


# --- the clock -----------------------------------------------------------------------------------


def _table(name: str, folder: Path, edits: dict[str, Edit], arguments: argparse.Namespace) -> None:
    print(f"\n### {name}\n\n| seconds | `build` | `check` |\n|---|--:|--:|")
    for what, prepare in {
        "cold": lambda _: shutil.rmtree(folder / ".tangle" / "memory", ignore_errors=True),
        "nothing changed": lambda _: None,
        **edits,
    }.items():
        figures = [_median(folder, verb, prepare, arguments.rounds) for verb in ("build", "check")]
        print(f"| {what} | " + " | ".join(f"{figure:.2f}" for figure in figures) + " |", flush=True)


def _median(folder: Path, verb: str, prepare: Edit, rounds: int) -> float:
    """Seconds of a command; the memory is filled before, and then the edit is made."""
    _command(folder, "build")
    seconds: list[float] = []
    for number in range(rounds):
        prepare(time.time_ns() + number)
        start = time.perf_counter()
        _command(folder, verb)
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def _command(folder: Path, verb: str) -> None:
    """A command as a user gives it; problems of the notes make it end with 1."""
    command = [sys.executable, "-m", "tangle_cli", verb]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    if done.returncode not in (0, 1):
        raise RuntimeError(done.stderr.decode())


if __name__ == "__main__":
    sys.exit(main())
